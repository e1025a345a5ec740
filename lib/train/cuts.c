#include "train/cuts.h"

#include <stdlib.h>

#include "base/error.h"

void cuts_set(struct goal *goal, int rule, const double *scores, const int *classes, size_t count)
{
    int k = goal->scoring.classes;
    if (rule == THRESHOLDS_ROUND || k < 2)
        return;
    double *cuts = memory_new((size_t)k - 1, sizeof *cuts);
    if (rule == THRESHOLDS_PRIOR)
        thresholds_prior(goal->scoring.values, k, scores, classes, count, cuts);
    else
        thresholds_tuned(goal->scoring.values, k, scores, classes, count, cuts);
    free(goal->scoring.thresholds);
    goal->scoring.thresholds = cuts;
    struct buffer line = {0};
    for (int i = 0; i < k - 1; i++)
        buffer_format(&line, i ? ", %.4g" : "%.4g", cuts[i]);
    note("thresholds between the classes, set on %zu records: %.*s", count, (int)line.size, line.at);
    buffer_free(&line);
}
