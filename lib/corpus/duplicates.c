#include "corpus/duplicates.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"

/* What is remembered of a payload: the part and label it first had, and whether it has had others. */
struct payload {
    struct payload_hash hash;
    uint32_t part; /* + 1; 0: the slot is empty */
    int32_t label;
    bool across, conflicts;
};

struct payload_hash payload_hash(const void *bytes, size_t size, uint64_t seed)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, seed);
    return (struct payload_hash){hash.low64, hash.high64};
}

static struct payload *slot_of(const struct duplicates *d, struct payload_hash hash)
{
    size_t i = hash.low & (d->size - 1);
    while (d->table[i].part && (d->table[i].hash.low != hash.low || d->table[i].hash.high != hash.high))
        i = (i + 1) & (d->size - 1);
    return &d->table[i];
}

static void grow(struct duplicates *d)
{
    struct duplicates old = *d;
    d->size = old.size ? 2 * old.size : 1024;
    d->table = memory_zeroed(d->size, sizeof *d->table);
    for (size_t i = 0; i < old.size; i++)
        if (old.table[i].part)
            *slot_of(d, old.table[i].hash) = old.table[i];
    free(old.table);
}

void duplicates_add(struct duplicates *d, struct payload_hash hash, size_t part, ptrdiff_t label)
{
    if (3 * (d->count + 1) > 2 * d->size)
        grow(d);
    struct payload *p = slot_of(d, hash);
    if (!p->part) {
        *p = (struct payload){.hash = hash, .part = (uint32_t)part + 1, .label = (int32_t)label};
        d->count++;
        return;
    }
    d->repeats++;
    if (!p->across && p->part != part + 1) {
        p->across = true;
        d->across_parts++;
    }
    if (p->label < 0)
        p->label = (int32_t)label;
    if (!p->conflicts && label >= 0 && p->label != label) {
        p->conflicts = true;
        d->conflicts++;
    }
}

size_t duplicates_memory(const struct duplicates *d) { return d->size * sizeof *d->table; }

void duplicates_free(struct duplicates *d)
{
    free(d->table);
    *d = (struct duplicates){0};
}
