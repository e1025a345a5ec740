#include "text/columns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

/* The usual names, most telling first. */
static const char *const text_names[] = {"text",           "content",  "essay",    "full_text", "essay_text",
                                         "student_answer", "answer",   "response", "review",    "body",
                                         "document",       "sentence", NULL};
static const char *const label_names[] = {"label",    "score",     "class", "grade",
                                          "rating",   "target",    "stars", "domain1_score",
                                          "category", "sentiment", "y",     NULL};
static const char *const id_names[] = {"id", "essay_id", "text_id", "textid", "row_id", "uuid", NULL};
static const char *const weight_names[] = {"weight", NULL};
static const char *const part_names[] = {"part", NULL};
static const char *const fold_names[] = {"fold", NULL};

enum { LISTED_COLUMNS = 20, LISTED_NAME = 40 };

static const char *find_exact(const struct slice *there, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_is(there[i], name))
            return there[i].at;
    return NULL;
}

static const char *find_usual(const struct slice *there, size_t n, const char *const *names)
{
    for (; *names; names++)
        for (size_t i = 0; i < n; i++)
            if (there[i].size == strlen(*names) && strncasecmp(there[i].at, *names, there[i].size) == 0)
                return there[i].at;
    return NULL;
}

/* "its columns are 'text', 'score'"; owned by the caller. */
static char *list_columns(const struct slice *there, size_t n)
{
    struct buffer out = {0};
    buffer_text(&out, n ? "its columns are " : "there are no columns");
    for (size_t i = 0; i < n && i < LISTED_COLUMNS; i++) {
        size_t size = there[i].size;
        if (size > LISTED_NAME)
            for (size = LISTED_NAME; size > 0 && (there[i].at[size] & 0xc0) == 0x80;)
                size--;
        buffer_format(&out, "%s'%.*s%s'", i ? ", " : "", (int)size, there[i].at,
                      size < there[i].size ? "..." : "");
    }
    if (n > LISTED_COLUMNS)
        buffer_format(&out, " and %zu more", n - LISTED_COLUMNS);
    buffer_byte(&out, '\0');
    return out.at;
}

/* Index of a column in c->names, which it joins if it is new. */
static size_t want(struct columns *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return i;
    memory_grow(&c->names, &c->capacity, c->count + 1, sizeof *c->names);
    c->names[c->count] = memory_string(name);
    return c->count++;
}

static void expect(struct columns *c, const char *option, const char *name, bool asked)
{
    memory_grow(&c->late, &c->late_capacity, c->late_count + 1, sizeof *c->late);
    c->late[c->late_count++] = (struct late_column){option, name, strlen(name), asked};
}

struct search {
    struct columns *columns;
    const struct slice *there;
    size_t n;
    bool more;  /* it may come later */
    bool usual; /* so may a usual name */
};

static ptrdiff_t find(const struct search *s, const char *option, const char *wish, const char *const *usual)
{
    struct columns *c = s->columns;
    const char *found = wish    ? find_exact(s->there, s->n, wish)
                        : usual ? find_usual(s->there, s->n, usual)
                                : NULL;
    if (found)
        return (ptrdiff_t)want(c, found);
    if (wish && !s->more)
        die(STATUS_USAGE, "%s: --%s is '%s': no such column: %s", file_name(c->file), option, wish, c->there);
    if (wish) {
        expect(c, option, wish, true);
        return (ptrdiff_t)want(c, wish);
    }
    for (; usual && *usual && s->usual; usual++)
        expect(c, option, *usual, false);
    return -1;
}

static void find_all(struct columns *c, const struct search *s, const struct column_wishes *wishes)
{
    c->label = wishes->no_label ? -1 : find(s, "label", wishes->label, label_names);
    c->id = find(s, "id", wishes->id, id_names);
    c->weight = find(s, "weight", wishes->weight, weight_names);
    c->part = find(s, "part", wishes->part, part_names);
    c->fold = find(s, "fold", wishes->fold, fold_names);
    size_t keeps = wishes->keep ? wishes->keep->count : 0;
    c->keep = memory_new(keeps, sizeof *c->keep);
    for (size_t i = 0; i < keeps; i++)
        c->keep[c->keep_count++] = (size_t)find(s, "keep", wishes->keep->at[i], NULL);
}

/* A name that stands at this line: a column that was awaited, or one that came too late to be found. */
static void meet(void *columns, const char *file, uint64_t line, const char *name)
{
    struct columns *c = columns;
    size_t size = strlen(name);
    for (size_t i = c->late_count; i-- > 0;) {
        const struct late_column *late = &c->late[i];
        if (late->size != size || strncasecmp(late->name, name, size) != 0)
            continue;
        if (!late->asked && !c->more)
            die(STATUS_INPUT,
                "%s:%" PRIu64 ": '%s', a usual name for the %s, is not in %s: files of one run have the same "
                "columns",
                file_name(file), line, name, late->option, file_name(c->file));
        if (!late->asked)
            die(STATUS_INPUT,
                "%s:%" PRIu64 ": '%s', a usual name for the %s, is in none of the first objects: "
                "use --%s %s%s",
                file_name(file), line, name, late->option, late->option, name,
                strcmp(late->option, "label") == 0 ? ", or --label-type none to do without" : "");
        if (strcmp(late->name, name) == 0)
            c->late[i] = c->late[--c->late_count];
    }
}

void columns_find(struct columns *c, struct rows *rows, const char *file, const struct column_wishes *wishes)
{
    struct search s = {.columns = c};
    s.there = rows_columns(rows, &s.n);
    bool more = rows_more_columns(rows);
    *c = (struct columns){.file = file,
                          .more = more,
                          .there = list_columns(s.there, s.n),
                          .label = -1,
                          .id = -1,
                          .weight = -1,
                          .part = -1,
                          .fold = -1};
    s.more = more && !wishes->text_first;
    c->text = s.n == 1 && !wishes->text ? (ptrdiff_t)want(c, s.there[0].at)
                                        : find(&s, "text", wishes->text, text_names);
    if (c->text < 0)
        die(STATUS_INPUT, "%s: no column has a usual name for the text (--text NAME): %s", file_name(file),
            c->there);
    c->pair = find(&s, "pair", wishes->pair, NULL);
    s.more = more;
    s.usual = more || rows_more_files(rows);
    if (!wishes->text_only)
        find_all(c, &s, wishes);
    rows_select(rows, c->names, c->count);
    if (c->late_count > 0)
        rows_tell_names(rows, meet, c);
}

void columns_end(const struct columns *c)
{
    for (size_t i = 0; i < c->late_count; i++)
        if (c->late[i].asked)
            die(STATUS_USAGE, "%s: --%s is '%s': no such column: %s, and no later object has it",
                file_name(c->file), c->late[i].option, c->late[i].name, c->there);
}

void columns_free(struct columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->names[i]);
    free(c->names);
    free(c->keep);
    free(c->there);
    free(c->late);
}

void columns_describe(const struct columns *c, struct buffer *out)
{
    const struct {
        const char *what;
        ptrdiff_t index;
    } parts[] = {{"text", c->text},     {"pair", c->pair}, {"label", c->label}, {"id", c->id},
                 {"weight", c->weight}, {"part", c->part}, {"fold", c->fold}};
    const char *comma = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].index < 0)
            continue;
        buffer_format(out, "%s%s '%s'", comma, parts[i].what, c->names[parts[i].index]);
        comma = ", ";
    }
}
