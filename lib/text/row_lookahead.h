/* Rows held back: copies of what rows point to. */
#ifndef RUBRIC_TEXT_ROW_LOOKAHEAD_H
#define RUBRIC_TEXT_ROW_LOOKAHEAD_H

#include <stddef.h>

#include "base/arena.h"
#include "text/rows.h"

/* Start with all but `fields` zero; release with row_lookahead_free. */
struct row_lookahead {
    size_t fields; /* of a row */
    struct row *rows;
    size_t count, capacity;
    struct arena copies; /* what they point to */
};

/* Adds a copy of `row`, which has `lookahead->fields` fields. */
void row_lookahead_add(struct row_lookahead *lookahead, const struct row *row);
void row_lookahead_free(struct row_lookahead *lookahead);

#endif
