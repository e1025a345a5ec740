#include "train/centre.h"

#include <stdlib.h>

#include "base/memory.h"

static double mean_residual(const struct goal *goal, const struct source *source, const uint64_t *picks,
                            const double *scores, size_t count)
{
    struct instance_store store = {0};
    double sum = 0, weights = 0;
    for (size_t i = 0; i < count; i++) {
        struct instance instance;
        source_get(source, picks[i], &store, &instance);
        double weight = goal_weight(goal, &instance);
        sum += weight * (scores[i] - goal_value(goal, &instance));
        weights += weight;
    }
    instance_store_free(&store);
    return weights > 0 ? sum / weights : 0;
}

double centre_scores(const struct evaluation *evaluation, const struct source *source, const struct sampler *sampler,
                     uint64_t epoch, float *params)
{
    uint64_t size = sampler_size(sampler);
    size_t count = size < CENTRE_RECORDS ? (size_t)size : CENTRE_RECORDS;
    uint64_t *picks = memory_new(count, sizeof *picks);
    double *scores = memory_new(count, sizeof *scores);
    for (size_t i = 0; i < count; i++)
        picks[i] = sampler_pick(sampler, epoch, i);
    struct marks marks;
    marks_init(&marks, (size_t)evaluation->goal->scoring.classes);
    evaluate_picked(evaluation, source, picks, count, &marks, scores);
    marks_free(&marks);
    double off = mean_residual(evaluation->goal, source, picks, scores, count);
    params[evaluation->layout->head_bias] -= (float)(off / evaluation->goal->spread);
    free(scores);
    free(picks);
    return off;
}
