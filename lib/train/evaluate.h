/* Marks of a model on a run of examples: computed by all threads, added up in the examples' order. */
#ifndef RUBRIC_TRAIN_EVALUATE_H
#define RUBRIC_TRAIN_EVALUATE_H

#include "base/pool.h"
#include "train/dataset.h"
#include "train/metrics.h"

struct evaluation {
    const struct layout *layout;
    const float *params;
    struct pool *pool;
    struct workspace **workspaces; /* [threads] */
    const struct objective *objective;
};

/* Clears `marks` and fills it. */
void evaluate(const struct evaluation *evaluation, const struct source *source, struct metrics *metrics);

/* The same of `count` examples only, whose numbers are in `picks` (NULL: the first ones); `scores` [count]
 * takes each one's score (NULL: not wanted). */
void evaluate_picked(const struct evaluation *evaluation, const struct source *source, const uint64_t *picks,
                     uint64_t count, struct metrics *metrics, double *scores);

#endif
