/* Rows kept for a while: copies of what a row points to. */
#ifndef RUBRIC_TEXT_HELD_H
#define RUBRIC_TEXT_HELD_H

#include <stddef.h>

#include "base/memory.h"
#include "text/rows.h"

struct held_rows {
    size_t fields;      /* per row */
    struct row *rows;
    size_t count, capacity;
    struct slice *store; /* [count, fields]; offsets into `bytes` until held_settle */
    size_t store_capacity;
    struct buffer bytes;
};

/* Adds a copy of `row`, which has `held->fields` fields. */
void held_add(struct held_rows *held, const struct row *row);

/* Makes the rows' pointers good; nothing may be added afterwards. */
void held_settle(struct held_rows *held);
void held_free(struct held_rows *held);

#endif
