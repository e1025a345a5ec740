/* Which column is what: by the names that the user gives, else by the names that such columns usually
 * have. */
#ifndef RUBRIC_TEXT_COLUMNS_H
#define RUBRIC_TEXT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/options.h"
#include "text/rows.h"

/* What a column can be. */
enum column_role {
    COLUMN_TEXT,
    COLUMN_PAIR, /* the prompt before the text; has no usual name */
    COLUMN_LABEL,
    COLUMN_ID,
    COLUMN_WEIGHT,
    COLUMN_PART,
    COLUMN_FOLD,
    COLUMN_ROLES
};

struct column_wishes {
    const char *names[COLUMN_ROLES]; /* as given on the command line; NULL: look for a usual name */
    const struct text_list *keep;    /* columns that records carry along; may be NULL */
    bool no_label;                   /* look for none */
    bool text_only;                  /* look for nothing else */
    bool text_first;                 /* a row without text or pair ends the run: they must not come late */
};

struct columns {
    char **names; /* [count] each column once; owned */
    size_t count, capacity;
    ptrdiff_t at[COLUMN_ROLES]; /* each one's place in `names`; -1: there is none */
    size_t *keep;               /* [keep_count] */
    size_t keep_count;

    const struct column_wishes *wishes; /* borrowed */
    const char *file;                   /* the first; borrowed */
    char *there;                        /* "its columns are ..."; owned */
    bool more;                          /* names may come that it does not list */
    const char **awaited;               /* [count] option that asked for a column not seen yet; else NULL */
    size_t awaited_capacity;
};

/* Finds them among the columns of `file`, the first one of `rows`, and selects them.  The text is the only
 * column, or has one of the usual names (case does not count; the earlier in the list wins): STATUS_INPUT
 * with the names that there are when it is not found, STATUS_USAGE for a column that was asked for and is
 * not there, or to be kept twice.  The others may be missing.
 *
 * Where names may come later (rows_more_columns) a column that was asked for may too.  A usual name for what
 * has no column is STATUS_INPUT when it comes, there or in a later file: it would have been taken.  So `c`
 * and `wishes` stay where they are until the last row has been read. */
void columns_find(struct columns *c, struct rows *rows, const char *file, const struct column_wishes *wishes);
void columns_free(struct columns *c);

/* All rows have been read: STATUS_USAGE for a column that was asked for and never came. */
void columns_end(const struct columns *c);

/* "text 'content', label 'score'" for the account on stderr; appends to `out`. */
void columns_describe(const struct columns *c, struct buffer *out);

#endif
