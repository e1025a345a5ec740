/* From a row to a record of a tokens stream: text to ids, label, and what else the row says. */
#ifndef RUBRIC_TEXT_TOKENS_H
#define RUBRIC_TEXT_TOKENS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "stream/stream.h"
#include "text/columns.h"
#include "text/labels.h"
#include "text/longtext.h"
#include "text/placeholders.h"
#include "text/rows.h"
#include "text/tokenizer.h"

/* What has been met; the trailer's counts and the closing account. */
struct token_counts {
    uint64_t records, unlabelled, empty, tokens;
    uint64_t truncated, cut;   /* texts, and tokens of theirs that no window has */
    uint64_t windowed;         /* texts that became several windows */
    uint64_t doubly_encoded;
    uint64_t placeholders[PLACEHOLDER_NAMES];
    char *doubly_encoded_first; /* FILE:LINE */
};

/* Makes records; everything it points to is borrowed. */
struct token_maker {
    struct rows *rows;
    const struct columns *columns;
    const struct labels *labels;
    const struct tokenizer *tokenizer;
    const struct tokenizer_settings *settings;
    struct special_ids special;
    struct tokenizer_cache *cache;
    struct token_counts counts;
    struct int_array text, prompt;
    struct sequence sequence;
    struct buffer cleaned, id;
};

void token_maker_init(struct token_maker *m, struct rows *rows, const struct columns *columns,
                      const struct labels *labels, struct tokenizer *tokenizer);
void token_maker_free(struct token_maker *m);

/* Fills `record`.  False when the row was found bad and is left out (rows_reject has dealt with it). */
bool token_maker_make(struct token_maker *m, struct row *row, struct record *record);

/* The counts for the trailer; the caller owns them. */
json_t *token_maker_counts(const struct token_maker *m);

/* What was done, in a line or two of notes and warnings. */
void token_maker_report(const struct token_maker *m);

#endif
