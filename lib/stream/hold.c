#include "stream/hold.h"

#include <string.h>

enum { HELD_RECORDS = 1000, HELD_BYTES = 1 << 20 };

bool hold_add(struct hold *hold, const struct record *record)
{
    struct buffer packed = {0};
    record_pack(record, &packed);
    buffer_append(&hold->packed, &packed.size, sizeof packed.size);
    buffer_append(&hold->packed, packed.at, packed.size);
    buffer_free(&packed);
    return ++hold->count == HELD_RECORDS || hold->packed.size >= HELD_BYTES;
}

bool hold_next(const struct hold *hold, size_t *at, enum label_type y, struct record *record)
{
    size_t size;
    if (*at == hold->packed.size)
        return false;
    memcpy(&size, hold->packed.at + *at, sizeof size);
    *at += sizeof size;
    record_unpack(record, (struct slice){hold->packed.at + *at, size}, y);
    *at += size;
    return true;
}

void hold_free(struct hold *hold) { buffer_free(&hold->packed); }
