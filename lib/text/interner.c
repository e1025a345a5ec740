#include "text/interner.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"

struct slice interned(const struct interner *in, uint32_t number)
{
    return (struct slice){in->bytes.at + in->start[number], in->start[number + 1] - in->start[number]};
}

/* The slot that holds `text`, or the free one where it belongs. */
static size_t slot_of(const struct interner *in, struct slice text)
{
    size_t slot = XXH3_64bits(text.at, text.size) & (in->slot_count - 1);
    while (in->slots[slot] != 0 && !slice_equal(interned(in, in->slots[slot] - 1), text))
        slot = (slot + 1) & (in->slot_count - 1);
    return slot;
}

static void grow(struct interner *in)
{
    free(in->slots);
    in->slot_count = in->slot_count ? 2 * in->slot_count : 1024;
    in->slots = memory_zeroed(in->slot_count, sizeof *in->slots);
    for (uint32_t i = 0; i < in->count; i++)
        in->slots[slot_of(in, interned(in, i))] = i + 1;
}

uint32_t intern(struct interner *in, struct slice text)
{
    if (2 * (in->count + 1) > in->slot_count)
        grow(in);
    size_t slot = slot_of(in, text);
    if (in->slots[slot] != 0)
        return in->slots[slot] - 1;
    if (in->count == UINT32_MAX - 1)
        die(STATUS_SYSTEM, "more than 4 billion different words");
    memory_grow(&in->start, &in->capacity, in->count + 2, sizeof *in->start);
    in->start[in->count] = in->bytes.size;
    buffer_append(&in->bytes, text.at, text.size);
    in->start[in->count + 1] = in->bytes.size;
    in->slots[slot] = (uint32_t)++in->count;
    return (uint32_t)in->count - 1;
}

bool intern_find(const struct interner *in, struct slice text, uint32_t *number)
{
    if (in->slot_count == 0)
        return false;
    uint32_t found = in->slots[slot_of(in, text)];
    if (found == 0)
        return false;
    *number = found - 1;
    return true;
}

void interner_free(struct interner *in)
{
    buffer_free(&in->bytes);
    free(in->start);
    free(in->slots);
    *in = (struct interner){0};
}
