#include "text/row_lookahead.h"

#include <stdlib.h>
#include <string.h>

/* A missing text stays missing. */
static struct slice keep(struct arena *copies, struct slice text)
{
    return text.at ? arena_copy(copies, text) : text;
}

void row_lookahead_add(struct row_lookahead *lookahead, const struct row *row)
{
    struct arena *copies = &lookahead->copies;
    memory_grow(&lookahead->rows, &lookahead->capacity, lookahead->count + 1, sizeof *lookahead->rows);
    struct row *copy = &lookahead->rows[lookahead->count++];
    *copy = *row;
    copy->raw = keep(copies, row->raw);
    if (row->bad) /* with its terminator */
        copy->bad = arena_copy(copies, (struct slice){row->bad, strlen(row->bad) + 1}).at;
    copy->fields = arena_array(copies, lookahead->fields, sizeof *copy->fields);
    for (size_t i = 0; i < lookahead->fields; i++)
        copy->fields[i] = keep(copies, row->fields[i]);
}

void row_lookahead_free(struct row_lookahead *lookahead)
{
    free(lookahead->rows);
    arena_free(&lookahead->copies);
}
