#include "train/calibration.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

/* Scores [count] of the records of `source` whose numbers are in `picks`. */
static double *score_records(const struct evaluation *evaluation, const struct source *source,
                             const uint64_t *picks, size_t count)
{
    double *scores = memory_new(count, sizeof *scores);
    struct metrics metrics;
    metrics_init(&metrics, (size_t)evaluation->objective->scoring.classes);
    evaluate_picked(evaluation, source, picks, count, &metrics, scores);
    metrics_free(&metrics);
    return scores;
}

static double mean_residual(const struct objective *objective, const struct source *source,
                            const uint64_t *picks, const double *scores, size_t count)
{
    struct example_store store = {0};
    double sum = 0, weights = 0;
    for (size_t i = 0; i < count; i++) {
        struct example example;
        source_get(source, picks[i], &store, &example);
        double weight = objective_weight(objective, &example);
        sum += weight * (scores[i] - objective_value(objective, &example));
        weights += weight;
    }
    example_store_free(&store);
    return weights > 0 ? sum / weights : 0;
}

double calibrate_bias(const struct evaluation *evaluation, const struct source *source,
                      const struct sampler *sampler, uint64_t epoch, float *params)
{
    uint64_t size = sampler_size(sampler);
    size_t count = size < CALIBRATION_RECORDS ? (size_t)size : CALIBRATION_RECORDS;
    uint64_t *picks = memory_new(count, sizeof *picks);
    for (size_t i = 0; i < count; i++)
        picks[i] = sampler_pick(sampler, epoch, i);
    double *scores = score_records(evaluation, source, picks, count);
    double mean = mean_residual(evaluation->objective, source, picks, scores, count);
    params[evaluation->layout->head_bias] -= (float)(mean / evaluation->objective->spread);
    free(scores);
    free(picks);
    return mean;
}

static void note_thresholds(const double *thresholds, int count, size_t records)
{
    enum { LISTED = 40 };
    struct buffer line = {0};
    for (int i = 0; i < count && i < LISTED; i++)
        buffer_format(&line, i ? ", %.4g" : "%.4g", thresholds[i]);
    if (count > LISTED)
        buffer_format(&line, " and %d more", count - LISTED);
    note("thresholds between the classes, set on %zu records: %.*s", records, (int)line.size, line.at);
    buffer_free(&line);
}

void set_thresholds(struct objective *objective, int rule, const double *scores, const int *classes,
                    size_t count)
{
    int k = objective->scoring.classes;
    if (rule == THRESHOLDS_ROUND || k < 2)
        return;
    double *thresholds = memory_new((size_t)k - 1, sizeof *thresholds);
    if (rule == THRESHOLDS_PRIOR)
        thresholds_prior(objective->scoring.values, k, scores, classes, count, thresholds);
    else
        thresholds_tuned(objective->scoring.values, k, scores, classes, count, thresholds);
    free(objective->scoring.thresholds);
    objective->scoring.thresholds = thresholds;
    note_thresholds(thresholds, k - 1, count);
}

void calibrate_thresholds(const struct evaluation *evaluation, const struct source *source,
                          struct objective *objective, int rule)
{
    uint64_t size = source_count(source);
    size_t most = size < THRESHOLD_RECORDS ? (size_t)size : THRESHOLD_RECORDS, count = 0;
    uint64_t *picks = memory_new(most, sizeof *picks);
    int *classes = memory_new(most, sizeof *classes);
    struct example_store store = {0};
    for (size_t i = 0; i < most; i++) {
        struct example example;
        picks[count] = i * size / most;
        source_get(source, picks[count], &store, &example);
        if (objective_weight(objective, &example) > 0)
            classes[count++] = objective_target(objective, &example).class;
    }
    example_store_free(&store);
    double *scores = score_records(evaluation, source, picks, count);
    set_thresholds(objective, rule, scores, classes, count);
    free(scores);
    free(classes);
    free(picks);
}
