/* Fresh parameters.  The numbers of a tensor are keyed by a hash of its name, so that adding a head or a
 * layer changes no other tensor. */
#include "nn/network.h"

#include <string.h>

#include "base/random.h"

static const double deviation = 0.02; /* Devlin et al. 2019, initializer_range */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

static void fill(float *at, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        at[i] = value;
}

/* Thresholds of K-1 cuts start evenly around 0, in ascending order. */
static void fill_thresholds(float *at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        at[i] = (float)((double)i - ((double)count - 1) / 2);
}

void network_initialise_tensor(const struct layout *layout, const struct parameter *p, float *params,
                               uint64_t seed)
{
    const struct shape *s = &layout->shape;
    float *at = params + p->offset;
    size_t count = (size_t)p->rows * (size_t)(p->cols ? p->cols : 1);
    if (strcmp(p->name, "rubric.thresholds") == 0)
        fill_thresholds(at, count);
    else if (ends_with(p->name, "LayerNorm.weight"))
        fill(at, count, 1);
    else if (ends_with(p->name, ".bias"))
        fill(at, count, 0);
    else {
        uint64_t key = random_hash(p->name, strlen(p->name), seed, RANDOM_INIT) >> 8;
        for (size_t i = 0; i < count; i++)
            at[i] = (float)(deviation * random_normal(seed, RANDOM_INIT, key, i));
    }
    if (p->offset == layout->words && p->rows == s->V && s->pad >= 0)
        fill(at + (size_t)s->pad * (size_t)s->H, (size_t)s->H, 0);
}

void network_initialise(const struct layout *layout, float *params, uint64_t seed)
{
    for (size_t i = 0; i < layout->count; i++)
        network_initialise_tensor(layout, &layout->table[i], params, seed);
}
