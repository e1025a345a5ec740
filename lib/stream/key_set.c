#include "stream/key_set.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Up to so many are compared one by one; most maps have no more. */
enum { FEW = 8, SLOTS = 2 * MSGPACK_MAX_KEYS };

/* The slot that holds `key`, or the free one where it belongs. */
static size_t slot_of(const struct key_set *set, struct slice key)
{
    size_t slot = XXH3_64bits(key.size ? key.at : "", key.size) % SLOTS;
    while (set->slots[slot] && !slice_equal(set->keys[set->slots[slot] - 1], key))
        slot = (slot + 1) % SLOTS;
    return slot;
}

static void fill_slots(struct key_set *set)
{
    memset(set->slots, 0, sizeof set->slots);
    for (uint32_t i = 0; i < set->count; i++)
        set->slots[slot_of(set, set->keys[i])] = (uint16_t)(i + 1);
}

bool key_set_add(struct key_set *set, struct slice key)
{
    if (set->count < FEW) {
        for (uint32_t i = 0; i < set->count; i++)
            if (slice_equal(set->keys[i], key))
                return false;
        set->keys[set->count++] = key;
        return true;
    }
    if (set->count == FEW)
        fill_slots(set);
    size_t slot = slot_of(set, key);
    if (set->slots[slot])
        return false;
    set->keys[set->count++] = key;
    set->slots[slot] = (uint16_t)set->count;
    return true;
}
