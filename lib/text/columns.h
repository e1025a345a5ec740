/* Which column is what: by the names that the user gives, else by the names that such columns usually have.
 */
#ifndef RUBRIC_TEXT_COLUMNS_H
#define RUBRIC_TEXT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/options.h"

/* Names as given on the command line; NULL: look for a usual name. */
struct column_wishes {
    const char *text, *label, *id, *weight, *part, *fold;
    const char *pair;             /* the prompt before the text; never looked for */
    const struct text_list *keep; /* columns that records carry along; may be NULL */
    bool no_label;                /* look for none */
};

/* A column's place in `names`; -1: there is none. */
struct columns {
    char **names;       /* [count] each column once, for rows_select; owned */
    size_t count, capacity;
    ptrdiff_t text, label, id, weight, part, fold, pair;
    size_t *keep;       /* [keep_count] */
    size_t keep_count;
};

/* Finds them among the `n` columns of `file`.  The text is the only column, or has one of the usual names
 * (case does not count; the earlier in the list wins): STATUS_INPUT with the names that there are when it is
 * not found, STATUS_USAGE for a column that was asked for and is not there.  The others may be missing. */
void columns_find(struct columns *c, const struct slice *there, size_t n, const char *file,
                  const struct column_wishes *wishes);
void columns_free(struct columns *c);

/* "text 'content', label 'score', no id" for the account on stderr; appends to `out`. */
void columns_describe(const struct columns *c, struct buffer *out);

#endif
