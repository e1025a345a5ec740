/* The keys of one map, to find one that is there twice in a time that does not depend on how many there are.
 */
#ifndef RUBRIC_STREAM_KEY_SET_H
#define RUBRIC_STREAM_KEY_SET_H

#include "base/memory.h"
#include "stream/msgpack.h"

struct key_set {
    uint32_t count; /* start with 0; the rest needs no value */
    struct slice keys[MSGPACK_MAX_KEYS];
    uint16_t
        slots[2 * MSGPACK_MAX_KEYS]; /* open addressing over number + 1, once there are more than a few */
};

/* Adds a key, which stays where it is; false when it is there.  At most MSGPACK_MAX_KEYS. */
bool key_set_add(struct key_set *set, struct slice key);

#endif
