/* Unicode as BERT's tokenizer sees it: the steps of Hugging Face's BertNormalizer and BertPreTokenizer
 * (tokenizers), code point for code point.  All text here is valid UTF-8. */
#ifndef RUBRIC_TEXT_UNICODE_H
#define RUBRIC_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

enum unicode_flag {
    UNICODE_REMOVED = 1,     /* taken out when text is cleaned: controls, NUL, U+FFFD, unassigned */
    UNICODE_SPACE = 2,       /* becomes a space when text is cleaned */
    UNICODE_PUNCTUATION = 4, /* a word of its own */
    UNICODE_CHINESE = 8,     /* a word of its own when Chinese characters are split */
    UNICODE_MARK = 16,       /* taken out when accents are stripped (Mn) */
    UNICODE_WORD = 32,       /* a letter, digit, mark or connector (\w of a regular expression) */
    UNICODE_DECOMPOSES = 64, /* has a canonical decomposition in the table */
    UNICODE_LOWERS = 128,    /* has another lower case */
};

/* Flags of a code point. */
unsigned unicode_flags(uint32_t point);

/* Appends a character in lower case (one or more characters; no final sigma rule). */
void unicode_write_lower(struct buffer *out, uint32_t point);

struct unicode_normal_form {
    bool lower_case;    /* character by character: no final sigma rule */
    bool strip_accents; /* canonical decomposition, then no nonspacing marks */
    bool split_chinese; /* a space on either side of each CJK ideograph */
};

/* Appends `text`, cleaned (controls out, every white space a space) and brought into `form`, to `out`. */
void unicode_normalize(struct buffer *out, struct slice text, struct unicode_normal_form form);

/* The next word of normalized text at or after `*at`, which moves behind it: a run without spaces or
 * punctuation, or one punctuation mark.  False when there is none. */
bool unicode_next_word(struct slice text, size_t *at, struct slice *word);

#endif
