#include "text/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

/* The usual names, most telling first. */
static const char *const text_names[] = {"text",           "content",  "essay",    "full_text", "essay_text",
                                         "student_answer", "answer",   "response", "review",    "body",
                                         "document",       "sentence", NULL};
static const char *const label_names[] = {"label", "score", "class", "grade", "rating", "target",
                                          "stars", "domain1_score", "category", "sentiment", "y", NULL};
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

static void list_columns(const struct slice *there, size_t n, struct buffer *out)
{
    for (size_t i = 0; i < n && i < LISTED_COLUMNS; i++) {
        size_t size = there[i].size;
        if (size > LISTED_NAME)
            for (size = LISTED_NAME; size > 0 && (there[i].at[size] & 0xc0) == 0x80;)
                size--;
        buffer_format(out, "%s'%.*s%s'", i ? ", " : "", (int)size, there[i].at,
                      size < there[i].size ? "..." : "");
    }
    if (n > LISTED_COLUMNS)
        buffer_format(out, " and %zu more", n - LISTED_COLUMNS);
    buffer_byte(out, '\0');
}

static _Noreturn void missing(enum status status, const struct slice *there, size_t n, const char *file,
                              const char *what)
{
    struct buffer list = {0};
    list_columns(there, n, &list);
    die(status, "%s: %s: %s%s", file_name(file), what, n ? "its columns are " : "there are no columns",
        list.at);
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

struct search {
    struct columns *columns;
    const struct slice *there;
    size_t n;
    const char *file;
};

static ptrdiff_t find(const struct search *s, const char *option, const char *wish, const char *const *usual)
{
    const char *found = wish    ? find_exact(s->there, s->n, wish)
                        : usual ? find_usual(s->there, s->n, usual)
                                : NULL;
    if (wish && !found) {
        char *what = memory_format("--%s is '%s': no such column", option, wish);
        missing(STATUS_USAGE, s->there, s->n, s->file, what);
    }
    return found ? (ptrdiff_t)want(s->columns, found) : -1;
}

void columns_find(struct columns *c, const struct slice *there, size_t n, const char *file,
                  const struct column_wishes *wishes)
{
    *c = (struct columns){0};
    struct search s = {c, there, n, file};
    c->text = find(&s, "text", wishes->text, text_names);
    if (c->text < 0 && n == 1)
        c->text = (ptrdiff_t)want(c, there[0].at);
    if (c->text < 0)
        missing(STATUS_INPUT, there, n, file, "no column has a usual name for the text (--text NAME)");
    c->label = wishes->no_label ? -1 : find(&s, "label", wishes->label, label_names);
    c->id = find(&s, "id", wishes->id, id_names);
    c->weight = find(&s, "weight", wishes->weight, weight_names);
    c->part = find(&s, "part", wishes->part, part_names);
    c->fold = find(&s, "fold", wishes->fold, fold_names);
    c->pair = find(&s, "pair", wishes->pair, NULL);
    size_t keeps = wishes->keep ? wishes->keep->count : 0;
    c->keep = memory_new(keeps, sizeof *c->keep);
    for (size_t i = 0; i < keeps; i++)
        c->keep[c->keep_count++] = (size_t)find(&s, "keep", wishes->keep->at[i], NULL);
}

void columns_free(struct columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->names[i]);
    free(c->names);
    free(c->keep);
}

void columns_describe(const struct columns *c, struct buffer *out)
{
    const struct {
        const char *what;
        ptrdiff_t index;
    } parts[] = {{"text", c->text}, {"pair", c->pair}, {"label", c->label}, {"id", c->id},
                 {"weight", c->weight}, {"part", c->part}, {"fold", c->fold}};
    const char *comma = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].index < 0)
            continue;
        buffer_format(out, "%s%s '%s'", comma, parts[i].what, c->names[parts[i].index]);
        comma = ", ";
    }
}
