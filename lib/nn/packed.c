#include "nn/packed.h"

#include <stdlib.h>

#include "base/memory.h"

enum { KINDS = 4 }; /* qkv, output, up, down */

struct packed_weight {
    size_t offset, out, in;
    struct factor forward, backward;
    float *memory;
};

struct network_packed {
    const struct kernels *k;
    const float *params;
    bool training;
    struct packed_weight *weights; /* ascending offsets */
    size_t count;
};

struct network_packed *network_packed_new(const struct layout *layout, bool training)
{
    const struct shape *s = &layout->shape;
    struct network_packed *packed = memory_zeroed(1, sizeof *packed);
    packed->k = kernels_chosen();
    packed->training = training;
    packed->weights = memory_zeroed((size_t)s->L * KINDS, sizeof *packed->weights);
    if (!packed->k->gemm)
        return packed; /* OpenBLAS packs for itself */
    size_t H = (size_t)s->H, F = (size_t)s->F;
    for (int l = 0; l < s->taps[s->tap_count - 1]; l++) {
        const struct layer_offsets *o = &layout->layers[l];
        const struct packed_weight four[KINDS] = {{.offset = o->qkv_weight, .out = 3 * H, .in = H},
                                                  {.offset = o->output_weight, .out = H, .in = H},
                                                  {.offset = o->up_weight, .out = F, .in = H},
                                                  {.offset = o->down_weight, .out = H, .in = F}};
        for (int i = 0; i < KINDS; i++) {
            struct packed_weight *w = &packed->weights[packed->count++];
            *w = four[i];
            size_t size = factor_size(packed->k, w->out, w->in) +
                          training * factor_size(packed->k, w->in, w->out);
            w->memory = memory_aligned(size, sizeof *w->memory);
        }
    }
    return packed;
}

static void pack_one(void *context, size_t item, int worker)
{
    struct network_packed *packed = context;
    struct packed_weight *w = &packed->weights[item];
    const float *W = packed->params + w->offset;
    (void)worker;
    w->forward = factor_into(packed->k, w->memory, w->out, w->in, W, w->in, true);
    if (packed->training)
        w->backward = factor_into(packed->k, w->memory + factor_size(packed->k, w->out, w->in), w->in, w->out,
                                  W, w->in, false);
}

void network_packed_update(struct network_packed *packed, const float *params, struct pool *pool)
{
    packed->params = params;
    if (pool) {
        pool_run(pool, packed->count, pack_one, packed);
        return;
    }
    for (size_t i = 0; i < packed->count; i++)
        pack_one(packed, i, 0);
}

void network_packed_free(struct network_packed *packed)
{
    if (!packed)
        return;
    for (size_t i = 0; i < packed->count; i++)
        free(packed->weights[i].memory);
    free(packed->weights);
    free(packed);
}

static int by_offset(const void *key, const void *entry)
{
    size_t offset = *(const size_t *)key, at = ((const struct packed_weight *)entry)->offset;
    return offset < at ? -1 : offset > at;
}

const struct factor *packed_find(const struct network_packed *packed, const float *params, size_t weight,
                                 bool backward)
{
    if (!packed || packed->params != params || packed->count == 0 || (backward && !packed->training))
        return NULL;
    const struct packed_weight *w = bsearch(&weight, packed->weights, packed->count, sizeof *w, by_offset);
    return !w ? NULL : backward ? &w->backward : &w->forward;
}
