#include "train/ema.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PIECE = 1 << 16 };

struct ema {
    size_t size;
    double decay;
    float *params;
};

struct ema *ema_new(size_t size, const float *params, double decay)
{
    struct ema *a = memory_zeroed(1, sizeof *a);
    a->size = size;
    a->decay = decay;
    a->params = memory_aligned(size, sizeof *a->params);
    memcpy(a->params, params, size * sizeof *params);
    return a;
}

void ema_free(struct ema *ema)
{
    if (ema)
        free(ema->params);
    free(ema);
}

float *ema_params(struct ema *ema) { return ema->params; }

struct update {
    struct ema *ema;
    const float *params;
    float rate;
};

static void update_piece(void *context, size_t item, int worker)
{
    (void)worker;
    struct update *u = context;
    size_t from = item * PIECE, end = from + PIECE < u->ema->size ? from + PIECE : u->ema->size;
    for (size_t i = from; i < end; i++)
        u->ema->params[i] += u->rate * (u->params[i] - u->ema->params[i]);
}

void ema_update(struct ema *ema, const float *params, uint64_t step, struct pool *pool)
{
    double early = (1 + (double)step) / (10 + (double)step), decay = ema->decay < early ? ema->decay : early;
    struct update update = {ema, params, (float)(1 - decay)};
    pool_run(pool, (ema->size + PIECE - 1) / PIECE, update_piece, &update);
}
