#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/interner.h"
#include "stream/lookahead.h"
#include "stream/internal.h"
#include "stream/jsonlines.h"
#include "stream/view.h"

/* Where a column's values come from. */
struct column {
    struct slice field;    /* of the record; owned */
    struct slice key;      /* of meta, where `field` is "meta"; owned */
    struct header *labels; /* prob: one column for each class */
    size_t label;
};

struct csv_view {
    struct csv_writer csv;
    bool decided;
    struct column *columns;
    size_t count, capacity;
    struct interner names; /* "meta.prompt", "ids": what has columns */
    struct header header;  /* of the first record */
    struct lookahead held;
    uint64_t lost;
    struct double_array prob; /* of the record being written */
};

struct csv_view *csv_view_new(const struct csv_options *options, bool escape)
{
    struct csv_view *view = memory_zeroed(1, sizeof *view);
    view->csv = csv_writer_new(options, escape);
    return view;
}

void csv_view_free(struct csv_view *view)
{
    free(view->columns);
    interner_free(&view->names);
    header_free(&view->header);
    lookahead_free(&view->held);
    csv_writer_free(&view->csv);
    free(view->prob.at);
    free(view);
}

/* ---- Columns ---- */

/* Calls `each` for the parts of a record that have columns of their own: fields, and the keys of meta. */
typedef void visit(struct csv_view *view, struct slice field, struct slice key, struct slice value);

static void visit_record(struct csv_view *view, const struct record *record, visit *each)
{
    struct meta_cursor meta = record_meta_begin(record);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        if (!slice_is(field->key, "meta"))
            each(view, field->key, (struct slice){0}, field->value);
        for (struct slice key, value; slice_is(field->key, "meta") && record_meta_next(&meta, &key, &value);)
            each(view, field->key, key, value);
    }
}

/* The name under which a column is known: fields and columns of meta must not be mixed up. */
static size_t name_of(struct csv_view *view, struct slice field, struct slice key, bool add, bool *added)
{
    struct buffer name = {0};
    buffer_append(&name, field.at, field.size);
    if (key.at) {
        buffer_byte(&name, '\0');
        buffer_append(&name, key.at, key.size);
    }
    struct slice whole = {name.at, name.size};
    size_t number = add ? interner_add(&view->names, whole, added) : interner_find(&view->names, whole);
    buffer_free(&name);
    return number;
}

static void add_column(struct csv_view *view, struct slice field, struct slice key, struct slice value)
{
    (void)value;
    bool added;
    size_t number = name_of(view, field, key, true, &added);
    if (!added)
        return;
    struct slice kept = view->names.at[number];
    size_t labels = slice_is(field, "prob") ? view->header.classes.count : 0;
    for (size_t i = 0; i < (labels ? labels : 1); i++) {
        memory_grow(&view->columns, &view->capacity, view->count + 1, sizeof *view->columns);
        struct column *column = &view->columns[view->count++];
        *column = (struct column){.field = {kept.at, field.size}, .label = i};
        if (key.at)
            column->key = (struct slice){kept.at + field.size + 1, key.size};
        if (labels)
            column->labels = &view->header;
    }
}

static int column_order(const void *a, const void *b)
{
    const struct column *left = a, *right = b;
    int x = record_rank(left->field), y = record_rank(right->field);
    if (x != y)
        return x - y;
    /* names lie in the order in which they were met */
    if (left->label != right->label)
        return left->label < right->label ? -1 : 1;
    return 0;
}

/* A stable sort: there are few columns. */
static void sort_columns(struct csv_view *view)
{
    for (size_t i = 1; i < view->count; i++) {
        struct column moved = view->columns[i];
        size_t to = i;
        for (; to > 0 && column_order(&view->columns[to - 1], &moved) > 0; to--)
            view->columns[to] = view->columns[to - 1];
        view->columns[to] = moved;
    }
}

static void field_title(const struct column *column, struct buffer *title)
{
    buffer_append(title, column->field.at, column->field.size);
    if (column->labels) {
        buffer_byte(title, '_');
        label_print(title, &column->labels->classes.labels[column->label]);
    }
}

static bool is_field_title(const struct csv_view *view, struct slice name)
{
    struct buffer title = {0};
    bool found = false;
    for (size_t i = 0; i < view->count && !found; i++) {
        if (view->columns[i].key.at)
            continue;
        title.size = 0;
        field_title(&view->columns[i], &title);
        found = slice_equal((struct slice){title.at, title.size}, name);
    }
    buffer_free(&title);
    return found;
}

