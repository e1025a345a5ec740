/* Sequences from tokens, and what becomes of a text that is longer than the model takes.
 *
 * Room is what a window of `max_length` leaves for the text: max_length - 2, or, after a prompt of p tokens,
 * max_length - 3 - p.  A text of no more tokens is [CLS] text [SEP], or [CLS] prompt [SEP] text [SEP] with
 * types 0 up to the first [SEP] and 1 after it (Hugging Face's encoding of a pair).  A longer one:
 *
 *   head      its first `room` tokens
 *   tail      its last
 *   ends      its first max_length / 4 (at most room), and its last ones up to `room` together (Sun et al.
 *             2019, "How to Fine-Tune BERT for Text Classification?", section 5.3.1: 128 + 382 of 512)
 *   windows   as many windows of `room` as it takes, each beginning room - stride after the one before, the
 *             last one shorter; each complete with [CLS], prompt and [SEP]
 *   fail      none: the row is bad
 *
 * The text is cut, never the prompt.
 *
 * Windows repeat what they share, and the prompt.  All windows of a text have at most four times its tokens,
 * or 2^20 where that is more, and never more than 2^24: a text that would take more is refused before any is
 * made.  Without a prompt, a stride of at most sequence_most_stride() keeps to the four times. */
#ifndef RUBRIC_TEXT_LONGTEXT_H
#define RUBRIC_TEXT_LONGTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "text/tokenizer.h"

/* One text as windows; arrays are kept from text to text.  Start with {0}, release with sequence_free. */
struct sequence {
    struct int_array ids;   /* window k is ids[win[k] .. win[k+1]) */
    struct int_array types; /* as long as ids; empty without a prompt */
    struct int_array win;   /* windows + 1 offsets; empty when there is one window */
    size_t full;            /* tokens had nothing been cut, special ones included */
    size_t cut;             /* tokens of the text that are in no window */
    size_t windows;
    size_t needed, allowed; /* windows, where it is refused for SEQUENCE_MANY */
};

enum sequence_result {
    SEQUENCE_GOOD,
    SEQUENCE_LONG,   /* longer than the model takes, under `fail` */
    SEQUENCE_NOROOM, /* the prompt leaves no room, or less than the overlap of windows */
    SEQUENCE_MANY,   /* its windows would have too many tokens */
};

/* The largest stride for windows of `max_length`: with it they begin a quarter of max_length apart. */
int sequence_most_stride(int max_length);

/* Whether a text of no more than `tokens` tokens, without a prompt, may be refused under `settings`. */
bool sequence_may_refuse(const struct tokenizer_settings *settings, size_t tokens);

/* `prompt` is NULL where there is none (an empty prompt is a prompt). */
enum sequence_result sequence_make(struct sequence *s, const struct tokenizer_settings *settings,
                                   const struct special_ids *special, const struct int_array *prompt,
                                   const struct int_array *text);
void sequence_free(struct sequence *s);

#endif
