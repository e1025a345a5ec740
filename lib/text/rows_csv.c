#include <string.h>

#include "text/rows_internal.h"

static const char *column_name(const struct rows *rows, size_t index)
{
    return index < rows->columns.count ? rows->columns.at[index] : "beyond the last";
}

static void reject_csv(struct rows *rows, struct row *row, enum csv_result result, size_t field,
                       size_t offset)
{
    char where[64];
    rows_place(row, offset, where, sizeof where);
    const char *name = column_name(rows, field);
    if (result == CSV_OPEN)
        rows_reject(rows, row, BAD_QUOTES, "field '%s': the quote opened at %s is never closed", name, where);
    else if (result == CSV_LONG)
        rows_reject(rows, row, BAD_LENGTH,
                    "field '%s', which begins at %s, is longer than %d MiB: is its quote never closed?", name,
                    where, CSV_FIELD_LIMIT >> 20);
    else
        rows_reject(
            rows, row, BAD_QUOTES,
            "field '%s': the closing quote before %s is followed by '%.1s': expected a delimiter or the "
            "line's end (a quote inside a quoted field is written twice)",
            name, where, row->raw.at + offset);
}

/* Takes the bad row at the front; false when that needs more input. */
static bool take_bad_csv(struct rows *rows, struct row *row, enum csv_result result)
{
    const char *at = rows->in.bytes.at + rows->in.used, *end = rows->in.bytes.at + rows->in.bytes.size;
    size_t field = rows->csv.count, offset = (size_t)(rows->csv.stop - at);
    const char *next = csv_resume(&rows->scratch, at, end, rows->in.ended, rows->delimiter,
                                  rows->columns.count);
    if (!next && end - at <= ROW_LIMIT)
        return false;
    if (!next) {
        const char *last = memrchr(at, '\n', (size_t)(end - at));
        rows->skip_line = !last;
        next = last ? last + 1 : end;
    }
    const char *stop = next > at && next[-1] == '\n' ? next - 1 : next;
    if (stop > at && stop[-1] == '\r')
        stop--;
    rows_take(rows, row, stop, next);
    reject_csv(rows, row, result, field, offset);
    return true;
}

/* A row was found: hands out the wanted fields, or rejects it. */
static bool give_csv(struct rows *rows, struct row *row)
{
    struct csv_row *csv = &rows->csv;
    struct text_facts facts = rows_take(rows, row, csv->end, csv->next);
    if (!rows_bytes_good(rows, row, facts))
        return false;
    if (csv->count != rows->columns.count) {
        rows_reject(rows, row, BAD_FIELDS,
                    "%zu field%s: expected %zu as in the header row (a text that holds the "
                    "delimiter, '%s', must be quoted)",
                    csv->count, csv->count == 1 ? "" : "s", rows->columns.count,
                    rows->delimiter == '\t' ? "tab" : (char[]){rows->delimiter, '\0'});
        return false;
    }
    rows->store.size = 0;
    bool any_stored = false;
    for (size_t i = 0; i < rows->wanted_count; i++) {
        const struct csv_field *field = &csv->fields[rows->map[i]];
        rows->fields[i] = field->text;
        rows->stored[i] = field->doubled;
        if (field->doubled) {
            size_t before = rows->store.size;
            csv_unquote(&rows->store, field->text);
            rows->fields[i].size = rows->store.size - before;
            any_stored = true;
        }
    }
    if (any_stored)
        rows_point_into_store(rows);
    return true;
}

bool rows_next_csv(struct rows *rows, struct row *row)
{
    for (;;) {
        if (!rows_skip_empty(rows)) {
            if (!input_more(&rows->in) && rows->in.used == rows->in.bytes.size)
                return false;
            continue;
        }
        const char *at = rows->in.bytes.at + rows->in.used, *end = rows->in.bytes.at + rows->in.bytes.size;
        enum csv_result result = csv_scan(&rows->csv, at, end, rows->in.ended, rows->delimiter,
                                          CSV_FIELD_LIMIT);
        if (result == CSV_FOUND) {
            if (give_csv(rows, row) || row->bad)
                return true;
            continue;
        }
        if (result == CSV_MORE && end - at > ROW_LIMIT)
            result = CSV_LONG;
        if (result == CSV_MORE || !take_bad_csv(rows, row, result))
            input_more(&rows->in);
        else if (row->bad)
            return true;
    }
}
