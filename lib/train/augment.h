/* Augmentation, drawn anew for every essay in every epoch: words left out at random, and one run of words
 * left out.
 *
 * What is left out is gone (the sequence is shorter).  What frames the essay always stays: a window's first
 * and last token, which are [CLS] and [SEP], and of a pair the prompt and the [SEP] behind it.  The draws are
 * keyed by (seed, epoch, example, token), so any thread makes the same ones, also after a resume. */
#ifndef RUBRIC_TRAIN_AUGMENT_H
#define RUBRIC_TRAIN_AUGMENT_H

#include "train/example.h"

struct augmentation {
    double token_dropout; /* each token of the essay is left out with this probability */
    double
        span_deletion; /* a run of up to this share of the essay's tokens in a window is left out: its length
                           * is uniform from none to that, its place uniform */
    uint64_t seed;
};

/* Changes the ids, types and windows in `store`, which `example` points to; `number` is the example's. */
void augment(const struct augmentation *how, uint64_t epoch, uint64_t number, struct example_store *store,
             struct example *example);

#endif
