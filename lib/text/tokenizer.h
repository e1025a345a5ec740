/* What turns text into ids: a vocabulary, its settings, WordPiece (Devlin et al. 2019; greedy longest match
 * first, Wu et al. 2016), identical to Hugging Face's BertTokenizerFast.
 *
 * A tokenizer is read-only after tokenizer_open and may be shared by threads; each thread brings its own
 * `struct tokenizer_cache`. */
#ifndef RUBRIC_TEXT_TOKENIZER_H
#define RUBRIC_TEXT_TOKENIZER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "text/tokenizer_settings.h"

struct tokenizer;

/* Reads the vocabulary and settings of a model directory (vocab.txt or tokenizer.json; tokenizer_config.json
 * where present; max_length from config.json's max_position_embeddings).  STATUS_BROKEN for what is not
 * WordPiece, for a directory without a vocabulary (naming --vocab FILE [--cased]), for duplicate or missing
 * pieces. */
struct tokenizer *tokenizer_open(const char *directory);

/* The same from a bare vocabulary file. */
struct tokenizer *tokenizer_open_vocabulary(const char *path, bool cased);
void tokenizer_free(struct tokenizer *t);

struct tokenizer_settings *tokenizer_settings(struct tokenizer *t);  /* policies may be changed before use */
size_t tokenizer_size(const struct tokenizer *t);                    /* V */
struct slice tokenizer_piece(const struct tokenizer *t, int32_t id); /* "##ing" */
const char *tokenizer_hash(const struct tokenizer *t); /* hex SHA-256 of the pieces in id order */
const char *tokenizer_vocabulary_path(const struct tokenizer *t);
struct special_ids {
    int32_t unk, cls, sep, pad, mask;
};
struct special_ids tokenizer_special(const struct tokenizer *t);

/* The pieces that words are made of, and vocab.txt's: ids from here on are added tokens. */
size_t tokenizer_word_pieces(const struct tokenizer *t);

/* The added tokens with their flags, as tokenizer_config.json's added_tokens_decoder has them, by ascending
 * id; without special tokens that are word pieces and searched for as they stand: these need no saying.  NULL
 * if there are no others.  Belongs to the tokenizer. */
json_t *tokenizer_added(const struct tokenizer *t);

/* A thread's memory of words met. */
struct tokenizer_cache;
struct tokenizer_cache *tokenizer_cache_new(const struct tokenizer *t);
void tokenizer_cache_free(struct tokenizer_cache *c);

/* Ids of one text (valid UTF-8), without [CLS] and [SEP], appended to `*ids`; special tokens typed in the
 * text become themselves, as in Hugging Face.  Returns the number of words (whitespace-separated). */
size_t tokenizer_encode(const struct tokenizer *t, struct tokenizer_cache *cache, struct slice text,
                        struct int_array *ids);

/* Readable text of ids: pieces joined, "##" taken off; special tokens shown.  Appends to `out`. */
void tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t count, struct buffer *out);

#endif
