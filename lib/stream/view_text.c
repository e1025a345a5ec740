#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/terminal.h"
#include "stream/internal.h"
#include "stream/jsonlines.h"
#include "stream/view.h"

enum { VALUES_SHOWN = 8 }; /* of a vector */

static void put_value(struct buffer *out, struct slice value)
{
    struct label label;
    if (!label_from_msgpack(value, &label)) {
        json_put_msgpack(out, value);
        return;
    }
    struct buffer text = {0};
    label_print(&text, &label);
    terminal_put(out, (struct slice){text.at, text.size});
    buffer_free(&text);
}

/* The name, then the label and the other marks that stand in every kind of stream. */
static void put_title(const struct text_view *view, const struct record *record, struct buffer *out)
{
    buffer_text(out, view->colour ? "\033[1m" : "");
    terminal_put(out, record->id);
    buffer_text(out, view->colour ? "\033[0m" : "");
    static const struct slice marks[] = {{"y", 1}, {"w", 1}, {"part", 4}, {"fold", 4}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct slice value = record_field(record, marks[i].at);
        if (!value.at)
            continue;
        buffer_format(out, "  %s ", i == 0 ? "label" : i == 1 ? "weight" : marks[i].at);
        put_value(out, value);
    }
    if (!record_field(record, "y").at)
        buffer_text(out, "  no label");
    buffer_byte(out, '\n');
}

static void put_meta(const struct record *record, struct buffer *out)
{
    struct meta_cursor meta = record_meta_begin(record);
    for (struct slice column, value; record_meta_next(&meta, &column, &value);) {
        buffer_text(out, "  ");
        terminal_put(out, column);
        buffer_text(out, ": ");
        put_value(out, value);
        buffer_byte(out, '\n');
    }
}

static void put_ids(const struct text_view *view, const int32_t *ids, size_t count, struct buffer *out)
{
    struct buffer text = {0};
    buffer_text(out, "  ");
    if (view->decode)
        view->decode(view->with, ids, count, &text);
    for (size_t i = 0; !view->decode && i < count; i++) {
        buffer_text(&text, i ? " " : "");
        buffer_integer(&text, ids[i]);
    }
    terminal_put(out, (struct slice){text.at, text.size});
    buffer_byte(out, '\n');
    buffer_free(&text);
}

/* Lengths, then each window on a line of its own. */
static void put_tokens(struct text_view *view, const struct record *record, struct buffer *out)
{
    struct int_array *ids = &view->ids, *windows = &view->windows;
    int64_t words, full;
    if (!record_ids(record, "ids", ids))
        return;
    bool cut = record_integer(record, "full", &full) && full != (int64_t)ids->count;
    bool in_windows = record_ids(record, "win", windows) && windows->count >= 2;
    buffer_format(out, "  %zu tokens", ids->count);
    if (record_integer(record, "words", &words))
        buffer_format(out, ", %lld words", (long long)words);
    if (cut)
        buffer_format(out, ", %lld tokens in full", (long long)full);
    if (in_windows)
        buffer_format(out, ", %zu windows", windows->count - 1);
    buffer_byte(out, '\n');
    if (!in_windows)
        put_ids(view, ids->at, ids->count, out);
    for (size_t i = 1; in_windows && i < windows->count; i++) {
        int32_t from = windows->at[i - 1], to = windows->at[i];
        if (from >= 0 && from <= to && (size_t)to <= ids->count)
            put_ids(view, ids->at + from, (size_t)(to - from), out);
    }
}

static void put_vector(const struct record *record, struct buffer *out)
{
    struct float_array vector = {0};
    if (!record_floats(record, "vec", &vector))
        return;
    double squares = 0;
    for (size_t i = 0; i < vector.count; i++)
        squares += (double)vector.at[i] * (double)vector.at[i];
    buffer_format(out, "  %zu numbers, length %.4g:", vector.count, sqrt(squares));
    for (size_t i = 0; i < vector.count && i < VALUES_SHOWN; i++)
        buffer_format(out, " %.4g", (double)vector.at[i]);
    buffer_text(out, vector.count > VALUES_SHOWN ? " ...\n" : "\n");
    free(vector.at);
}

static void put_prediction(const struct record *record, const struct header *header, struct buffer *out)
{
    struct label pred;
    double score;
    struct double_array prob = {0};
    if (record_label(record, "pred", &pred)) {
        buffer_text(out, "  predicted ");
        put_value(out, record_field(record, "pred"));
    }
    if (record_number(record, "score", &score))
        buffer_format(out, "  score %.4g", score);
    if (record_doubles(record, "prob", &prob) && prob.count == header->classes.count) {
        buffer_text(out, "  prob");
        for (size_t i = 0; i < prob.count; i++) {
            struct buffer name = {0};
            label_print(&name, &header->classes.labels[i]);
            buffer_byte(out, ' ');
            terminal_put(out, (struct slice){name.at, name.size});
            buffer_format(out, ":%.3f", prob.at[i]);
            buffer_free(&name);
        }
    }
    buffer_byte(out, '\n');
    free(prob.at);
}

/* Fields that rubric knows nothing of. */
static void put_unknown(const struct record *record, struct buffer *out)
{
    static const struct slice nowhere = {"", 0};
    int unknown = record_rank(nowhere);
    for (size_t i = 0; i < record->field_count; i++) {
        if (record_rank(record->fields[i].key) != unknown)
            continue;
        buffer_text(out, "  ");
        terminal_put(out, record->fields[i].key);
        buffer_text(out, ": ");
        put_value(out, record->fields[i].value);
        buffer_byte(out, '\n');
    }
}

void text_view_record(struct text_view *view, const struct record *record, const struct header *header,
                      struct buffer *out)
{
    put_title(view, record, out);
    put_meta(record, out);
    switch (header->kind) {
    case KIND_TOKENS:
        put_tokens(view, record, out);
        break;
    case KIND_VECTORS:
        put_vector(record, out);
        break;
    case KIND_PREDICTIONS:
        put_prediction(record, header, out);
        break;
    case KIND_ANY:
        break;
    }
    put_unknown(record, out);
    buffer_byte(out, '\n');
}

void text_view_free(struct text_view *view)
{
    free(view->ids.at);
    free(view->windows.at);
}
