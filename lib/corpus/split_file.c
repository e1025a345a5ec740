#include "corpus/split_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interner.h"
#include "base/options.h"
#include "text/csv.h"

enum { SPLIT_FILE_LIMIT = 1 << 30 };

struct split_file {
    char *path;
    struct interner ids, parts;
    uint32_t *part; /* [ids.count] number in `parts` */
    bool *met;      /* [ids.count] */
    size_t part_capacity, met_capacity;
};

/* `part`: what the other column than id is called. */
static size_t column_of(const struct csv_row *row, const char *name, const char *part, const char *path)
{
    for (size_t i = 0; i < row->count; i++)
        if (slice_is(row->fields[i].text, name))
            return i;
    die(STATUS_INPUT, "%s:1: no column '%s': expected a header line with the columns id and %s", path, name,
        part);
}

/* A field's text, its doubled quotes undone in `scratch`. */
static struct slice field_text(const struct csv_field *field, struct buffer *scratch)
{
    if (!field->doubled)
        return field->text;
    scratch->size = 0;
    csv_unquote(scratch, field->text);
    return (struct slice){scratch->at, scratch->size};
}

static void add(struct split_file *f, struct slice id, struct slice part, int folds, size_t line)
{
    bool fresh;
    int64_t fold;
    char *text = slice_string(part);
    if (part.size == 0)
        die(STATUS_INPUT, "%s:%zu: id '%.*s' has no %s", f->path, line, (int)id.size, id.at,
            folds ? "fold" : "part");
    if (folds && !parse_integer(text, 0, folds - 1, &fold))
        die(STATUS_INPUT, "%s:%zu: fold '%s': expected a whole number from 0 to %d", f->path, line, text,
            folds - 1);
    free(text);
    size_t number = interner_add(&f->ids, id, &fresh);
    if (!fresh)
        die(STATUS_INPUT, "%s:%zu: id '%.*s' stands there twice", f->path, line, (int)id.size, id.at);
    memory_grow(&f->part, &f->part_capacity, number + 1, sizeof *f->part);
    memory_grow(&f->met, &f->met_capacity, number + 1, sizeof *f->met);
    f->part[number] = (uint32_t)interner_add(&f->parts, part, NULL);
    f->met[number] = false;
}

struct split_file *split_file_open(const char *path, int folds)
{
    struct split_file *f = memory_zeroed(1, sizeof *f);
    f->path = memory_string(path);
    struct file_view view = file_view(path, SPLIT_FILE_LIMIT);
    const char *at = view.at, *end = view.at + view.size;
    if (view.size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; /* a byte order mark, as spreadsheets write */
    char delimiter = csv_find_delimiter(at, end);
    struct csv_row row = {0};
    struct buffer id_text = {0}, part_text = {0};
    size_t id_column = 0, part_column = 0, line = 1;
    for (bool header = true; at < end; at = row.next, header = false) {
        if (csv_scan(&row, at, end, true, delimiter, CSV_FIELD_LIMIT) != CSV_FOUND)
            die(STATUS_INPUT, "%s:%zu: a quoted field does not end as it should", path, line);
        if (header) {
            const char *part = folds ? "fold" : "part";
            id_column = column_of(&row, "id", part, path);
            part_column = column_of(&row, part, part, path);
        } else if (row.end > at) {
            if (row.count <= id_column || row.count <= part_column)
                die(STATUS_INPUT, "%s:%zu: %zu columns, fewer than the header", path, line, row.count);
            add(f, field_text(&row.fields[id_column], &id_text),
                field_text(&row.fields[part_column], &part_text), folds, line);
        }
        for (const char *p = at; p < row.next; p++)
            line += *p == '\n';
    }
    free(row.fields);
    buffer_free(&id_text);
    buffer_free(&part_text);
    file_unview(&view);
    return f;
}

void split_file_close(struct split_file *f)
{
    if (!f)
        return;
    interner_free(&f->ids);
    interner_free(&f->parts);
    free(f->part);
    free(f->met);
    free(f->path);
    free(f);
}

struct slice split_file_part(struct split_file *f, struct slice id, const char *name)
{
    size_t number = interner_find(&f->ids, id);
    if (number == INTERNER_NONE)
        die(STATUS_INPUT, "record %s is not in %s", name, f->path);
    if (f->met[number])
        die(STATUS_INPUT, "record %s came twice, so %s cannot say where it belongs", name, f->path);
    f->met[number] = true;
    return f->parts.at[f->part[number]];
}

void split_file_pass(struct split_file *f, struct slice id)
{
    size_t number = interner_find(&f->ids, id);
    if (number != INTERNER_NONE)
        f->met[number] = true;
}

void split_file_check_all_met(const struct split_file *f)
{
    size_t missing = 0, first = 0;
    for (size_t i = f->ids.count; i-- > 0;)
        if (!f->met[i]) {
            missing++;
            first = i;
        }
    if (missing)
        die(STATUS_INPUT, "%s names %zu id%s that never came, the first is '%.*s'", f->path, missing,
            missing == 1 ? "" : "s", (int)f->ids.at[first].size, f->ids.at[first].at);
}
