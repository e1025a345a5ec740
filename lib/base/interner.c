#include "base/interner.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"

/* Slots at first; always a power of two, and at most half of them are taken. */
enum { FIRST_SLOTS = 64 };

/* The slot that holds `text`, or the free one where it belongs. */
static size_t slot_of(const struct interner *in, struct slice text)
{
    size_t slot = XXH3_64bits(text.size ? text.at : "", text.size) & (in->slot_count - 1);
    while (in->slots[slot] && !slice_equal(in->at[in->slots[slot] - 1], text))
        slot = (slot + 1) & (in->slot_count - 1);
    return slot;
}

static void grow(struct interner *in)
{
    free(in->slots);
    in->slot_count = in->slot_count ? 2 * in->slot_count : FIRST_SLOTS;
    in->slots = memory_zeroed(in->slot_count, sizeof *in->slots);
    for (size_t i = 0; i < in->count; i++)
        in->slots[slot_of(in, in->at[i])] = (uint32_t)i + 1;
}

/* A terminated copy. */
static struct slice keep(struct interner *in, struct slice text)
{
    struct buffer copy = arena_reserve(&in->texts, text.size + 1);
    buffer_append(&copy, text.at, text.size);
    buffer_byte(&copy, '\0');
    return (struct slice){arena_take(&in->texts, &copy).at, text.size};
}

size_t interner_add(struct interner *in, struct slice text, bool *added)
{
    if (2 * (in->count + 1) > in->slot_count)
        grow(in);
    size_t slot = slot_of(in, text);
    bool is_new = in->slots[slot] == 0;
    if (added)
        *added = is_new;
    if (!is_new)
        return in->slots[slot] - 1;
    if (in->count == UINT32_MAX - 1)
        die(STATUS_SYSTEM, "more than 4 billion different texts");
    memory_grow(&in->at, &in->capacity, in->count + 1, sizeof *in->at);
    in->at[in->count] = keep(in, text);
    in->slots[slot] = (uint32_t)++in->count;
    return in->count - 1;
}

size_t interner_find(const struct interner *in, struct slice text)
{
    if (in->count == 0)
        return INTERNER_NONE;
    return (size_t)in->slots[slot_of(in, text)] - 1; /* 0 - 1 is INTERNER_NONE */
}

void interner_free(struct interner *in)
{
    free(in->at);
    free(in->slots);
    arena_free(&in->texts);
    *in = (struct interner){0};
}
