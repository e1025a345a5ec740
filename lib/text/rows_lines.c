#include <string.h>

#include "text/rows_internal.h"

static void tell_keys(const struct rows *rows, const struct row *row)
{
    const char *key;
    json_t *value;
    json_object_foreach(rows->object, key, value) rows->met(rows->met_context, row->file, row->line, key);
}

static bool give_json(struct rows *rows, struct row *row)
{
    char why[256];
    json_decref(rows->object);
    rows->object = jsonl_parse(row->raw, why, sizeof why);
    if (!rows->object) {
        rows_reject(rows, row, BAD_JSON, "%s", why);
        return false;
    }
    if (rows->met)
        tell_keys(rows, row);
    rows->store.size = 0;
    for (size_t i = 0; i < rows->wanted_count; i++) {
        if (!jsonl_text(rows->object, rows->wanted[i], &rows->store, &rows->fields[i], &rows->stored[i])) {
            rows_reject(rows, row, BAD_JSON, "'%s' is an array or an object: expected a string or a number",
                        rows->wanted[i]);
            return false;
        }
    }
    rows_point_into_store(rows);
    return true;
}

static bool give_text(struct rows *rows, struct row *row)
{
    for (size_t i = 0; i < rows->wanted_count; i++)
        rows->fields[i] = row->raw;
    return true;
}

bool rows_give_line(struct rows *rows, struct row *row, struct text_facts facts)
{
    if (row->raw.size > CSV_FIELD_LIMIT) {
        rows_reject(rows, row, BAD_LENGTH, "a line longer than %d MiB", CSV_FIELD_LIMIT >> 20);
        return false;
    }
    return rows_bytes_good(rows, row, facts) &&
           (rows->format == ROWS_JSONL ? give_json : give_text)(rows, row);
}

/* The line at the front: sets its end and what follows; false when more input is needed. */
static bool find_line(const struct rows *rows, const char **end, const char **next)
{
    const char *at = rows->in.bytes.at + rows->in.used, *limit = rows->in.bytes.at + rows->in.bytes.size;
    const char *newline = memchr(at, '\n', (size_t)(limit - at));
    if (!newline && !rows->in.ended && limit - at <= ROW_LIMIT)
        return false;
    *end = newline ? newline : limit;
    *next = newline ? newline + 1 : limit;
    if (*end > at && (*end)[-1] == '\r')
        --*end;
    return true;
}

bool rows_next_line(struct rows *rows, struct row *row)
{
    for (;;) {
        if (!rows_skip_empty(rows)) {
            if (!input_more(&rows->in) && rows->in.used == rows->in.bytes.size)
                return false;
            continue;
        }
        const char *end, *next;
        if (!find_line(rows, &end, &next)) {
            input_more(&rows->in);
            continue;
        }
        rows->skip_line = next[-1] != '\n' && !rows->in.ended;
        struct text_facts facts = rows_take(rows, row, end, next);
        if (rows_give_line(rows, row, facts) || row->bad)
            return true;
    }
}
