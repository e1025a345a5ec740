/* Marks of a model on a run of instances: computed by all threads, added up in the instances' order. */
#ifndef RUBRIC_TRAIN_EVALUATE_H
#define RUBRIC_TRAIN_EVALUATE_H

#include "base/pool.h"
#include "train/intake.h"
#include "train/marks.h"

struct evaluation {
    const struct layout *layout;
    const float *params;
    struct pool *pool;
    struct workspace **workspaces; /* [threads] */
    const struct goal *goal;
};

/* Clears `marks` and fills it. */
void evaluate(const struct evaluation *evaluation, const struct source *source, struct marks *marks);

/* The same of `count` instances only, whose numbers are in `picks` (NULL: the first ones); `scores` [count] takes
 * each one's score (NULL: not wanted). */
void evaluate_picked(const struct evaluation *evaluation, const struct source *source, const uint64_t *picks,
                     uint64_t count, struct marks *marks, double *scores);

#endif
