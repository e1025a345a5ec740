#include "train/choose_thresholds.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

void thresholds_set(struct objective *objective, int rule, const double *scores, const int *classes,
                    size_t count)
{
    int k = objective->scoring.classes;
    if (rule == THRESHOLDS_ROUND || k < 2)
        return;
    double *cuts = memory_new((size_t)k - 1, sizeof *cuts);
    if (rule == THRESHOLDS_PRIOR)
        thresholds_prior(objective->scoring.values, k, scores, classes, count, cuts);
    else
        thresholds_tuned(objective->scoring.values, k, scores, classes, count, cuts);
    free(objective->scoring.thresholds);
    objective->scoring.thresholds = cuts;
    struct buffer line = {0};
    for (int i = 0; i < k - 1; i++)
        buffer_format(&line, i ? ", %.4g" : "%.4g", cuts[i]);
    note("thresholds between the classes, set on %zu records: %.*s", count, (int)line.size, line.at);
    buffer_free(&line);
}

void thresholds_find(const struct evaluation *evaluation, const struct source *source,
                     struct objective *objective, int rule)
{
    uint64_t size = source_count(source);
    size_t most = size < THRESHOLD_RECORDS ? (size_t)size : THRESHOLD_RECORDS, count = 0;
    uint64_t *picks = memory_new(most, sizeof *picks);
    double *scores = memory_new(most, sizeof *scores);
    int *classes = memory_new(most, sizeof *classes);
    struct example_store store = {0};
    for (size_t i = 0; i < most; i++) {
        struct example example;
        picks[count] = i * size / most;
        source_get(source, picks[count], &store, &example);
        if (!(objective_weight(objective, &example) > 0)) /* it says nothing */
            continue;
        classes[count++] = objective_target(objective, &example).class;
    }
    example_store_free(&store);
    struct metrics metrics;
    metrics_init(&metrics, (size_t)objective->scoring.classes);
    evaluate_picked(evaluation, source, picks, count, &metrics, scores);
    metrics_free(&metrics);
    thresholds_set(objective, rule, scores, classes, count);
    free(classes);
    free(scores);
    free(picks);
}
