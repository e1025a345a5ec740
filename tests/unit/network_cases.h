/* Small networks and examples for the tests of the network. */
#ifndef RUBRIC_TESTS_NETWORK_CASES_H
#define RUBRIC_TESTS_NETWORK_CASES_H

#include "base/memory.h"
#include "base/random.h"
#include "nn/network.h"

/* Parameters far from their initial 0 and 1, so that no term hides. */
static inline float *case_parameters(const struct layout *layout, uint64_t seed)
{
    float *params = memory_aligned(layout->size, sizeof *params);
    for (size_t p = 0; p < layout->count; p++) {
        const struct parameter *row = &layout->table[p];
        size_t cols = (size_t)(row->cols ? row->cols : 1), count = (size_t)row->rows * cols;
        double size = row->cols ? 1.5 / sqrt((double)cols) : 0.5;
        double middle = strstr(row->name, "LayerNorm.weight") ? 1 : 0;
        for (size_t i = 0; i < count; i++)
            params[row->offset + i] = (float)(middle + size * random_normal(seed, RANDOM_INIT, p, i));
    }
    return params;
}

/* Random ids and types; [PAD] (0) occurs, the last token repeats the first.  Freed with case_free. */
static inline struct network_input case_example(const struct shape *s, size_t tokens, bool types,
                                                uint64_t seed)
{
    int32_t *ids = memory_new(tokens, sizeof *ids), *kinds = memory_new(tokens, sizeof *kinds);
    for (size_t i = 0; i < tokens; i++) {
        ids[i] = (int32_t)random_below((uint64_t)s->V, seed, RANDOM_SAMPLE, 0, i);
        kinds[i] = (int32_t)random_below((uint64_t)s->types, seed, RANDOM_SAMPLE, 1, i);
    }
    if (tokens > 2)
        ids[1] = 0;
    ids[tokens - 1] = ids[0];
    if (!types)
        free(kinds);
    return (struct network_input){
        .ids = ids, .types = types ? kinds : NULL, .tokens = tokens, .window_count = 1};
}

static inline void case_free(struct network_input *e)
{
    free((void *)(size_t)e->ids);
    free((void *)(size_t)e->types);
}

/* A smooth loss of any outputs: sum of c z + z^2 / 4, c = 1, -2, 3, ...; thresholds the same way. */
static inline double case_loss(void *context, const float *logits, const float *extra, float *dlogits,
                               float *dextra)
{
    const struct shape *s = context;
    double loss = 0;
    for (int i = 0; i < s->C; i++) {
        double z = (double)logits[i], c = (i % 2 ? -1 : 1) * (i + 1);
        loss += c * z + z * z / 4;
        dlogits[i] = (float)(c + z / 2);
    }
    for (int i = 0; i < s->E; i++) {
        loss += (double)extra[i] * (i + 1);
        dextra[i] = (float)(i + 1);
    }
    return loss;
}

/* The whole gradient as one block, the sparse rows in their places. */
static inline float *case_whole(const struct layout *layout, const struct gradient *g)
{
    size_t H = (size_t)layout->shape.H, words = (size_t)layout->shape.V * H;
    float *all = memory_zeroed(layout->size, sizeof *all);
    memcpy(all + words, g->dense, (layout->size - words) * sizeof *all);
    for (size_t i = 0; i < g->row_count; i++)
        memcpy(all + (size_t)g->rows[i] * H, g->row_values + i * H, H * sizeof *all);
    return all;
}

#endif
