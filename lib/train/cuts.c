#include "train/cuts.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

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

void cuts_find(const struct evaluation *evaluation, const struct source *source, struct goal *goal, int rule)
{
    uint64_t size = source_count(source);
    size_t most = size < CUT_RECORDS ? (size_t)size : CUT_RECORDS, count = 0;
    uint64_t *picks = memory_new(most, sizeof *picks);
    double *scores = memory_new(most, sizeof *scores);
    int *classes = memory_new(most, sizeof *classes);
    struct instance_store store = {0};
    for (size_t i = 0; i < most; i++) {
        struct instance instance;
        picks[count] = i * size / most;
        source_get(source, picks[count], &store, &instance);
        if (!(goal_weight(goal, &instance) > 0)) /* it says nothing */
            continue;
        classes[count++] = goal_target(goal, &instance).class;
    }
    instance_store_free(&store);
    struct marks marks;
    marks_init(&marks, (size_t)goal->scoring.classes);
    evaluate_picked(evaluation, source, picks, count, &marks, scores);
    marks_free(&marks);
    cuts_set(goal, rule, scores, classes, count);
    free(classes);
    free(scores);
    free(picks);
}
