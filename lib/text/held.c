#include "text/held.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* While rows are added the bytes may move: slices hold offsets, a missing one this. */
static const size_t missing = SIZE_MAX;

static struct slice keep(struct held_rows *held, struct slice text)
{
    size_t offset = text.at ? held->bytes.size : missing;
    if (text.at)
        buffer_append(&held->bytes, text.at, text.size);
    return (struct slice){(const char *)(uintptr_t)offset, text.size};
}

static struct slice settled(const struct held_rows *held, struct slice kept)
{
    size_t offset = (size_t)(uintptr_t)kept.at;
    return offset == missing ? (struct slice){0} : (struct slice){held->bytes.at + offset, kept.size};
}

void held_add(struct held_rows *held, const struct row *row)
{
    memory_grow(&held->rows, &held->capacity, held->count + 1, sizeof *held->rows);
    memory_grow(&held->store, &held->store_capacity, (held->count + 1) * held->fields, sizeof *held->store);
    struct row *copy = &held->rows[held->count];
    *copy = *row;
    copy->raw = keep(held, row->raw);
    for (size_t i = 0; i < held->fields; i++)
        held->store[held->count * held->fields + i] = keep(held, row->fields[i]);
    if (row->bad) {
        /* The message's terminator is kept too. */
        struct slice message = keep(held, (struct slice){row->bad, strlen(row->bad) + 1});
        copy->bad = message.at;
    } else {
        copy->bad = (const char *)(uintptr_t)missing;
    }
    held->count++;
}

void held_settle(struct held_rows *held)
{
    for (size_t k = 0; k < held->count; k++) {
        struct row *row = &held->rows[k];
        row->raw = settled(held, row->raw);
        row->bad = settled(held, (struct slice){row->bad, 0}).at;
        row->fields = held->store + k * held->fields;
        for (size_t i = 0; i < held->fields; i++)
            row->fields[i] = settled(held, row->fields[i]);
    }
}

void held_free(struct held_rows *held)
{
    free(held->rows);
    free(held->store);
    buffer_free(&held->bytes);
}
