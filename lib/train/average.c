#include "train/average.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PIECE = 1 << 16 };

struct average {
    size_t size;
    double decay;
    float *params;
};

struct average *average_new(size_t size, const float *params, double decay)
{
    struct average *a = memory_zeroed(1, sizeof *a);
    a->size = size;
    a->decay = decay;
    a->params = memory_aligned(size, sizeof *a->params);
    memcpy(a->params, params, size * sizeof *params);
    return a;
}

void average_free(struct average *average)
{
    if (average)
        free(average->params);
    free(average);
}

float *average_params(struct average *average) { return average->params; }

struct update {
    struct average *average;
    const float *params;
    float rate;
};

static void update_piece(void *context, size_t item, int worker)
{
    (void)worker;
    struct update *u = context;
    size_t from = item * PIECE, end = from + PIECE < u->average->size ? from + PIECE : u->average->size;
    for (size_t i = from; i < end; i++)
        u->average->params[i] += u->rate * (u->params[i] - u->average->params[i]);
}

void average_update(struct average *average, const float *params, uint64_t step, struct pool *pool)
{
    double early = (1 + (double)step) / (10 + (double)step),
           decay = average->decay < early ? average->decay : early;
    struct update update = {average, params, (float)(1 - decay)};
    pool_run(pool, (average->size + PIECE - 1) / PIECE, update_piece, &update);
}
