/* Which column is what: by the names that the user gives, else by the names that such columns usually
 * have. */
#ifndef RUBRIC_TEXT_COLUMNS_H
#define RUBRIC_TEXT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/options.h"
#include "text/rows.h"

/* Names as given on the command line; NULL: look for a usual name. */
struct column_wishes {
    const char *text, *label, *id, *weight, *part, *fold;
    const char *pair;             /* the prompt before the text; never looked for */
    const struct text_list *keep; /* columns that records carry along; may be NULL */
    bool no_label;                /* look for none */
    bool text_only;               /* look for nothing else */
    bool text_first;              /* a row without text or pair ends the run: they must not come late */
};

/* A column's place in `names`; -1: there is none. */
struct columns {
    char **names; /* [count] each column once; owned */
    size_t count, capacity;
    ptrdiff_t text, label, id, weight, part, fold, pair;
    size_t *keep; /* [keep_count] */
    size_t keep_count;

    const char *file; /* the first; borrowed */
    bool more;        /* names may come that it does not list */
    char *there;      /* "its columns are ..."; owned */
    struct late_column {
        const char *option, *name;
        size_t size;
        bool asked; /* by this name; else it is a usual one of what has no column */
    } * late;       /* [late_count] what may still come; names are borrowed */
    size_t late_count, late_capacity;
};

/* Finds them among the columns of `file`, the first one of `rows`, and selects them.  The text is the only
 * column, or has one of the usual names (case does not count; the earlier in the list wins): STATUS_INPUT
 * with the names that there are when it is not found, STATUS_USAGE for a column that was asked for and is
 * not there.  The others may be missing.
 *
 * Where names may come later (rows_more_columns) a column that was asked for may too.  A usual name for what
 * has no column is STATUS_INPUT when it comes, there or in a later file: it would have been taken.  So `c`
 * stays where it is, and the names in `wishes` too, until the last row has been read. */
void columns_find(struct columns *c, struct rows *rows, const char *file, const struct column_wishes *wishes);
void columns_free(struct columns *c);

/* All rows have been read: STATUS_USAGE for a column that was asked for and never came. */
void columns_end(const struct columns *c);

/* "text 'content', label 'score', no id" for the account on stderr; appends to `out`. */
void columns_describe(const struct columns *c, struct buffer *out);

#endif
