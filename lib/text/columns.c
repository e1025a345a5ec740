#include "text/columns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "stream/msgpack.h"

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

static const struct {
    const char *option;
    const char *const *usual; /* NULL: it must be asked for */
} roles[COLUMN_ROLES] = {
    [COLUMN_TEXT] = {"text", text_names},       [COLUMN_PAIR] = {"pair", NULL},
    [COLUMN_LABEL] = {"label", label_names},    [COLUMN_ID] = {"id", id_names},
    [COLUMN_WEIGHT] = {"weight", weight_names}, [COLUMN_PART] = {"part", part_names},
    [COLUMN_FOLD] = {"fold", fold_names},
};

enum { LISTED_COLUMNS = 20, LISTED_NAME = 40 };

static bool is_there(const struct slice *there, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_is(there[i], name))
            return true;
    return false;
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
        struct slice name = utf8_cut(there[i], LISTED_NAME);
        buffer_format(&out, "%s'%.*s%s'", i ? ", " : "", (int)name.size, name.at,
                      name.size < there[i].size ? "..." : "");
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
    memory_grow(&c->awaited, &c->awaited_capacity, c->count + 1, sizeof *c->awaited);
    c->awaited[c->count] = NULL;
    c->names[c->count] = memory_string(name);
    return c->count++;
}

/* A column that is asked for by name; `late`: it may come with a later row. */
static size_t want_asked(struct columns *c, const struct slice *there, size_t n, const char *option,
                         const char *name, bool late)
{
    bool found = is_there(there, n, name);
    if (!found && !late)
        die(STATUS_USAGE, "%s: --%s is '%s': no such column: %s", file_name(c->file), option, name, c->there);
    size_t index = want(c, name);
    if (!found && !c->awaited[index])
        c->awaited[index] = option;
    return index;
}

static bool looked_for(const struct column_wishes *wishes, int role)
{
    if (role == COLUMN_TEXT || role == COLUMN_PAIR)
        return true;
    return !wishes->text_only && !(wishes->no_label && role == COLUMN_LABEL);
}

/* Its index in c->names, -1 if there is none. */
static ptrdiff_t find_role(struct columns *c, const struct slice *there, size_t n, int role)
{
    const char *wish = c->wishes->names[role], *found = NULL;
    bool first = c->wishes->text_first && (role == COLUMN_TEXT || role == COLUMN_PAIR);
    if (wish)
        return (ptrdiff_t)want_asked(c, there, n, roles[role].option, wish, c->more && !first);
    if (role == COLUMN_TEXT && n == 1)
        found = there[0].at;
    else if (roles[role].usual)
        found = find_usual(there, n, roles[role].usual);
    return found ? (ptrdiff_t)want(c, found) : -1;
}

static void find_kept(struct columns *c, const struct slice *there, size_t n, const struct text_list *keep)
{
    if (keep->count > MSGPACK_MAX_KEYS)
        die(STATUS_USAGE, "--keep names %zu columns: a record carries at most %d", keep->count,
            MSGPACK_MAX_KEYS);
    c->keep = memory_new(keep->count, sizeof *c->keep);
    for (size_t i = 0; i < keep->count; i++) {
        size_t column = want_asked(c, there, n, "keep", keep->at[i], c->more);
        for (size_t k = 0; k < c->keep_count; k++)
            if (c->keep[k] == column)
                die(STATUS_USAGE, "--keep names '%s' twice", keep->at[i]);
        c->keep[c->keep_count++] = column;
    }
}

static _Noreturn void refuse_late(const struct columns *c, int role, const char *file, uint64_t line,
                                  const char *name)
{
    const char *option = roles[role].option;
    if (!c->more)
        die(STATUS_INPUT,
            "%s:%" PRIu64
            ": '%s', a usual name for the %s, is not in %s: files of one run have the same columns",
            file_name(file), line, name, option, file_name(c->file));
    die(STATUS_INPUT,
        "%s:%" PRIu64 ": '%s', a usual name for the %s, is in none of the first objects: use --%s %s%s",
        file_name(file), line, name, option, option, name,
        role == COLUMN_LABEL ? ", or --label-type none to do without" : "");
}

/* A name that stands at this line: a column that was awaited, or one that came too late to be found. */
static void meet(void *columns, const char *file, uint64_t line, const char *name)
{
    struct columns *c = columns;
    const struct slice met = slice_of(name);
    for (size_t i = 0; i < c->count; i++)
        if (c->awaited[i] && strcmp(c->names[i], name) == 0)
            c->awaited[i] = NULL;
    for (int role = 0; role < COLUMN_ROLES; role++)
        if (c->at[role] < 0 && roles[role].usual && looked_for(c->wishes, role) &&
            find_usual(&met, 1, roles[role].usual))
            refuse_late(c, role, file, line, name);
}

void columns_find(struct columns *c, struct rows *rows, const char *file, const struct column_wishes *wishes)
{
    size_t n;
    const struct slice *there = rows_columns(rows, &n);
    *c = (struct columns){
        .wishes = wishes, .file = file, .more = rows_more_columns(rows), .there = list_columns(there, n)};
    for (int role = 0; role < COLUMN_ROLES; role++)
        c->at[role] = looked_for(wishes, role) ? find_role(c, there, n, role) : -1;
    if (c->at[COLUMN_TEXT] < 0)
        die(STATUS_INPUT, "%s: no column has a usual name for the text (--text NAME): %s", file_name(file),
            c->there);
    if (wishes->keep)
        find_kept(c, there, n, wishes->keep);
    rows_select(rows, c->names, c->count);
    if (c->more || rows_more_files(rows))
        rows_tell_names(rows, meet, c);
}

void columns_end(const struct columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->awaited[i])
            die(STATUS_USAGE, "%s: --%s is '%s': no such column: %s, and no later object has it",
                file_name(c->file), c->awaited[i], c->names[i], c->there);
}

void columns_free(struct columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->names[i]);
    free(c->names);
    free(c->keep);
    free(c->there);
    free(c->awaited);
}

void columns_describe(const struct columns *c, struct buffer *out)
{
    const char *comma = "";
    for (int role = 0; role < COLUMN_ROLES; role++) {
        if (c->at[role] < 0)
            continue;
        buffer_format(out, "%s%s '%s'", comma, roles[role].option, c->names[c->at[role]]);
        comma = ", ";
    }
}
