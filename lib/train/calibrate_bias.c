#include "train/calibrate_bias.h"

#include <stdlib.h>

#include "base/memory.h"

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
    size_t count = size < CALIBRATE_RECORDS ? (size_t)size : CALIBRATE_RECORDS;
    uint64_t *picks = memory_new(count, sizeof *picks);
    double *scores = memory_new(count, sizeof *scores);
    for (size_t i = 0; i < count; i++)
        picks[i] = sampler_pick(sampler, epoch, i);
    struct metrics metrics;
    metrics_init(&metrics, (size_t)evaluation->objective->scoring.classes);
    evaluate_picked(evaluation, source, picks, count, &metrics, scores);
    metrics_free(&metrics);
    double off = mean_residual(evaluation->objective, source, picks, scores, count);
    params[evaluation->layout->head_bias] -= (float)(off / evaluation->objective->spread);
    free(scores);
    free(picks);
    return off;
}
