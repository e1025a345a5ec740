/* What a tokenizer is made of: for the files of this room that make, describe and run one. */
#ifndef RUBRIC_TEXT_TOKENIZER_PARTS_H
#define RUBRIC_TEXT_TOKENIZER_PARTS_H

#include "text/added_tokens.h"
#include "text/tokenizer.h"
#include "text/unicode.h"
#include "text/vocabulary.h"

struct tokenizer {
    struct vocabulary vocabulary;
    struct tokenizer_settings settings;
    struct unicode_normal_form form; /* what the settings say of casing, accents and Chinese characters */
    struct special_ids special;
    struct added_tokens added, added_normalized;
    int32_t punctuation[256]; /* id of each ASCII punctuation mark as a word; 0 for other bytes */
    json_t *added_json;       /* what tokenizer_added returns */
    char *path;               /* of the vocabulary */
};

/* Reads the files of a model directory into a zeroed tokenizer: vocabulary (indexed), settings, special ids,
 * added tokens, path. */
void tokenizer_read_directory(struct tokenizer *t, const char *directory);

/* The same from a bare vocabulary with BERT's usual settings. */
void tokenizer_read_bare(struct tokenizer *t, const char *path, bool cased);

/* Ids of one word (not empty) that is already in normal form: pieces, or [UNK].  `to` holds as many as the
 * word has bytes.  Returns their number, at least 1. */
size_t wordpiece_word(const struct tokenizer *t, struct slice word, int32_t *to);

#endif
