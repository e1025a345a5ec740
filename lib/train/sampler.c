#include "train/sampler.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

struct class_quota {
    uint64_t first, members; /* its run in `order` */
    uint64_t begin, quota;   /* its run of slots in an epoch */
};

struct sampler {
    uint64_t seed, size, count;
    uint64_t *order; /* [count] examples grouped by class; NULL: natural */
    struct class_quota *classes;
    size_t k;
};

uint64_t permute(uint64_t n, uint64_t key, uint64_t value)
{
    enum { ROUNDS = 8 };
    unsigned bits = 8;
    while (bits < 64 && (n - 1) >> bits)
        bits += 2;
    unsigned half = bits / 2;
    uint64_t mask = (UINT64_C(1) << half) - 1;
    do {
        uint64_t left = value >> half, right = value & mask;
        for (uint64_t round = 0; round < ROUNDS; round++) {
            uint64_t mixed = left ^ (random_bits(key, RANDOM_SHUFFLE, round, right) & mask);
            left = right;
            right = mixed;
        }
        value = left << half | right;
    } while (value >= n);
    return value;
}

static double share(enum sample_mode mode, uint64_t members)
{
    if (members == 0)
        return 0;
    return mode == SAMPLE_SQRT ? sqrt((double)members) : 1;
}

/* Slots of each class: the epoch's length shared by `share`, cumulated and rounded, so that they add up. */
static void set_quotas(struct sampler *s, enum sample_mode mode)
{
    double total = 0, before = 0;
    uint64_t smallest = UINT64_MAX, begin = 0;
    for (size_t c = 0; c < s->k; c++) {
        total += share(mode, s->classes[c].members);
        if (s->classes[c].members > 0 && s->classes[c].members < smallest)
            smallest = s->classes[c].members;
    }
    for (size_t c = 0; c < s->k; c++) {
        struct class_quota *q = &s->classes[c];
        before += share(mode, q->members);
        uint64_t end = begin;
        if (q->members > 0)
            end = mode == SAMPLE_UNDER ? begin + smallest
                                       : (uint64_t)llround((double)s->count * before / total);
        q->begin = begin;
        q->quota = end - begin;
        begin = end;
    }
    s->size = begin;
}

struct sampler *sampler_new(enum sample_mode mode, uint64_t count, const int32_t *classes, size_t k,
                            uint64_t seed)
{
    struct sampler *s = memory_zeroed(1, sizeof *s);
    s->seed = seed;
    s->size = s->count = count;
    if (mode == SAMPLE_NATURAL)
        return s;
    s->k = k;
    s->classes = memory_zeroed(k, sizeof *s->classes);
    s->order = memory_new(count, sizeof *s->order);
    for (uint64_t i = 0; i < count; i++)
        s->classes[classes[i]].members++;
    for (size_t c = 1; c < k; c++)
        s->classes[c].first = s->classes[c - 1].first + s->classes[c - 1].members;
    uint64_t *next = memory_new(k, sizeof *next);
    for (size_t c = 0; c < k; c++)
        next[c] = s->classes[c].first;
    for (uint64_t i = 0; i < count; i++)
        s->order[next[classes[i]]++] = i;
    free(next);
    set_quotas(s, mode);
    return s;
}

void sampler_free(struct sampler *sampler)
{
    if (!sampler)
        return;
    free(sampler->order);
    free(sampler->classes);
    free(sampler);
}

uint64_t sampler_size(const struct sampler *sampler) { return sampler->size; }

uint64_t sampler_pick(const struct sampler *s, uint64_t epoch, uint64_t position)
{
    uint64_t slot = permute(s->size, random_bits(s->seed, RANDOM_SHUFFLE, epoch, 0), position);
    if (!s->order)
        return slot;
    size_t c = 0;
    while (slot - s->classes[c].begin >= s->classes[c].quota)
        c++;
    const struct class_quota *q = &s->classes[c];
    uint64_t rank = slot - q->begin, lap = rank / q->members;
    uint64_t key = random_bits(s->seed, RANDOM_SAMPLE, epoch << 16 | c, lap);
    return s->order[q->first + permute(q->members, key, rank % q->members)];
}
