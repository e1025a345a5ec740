/* Rows kept for a while: copies of what a row points to. */
#ifndef RUBRIC_TEXT_ROW_LOOKAHEAD_H
#define RUBRIC_TEXT_ROW_LOOKAHEAD_H

#include <stddef.h>

#include "base/memory.h"
#include "text/rows.h"

struct row_lookahead {
    size_t fields; /* per row */
    struct row *rows;
    size_t count, capacity;
    struct slice *store; /* [count, fields]; offsets into `bytes` until row_lookahead_settle */
    size_t store_capacity;
    struct buffer bytes;
};

/* Adds a copy of `row`, which has `held->fields` fields. */
void row_lookahead_add(struct row_lookahead *lookahead, const struct row *row);

/* Makes the rows' pointers good; nothing may be added afterwards. */
void row_lookahead_settle(struct row_lookahead *lookahead);
void row_lookahead_free(struct row_lookahead *lookahead);

#endif