static void put_title(struct csv_view *view, const struct column *column, struct buffer *out)
{
    struct buffer title = {0};
    if (!column->key.at) {
        field_title(column, &title);
    } else {
        if (is_field_title(view, column->key))
            buffer_text(&title, "meta.");
        buffer_append(&title, column->key.at, column->key.size);
    }
    csv_text(&view->csv, (struct slice){title.at, title.size}, out);
    buffer_free(&title);
}

/* ---- Rows ---- */

/* Appends the values of an array with spaces between them; anything else as JSON. */
static void print_value(struct slice value, struct buffer *text)
{
    struct msgpack_cursor c = msgpack_cursor_of(value);
    struct msgpack_token head;
    if (msgpack_next(&c, &head) != MSGPACK_GOOD || head.type != MSGPACK_ARRAY) {
        json_put_msgpack(text, value);
        return;
    }
    for (uint32_t i = 0; i < head.count; i++) {
        const char *at = (const char *)c.at;
        if (msgpack_skip(&c, 1) != MSGPACK_GOOD)
            return;
        if (i)
            buffer_byte(text, ' ');
        json_put_msgpack(text, (struct slice){at, (size_t)((const char *)c.at - at)});
    }
}

void csv_value(struct csv_writer *csv, struct slice value, bool score, struct buffer *out)
{
    struct label label = {.type = LABEL_NONE};
    struct buffer text = {0};
    if (value.at && !label_from_msgpack(value, &label)) {
        label.type = LABEL_NONE;
        print_value(value, &text);
    }
    switch (label.type) {
    case LABEL_STRING:
        csv_text(csv, label.string, out);
        break;
    case LABEL_INTEGER:
        csv_integer(csv, label.integer, out);
        break;
    case LABEL_NUMBER:
        (score ? csv_score : csv_number)(csv, label.number, out);
        break;
    case LABEL_NONE:
        csv_plain(csv, (struct slice){text.at, text.size}, out);
        break;
    }
    buffer_free(&text);
}

static void put_column(struct csv_view *view, const struct column *column, const struct record *record,
                       struct buffer *out)
{
    struct slice value = {0};
    if (column->labels && column->label < view->prob.count) {
        csv_score(&view->csv, view->prob.at[column->label], out);
        return;
    }
    for (size_t i = 0; i < record->field_count && !value.at && !column->labels; i++)
        if (slice_equal(record->fields[i].key, column->field))
            value = record->fields[i].value;
    if (column->key.at)
        value = record_meta_value(record, column->key);
    csv_value(&view->csv, value, slice_is(column->field, "score"), out);
}

static void count_lost(struct csv_view *view, struct slice field, struct slice key, struct slice value)
{
    (void)value;
    view->lost += name_of(view, field, key, false, NULL) == INTERNER_NONE;
}

static void put_row(struct csv_view *view, const struct record *record, struct buffer *out)
{
    view->prob.count = 0;
    if (view->header.classes.count)
        record_doubles(record, "prob", &view->prob);
    for (size_t i = 0; i < view->count; i++)
        put_column(view, &view->columns[i], record, out);
    visit_record(view, record, count_lost);
}

/* Titles, then the records that were held back. */
static void decide(struct csv_view *view, struct buffer *out)
{
    view->decided = true;
    sort_columns(view);
    if (view->count)
        csv_begin(&view->csv, view->count, out);
    for (size_t i = 0; i < view->count; i++)
        put_title(view, &view->columns[i], out);
    struct record record = {0};
    for (size_t at = 0; lookahead_next(&view->held, &at, view->header.y, &record);)
        put_row(view, &record, out);
    record_free(&record);
    lookahead_free(&view->held);
}

void csv_view_record(struct csv_view *view, const struct record *record, const struct header *header,
                     struct buffer *out)
{
    if (view->decided) {
        put_row(view, record, out);
        return;
    }
    if (!view->header.map)
        view->header = header_copy(header);
    visit_record(view, record, add_column);
    if (lookahead_add(&view->held, record))
        decide(view, out);
}

void csv_view_end(struct csv_view *view, struct buffer *out)
{
    if (!view->decided)
        decide(view, out);
    if (view->lost)
        warn("%llu values have no column: the first %zu records had none of their kind (--json shows all)",
             (unsigned long long)view->lost, view->held.count);
    csv_end(&view->csv);
}
