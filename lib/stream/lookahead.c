#include "stream/lookahead.h"

#include <string.h>

enum { HELD_RECORDS = 1000, HELD_BYTES = 1 << 20 };

bool lookahead_add(struct lookahead *lookahead, const struct record *record)
{
    struct buffer packed = {0};
    record_pack(record, &packed);
    buffer_append(&lookahead->packed, &packed.size, sizeof packed.size);
    buffer_append(&lookahead->packed, packed.at, packed.size);
    buffer_free(&packed);
    return ++lookahead->count == HELD_RECORDS || lookahead->packed.size >= HELD_BYTES;
}

bool lookahead_next(const struct lookahead *lookahead, size_t *at, enum label_type y, struct record *record)
{
    size_t size;
    if (*at == lookahead->packed.size)
        return false;
    memcpy(&size, lookahead->packed.at + *at, sizeof size);
    *at += sizeof size;
    record_unpack(record, (struct slice){lookahead->packed.at + *at, size}, y);
    *at += size;
    return true;
}

void lookahead_free(struct lookahead *lookahead) { buffer_free(&lookahead->packed); }
