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
#include "text/pseudonym.h"
#include "text/rows.h"
#include "text/tokenizer.h"

/* What has been met; the trailer's counts and the closing account. */
struct token_counts {
    uint64_t records, unlabelled, empty, tokens;
    uint64_t truncated, cut; /* texts, and tokens of theirs that no window has */
    uint64_t windowed;       /* texts that became several windows */
    uint64_t doubly_encoded;
    uint64_t placeholders[PLACEHOLDER_NAMES];
    char *doubly_encoded_first; /* FILE:LINE */
};

/* Makes records; everything it points to is borrowed. */
struct token_maker {
    struct rows *rows;
    const struct columns *columns;
    const struct labels *labels;
    struct tokenizer *tokenizer;
    const struct tokenizer_settings *settings;
    struct special_ids special;
    const struct pseudonym_key *key; /* of pseudonyms for ids; empty: ids stay */
    struct tokenizer_cache *cache;
    struct token_counts counts;
    struct int_array text, prompt;
    struct sequence sequence;
    struct buffer cleaned, id;
    struct kept_text *kept; /* [columns->keep_count] of the row */
};

void token_maker_init(struct token_maker *m, struct rows *rows, const struct columns *columns,
                      const struct labels *labels, struct tokenizer *tokenizer,
                      const struct pseudonym_key *key);
/* Another maker of the same, for another thread. */
void token_maker_init_like(struct token_maker *m, const struct token_maker *other);
void token_maker_free(struct token_maker *m);

/* Fills `record`.  False when the row was found bad and is left out (rows_reject has dealt with it). */
bool token_maker_make(struct token_maker *m, struct row *row, struct record *record);

/* The same in two steps.  token_maker_begin does all that may refuse the row, in the order of the rows: it
 * returns false when the row is left out, and leaves text->at NULL when the record is complete as it is (a
 * marked row, a pair, a text that may be too long).  token_maker_finish does the text that is left, with any
 * maker of the same settings: then makers work side by side. */
bool token_maker_begin(struct token_maker *m, struct row *row, struct record *record, struct slice *text);
void token_maker_finish(struct token_maker *m, struct slice text, struct record *record);

/* What `from` has counted in token_maker_finish goes to `to`. */
void token_maker_add_counts(struct token_maker *to, const struct token_maker *from);

/* The counts for the trailer; the caller owns them. */
json_t *token_maker_counts(const struct token_maker *m);

/* What was done, in a line or two of notes and warnings. */
void token_maker_report(const struct token_maker *m);

#endif
