/* rubric-model(5): a model directory, read whole or written whole.
 *
 * A model is its encoder and head (a parameter block under a layout), the text settings that made its
 * ids, and the scoring that turns outputs into predictions.  Directories come from Hugging Face as
 * well as from `fit`; what rubric adds stands under "rubric" in config.json and "rubric.*" tensors. */
#ifndef RUBRIC_MODEL_MODEL_H
#define RUBRIC_MODEL_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "nn/network.h"
#include "nn/scoring.h"
#include "stream/stream.h"
#include "text/tokenizer.h"

struct model {
    char *directory;
    struct layout *layout;
    float *params;                  /* [layout->size] */
    struct tokenizer_settings text; /* casing, accents, placeholders, long texts, added tokens, ... */
    char vocabulary_hash[65];       /* hex SHA-256 of the pieces */
    bool pretrained;                /* weights were in the directory (false: drawn from a seed) */
    bool has_head;                  /* the head was trained: predict may use it */
    struct classes classes;         /* what it tells apart; none where labels are a measure */
    struct scoring scoring;
    json_t *rubric;           /* the "rubric" object of config.json; NULL for a foreign directory.  Keys that
                                * fit adds ("chosen_by", "encoder") are saved; model_save replaces its own */
    json_t *config;           /* config.json as read; NULL for a new model */
    char fingerprint[65];     /* hex: model_fingerprint of the directory it was read from or saved to */
    char *vocabulary;         /* the file of the vocabulary (vocab.txt or tokenizer.json) */
    size_t vocabulary_size;   /* pieces */
    struct file_view weights; /* mapped: the file that params lie in; else they are on the heap */
};

/* The directory to use: `option` (-m: a path, else the name of an installed model, said in a note), the
 * header's model (if its directory's print is the header's, else a note), $RUBRIC_MODEL, the default model
 * installed beside this program.  Any argument may be NULL.  Returns a new string. */
char *model_find(const char *option, const struct header *header);

/* What model_open is to do beyond reading. */
struct model_request {
    bool need_head;           /* die (STATUS_BROKEN) when no trained head is there, saying to run fit */
    bool no_weights;          /* config and settings only: params is NULL */
    bool own;                 /* params may be written to, and need no file */
    const struct shape *head; /* NULL: the head as saved.  Else pool, taps, C, E of the wanted head: tensors
                               * that the directory lacks are drawn from `seed`, a pooler's named in one
                               * note */
    uint64_t seed;            /* for tensors that must be drawn */
    int layers;               /* > 0: cut the encoder there */
};

/* Reads a model directory (safetensors, pytorch_model.bin; see rubric-model(5)); dies with STATUS_BROKEN on
 * anything it cannot honour, naming file and field, and when the directory is changed or replaced
 * meanwhile. */
struct model *model_open(const char *directory, const struct model_request *request);
void model_free(struct model *model);

/* Dies with STATUS_BROKEN when the file that params lie in was written to since model_open(): what was
 * computed with them since the last call may be another model's.  One system call, none where params are on
 * the heap. */
void model_check_unchanged(const struct model *model);

/* A new model in memory with random weights, with the text settings and vocabulary of `directory`
 * (--scratch). */
struct model *model_scratch(const char *directory, const struct shape *shape, uint64_t seed);

/* Dies with STATUS_BROKEN unless a tokens header was made with this model's vocabulary, casing etc. */
void model_check_tokens(const struct model *model, const struct header *header);

/* Dies with STATUS_BROKEN unless a vectors header has this head's inputs: its layers, pooling, size, and an
 * encoder whose print is this directory's or that of the encoder the head was trained on ("encoder" in the
 * "rubric" object). */
void model_check_vectors(const struct model *model, const struct header *header);

/* Writes the files of a model (config.json, model.safetensors, vocab.txt, tokenizer_config.json, and
 * tokenizer.json for a word limit other than BERT's) into `directory`, which exists; synced.  The vocabulary
 * and the added tokens are those of `vocabulary_from`, a model directory or a vocabulary file, and must be
 * the model's.  Sets model->print, which stays true when the directory is renamed. */
void model_save(struct model *model, const char *directory, const char *vocabulary_from);

/* Shapes of the published small BERTs by name (tiny, mini, small, medium, base) or as "L,H,A" (F = 4 H), into
 * shape's L, H, A and F.  Returns false when `text` is neither. */
bool model_shape_parse(const char *text, struct shape *shape);

#endif
