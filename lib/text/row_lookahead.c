#include "text/row_lookahead.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* While rows are added the bytes may move: slices hold offsets, a missing one this. */
static const size_t missing = SIZE_MAX;

static struct slice keep(struct row_lookahead *lookahead, struct slice text)
{
    size_t offset = text.at ? lookahead->bytes.size : missing;
    if (text.at)
        buffer_append(&lookahead->bytes, text.at, text.size);
    return (struct slice){(const char *)(uintptr_t)offset, text.size};
}

static struct slice settled(const struct row_lookahead *lookahead, struct slice kept)
{
    size_t offset = (size_t)(uintptr_t)kept.at;
    return offset == missing ? (struct slice){0} : (struct slice){lookahead->bytes.at + offset, kept.size};
}

void row_lookahead_add(struct row_lookahead *lookahead, const struct row *row)
{
    memory_grow(&lookahead->rows, &lookahead->capacity, lookahead->count + 1, sizeof *lookahead->rows);
    memory_grow(&lookahead->store, &lookahead->store_capacity, (lookahead->count + 1) * lookahead->fields,
                sizeof *lookahead->store);
    struct row *copy = &lookahead->rows[lookahead->count];
    *copy = *row;
    copy->raw = keep(lookahead, row->raw);
    for (size_t i = 0; i < lookahead->fields; i++)
        lookahead->store[lookahead->count * lookahead->fields + i] = keep(lookahead, row->fields[i]);
    if (row->bad) {
        /* The message's terminator is kept too. */
        struct slice message = keep(lookahead, (struct slice){row->bad, strlen(row->bad) + 1});
        copy->bad = message.at;
    } else {
        copy->bad = (const char *)(uintptr_t)missing;
    }
    lookahead->count++;
}

void row_lookahead_settle(struct row_lookahead *lookahead)
{
    for (size_t k = 0; k < lookahead->count; k++) {
        struct row *row = &lookahead->rows[k];
        row->raw = settled(lookahead, row->raw);
        row->bad = settled(lookahead, (struct slice){row->bad, 0}).at;
        row->fields = lookahead->store + k * lookahead->fields;
        for (size_t i = 0; i < lookahead->fields; i++)
            row->fields[i] = settled(lookahead, row->fields[i]);
    }
}

void row_lookahead_free(struct row_lookahead *lookahead)
{
    free(lookahead->rows);
    free(lookahead->store);
    buffer_free(&lookahead->bytes);
}
