/* Plain features of a text: 24 figures that need no model, such as its length, the variety of its words, and
 * the care taken with capitals and blanks.  Essays have been scored by such figures since Page ("The
 * imminence of grading essays by computer", 1966).
 *
 * What is counted, in valid UTF-8 as it was given (placeholders in place):
 *
 *   placeholder  what placeholders.h takes for one, with what clings to it
 *   word         a placeholder; or a run of letters, digits, marks and connectors (UNICODE_WORD), together
 *                with every apostrophe (' or U+2019) between two of them; or a single Chinese character
 *   spelled      every word but the placeholders
 *   length       of a spelled word, in characters; apostrophes and nonspacing marks are not counted
 *   type         spelled words that are the same in lower case (U+2019 being ') are one type
 *   sentence     at least one word, up to . ! ? or what stands for them in other scripts; a "." between two
 *                digits ends none, and text that nothing ends is a sentence too
 *   entry        a word as the vocabulary spells it: a piece that begins with UNICODE_WORD but not with 0-9,
 *                and the "##" pieces that follow; the same pieces are one entry
 *
 * Characters that cleaning takes out (UNICODE_REMOVED) are passed over, as if they were not there.  A
 * deviation is the root of the mean square around the mean; a mean or share of nothing is 0.
 *
 * The features depend on the text, the vocabulary and the version only: whatever changes one raises the
 * version. */
#ifndef RUBRIC_TEXT_FEATURES_H
#define RUBRIC_TEXT_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "text/tokenizer.h"

enum { FEATURES_VERSION = 1 };

/* W words, N of them spelled, D types, S sentences. */
enum feature {
    FEATURE_WORDS,                 /* ln(1 + W) */
    FEATURE_WORDS_ROOT,            /* W^(1/4) (Page 1966) */
    FEATURE_TYPES,                 /* ln(1 + D) */
    FEATURE_TYPES_ROOT,            /* D / sqrt(N) (Guiraud 1954) */
    FEATURE_TYPES_LOG,             /* ln(1 + D) / ln(1 + N) (Herdan 1960, but for the ones) */
    FEATURE_WORD_LENGTH,           /* mean length of the spelled words */
    FEATURE_WORD_LENGTH_DEVIATION, /* and its deviation */
    FEATURE_TYPE_LENGTH,           /* mean length of the types */
    FEATURE_LONG_WORDS,            /* root of the number of words longer than 6 (Björnsson 1968) */
    FEATURE_SENTENCE_LENGTH,       /* ln(1 + W / S) */
    FEATURE_SENTENCE_DEVIATION,    /* deviation of the words a sentence has */
    FEATURE_SHORT_SENTENCES,       /* sentences of fewer than 6 words, per sentence */
    FEATURE_COMMAS,                /* commas per word */
    FEATURE_COLONS,                /* colons and semicolons per word */
    FEATURE_QUOTES,                /* double quotes per word */
    FEATURE_QUESTIONS,             /* question and exclamation marks per word */
    FEATURE_LOWER_STARTS,          /* sentences that begin with a spelled word, but with neither a capital
                                    * nor 0-9, per sentence */
    FEATURE_MISSING_BLANKS,        /* each of . , ; : ! ? U+2026 directly before a word, but not between two
                                    * of 0-9, per word */
    FEATURE_INNER_CAPITALS,        /* spelled words longer than 1 that begin with a capital but begin no
                                    * sentence, per word */
    FEATURE_SINGLE_CHARACTERS,     /* spelled words of length 1, per word */
    FEATURE_NUMBERS,               /* spelled words that begin with 0-9, per word */
    FEATURE_PLACEHOLDERS,          /* placeholders per word */
    FEATURE_BROKEN_ENTRIES,        /* entries of several pieces, per entry: rare words, spelling mistakes */
    FEATURE_ENTRY_PIECES,          /* pieces per entry */
    FEATURE_COUNT,
};

/* A feature's name in streams and model files. */
const char *feature_name(enum feature feature);

/* The features of `text`.  ids[count] are all its ids (before any policy for long texts; placeholders dealt
 * with as the tokenizer's settings say); `tokenizer` may be NULL when there are none. */
void features_measure(struct slice text, const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                      double features[FEATURE_COUNT]);

#endif
