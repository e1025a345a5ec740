/* Tokens that are found in the text itself, before it is cut into words: [SEP] typed in an essay is the
 * special token.  The leftmost match counts, and of those the longest (as Hugging Face's AddedVocabulary
 * searches). */
#ifndef RUBRIC_TEXT_ADDED_TOKENS_H
#define RUBRIC_TEXT_ADDED_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "text/unicode.h"

struct added_token {
    char *content;
    size_t size;
    int32_t id;
    bool single_word; /* only where no letter, digit, mark or connector touches it */
    bool normalized;  /* searched for in the text after cleaning and lower-casing, itself so treated */
    bool special;     /* changes no ids: kept for Hugging Face's libraries */
};

struct added_tokens {
    struct added_token *at;
    size_t count, capacity;
    bool opens[256]; /* bytes that some token begins with */
    int only;        /* the one such byte, -1 if there are more or none */
};

/* Adds a token, its content copied.  One whose id is known replaces the earlier. */
void added_tokens_add(struct added_tokens *tokens, struct slice content, int32_t id, bool single_word,
                      bool normalized, bool special);

bool added_tokens_has(const struct added_tokens *tokens, int32_t id);

/* Moves the normalized ones from `tokens` to `normalized`, brought into `form`, and readies both for
 * searching. */
void added_tokens_ready(struct added_tokens *tokens, struct added_tokens *normalized,
                        struct unicode_normal_form form);
void added_tokens_free(struct added_tokens *tokens);

/* The first token in `text` at or after `from`: its place into `*at`; NULL if there is none. */
const struct added_token *added_tokens_next(const struct added_tokens *tokens, struct slice text, size_t from,
                                            size_t *at);

#endif
