#include "text/rows.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "text/rows_internal.h"

const char *rows_format_name(enum rows_format format)
{
    static const char *const names[] = {"auto", "CSV", "TSV", "JSON Lines", "text"};
    return names[format];
}

/* ---- Bad rows ---- */

static void reject(struct rows *rows, struct row *row, enum bad_row reason, const char *format,
                   va_list arguments)
{
    if (!row->ours)
        return;
    char message[1500];
    int used = snprintf(message, sizeof message, "%s:%" PRIu64 ": ", file_name(row->file), row->line);
    if (used < 0 || (size_t)used >= sizeof message)
        used = 0;
    vsnprintf(message + used, sizeof message - (size_t)used, format, arguments);
    row->bad = rejects_add(&rows->rejects, reason, message, row->raw);
}

void rows_reject(struct rows *rows, struct row *row, enum bad_row reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    reject(rows, row, reason, format, arguments);
    va_end(arguments);
}

/* "line 3, column 7" of a byte of the row. */
static const char *place(const struct row *row, size_t offset, char *text, size_t room)
{
    struct text_position at = text_position(row->raw, offset);
    snprintf(text, room, "line %" PRIu64 ", column %" PRIu64, row->line + at.line - 1, at.column);
    return text;
}

static void reject_encoding(struct rows *rows, struct row *row, size_t offset)
{
    char where[64];
    const char *at = row->raw.at + offset;
    int marked = rows->in.decoder ? decoder_marked(at, row->raw.size - offset) : -1;
    place(row, offset, where, sizeof where);
    if (marked >= 0)
        rows_reject(rows, row, BAD_ENCODING, "byte 0x%02x at %s is not %s text (--encoding)", marked, where,
                    decoder_name(rows->in.decoder));
    else
        rows_reject(
            rows, row, BAD_ENCODING,
            "byte 0x%02x at %s is not UTF-8: name the file's encoding, such as --encoding windows-1252",
            (unsigned char)*at, where);
}

bool rows_bytes_good(struct rows *rows, struct row *row, struct text_facts facts)
{
    if (facts.nul) {
        char where[64];
        const char *nul = memchr(row->raw.at, 0, row->raw.size);
        rows_reject(rows, row, BAD_NUL, "a NUL byte at %s: expected text (UTF-16 needs --encoding UTF-16)",
                    place(row, nul ? (size_t)(nul - row->raw.at) : 0, where, sizeof where));
        return false;
    }
    size_t invalid = facts.ascii ? row->raw.size : text_invalid_at(row->raw);
    if (invalid == row->raw.size)
        return true;
    reject_encoding(rows, row, invalid);
    return false;
}

/* ---- Rows of CSV ---- */

static const char *column_name(const struct rows *rows, size_t index)
{
    return index < rows->columns.count ? rows->columns.at[index] : "beyond the last";
}

/* The next row is [at, next): counts it and what it consumes. */
static struct text_facts take(struct rows *rows, struct row *row, const char *end, const char *next)
{
    const char *at = rows->in.bytes.at + rows->in.used;
    uint64_t shards = rows->options->shards;
    *row = (struct row){
        .file = rows->path,
        .number = ++rows->number,
        .line = rows->line,
        .fields = rows->fields,
        .raw = {at, (size_t)(end - at)},
        .ours = shards == 0 || rows->total % shards == rows->options->shard,
    };
    struct text_facts facts = text_facts((struct slice){at, (size_t)(next - at)});
    rows->line += facts.newlines;
    rows->in.used += (size_t)(next - at);
    rows->bytes += (uint64_t)(next - at);
    rows->total++;
    for (size_t i = 0; i < rows->wanted_count; i++)
        rows->fields[i] = (struct slice){0};
    return facts;
}

static void reject_csv(struct rows *rows, struct row *row, enum csv_result result, size_t field,
                       size_t offset)
{
    char where[64];
    place(row, offset, where, sizeof where);
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
    take(rows, row, stop, next);
    reject_csv(rows, row, result, field, offset);
    return true;
}

bool rows_skip_empty(struct rows *rows)
{
    struct input *in = &rows->in;
    while (in->used < in->bytes.size) {
        const char *at = in->bytes.at + in->used;
        size_t left = in->bytes.size - in->used, size = 0;
        if (rows->skip_line) {
            const char *newline = memchr(at, '\n', left);
            rows->skip_line = !newline;
            size = newline ? (size_t)(newline - at) + 1 : left;
        } else if (rows->format == ROWS_TEXT) {
            return true;
        } else if (*at == '\n') {
            size = 1;
        } else if (*at == '\r' && left == 1 && !in->ended) {
            return false;
        } else if (*at == '\r' && (left == 1 || at[1] == '\n')) {
            size = left == 1 ? 1 : 2;
        } else {
            return true;
        }
        rows->line += at[size - 1] == '\n';
        in->used += size;
        rows->bytes += size;
    }
    return false;
}

/* A row was found: hands out the wanted fields, or rejects it. */
static bool give_csv(struct rows *rows, struct row *row)
{
    struct csv_row *csv = &rows->csv;
    struct text_facts facts = take(rows, row, csv->end, csv->next);
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
    size_t offset = 0;
    for (size_t i = 0; any_stored && i < rows->wanted_count; i++) {
        if (!rows->stored[i])
            continue;
        rows->fields[i].at = rows->store.at + offset;
        offset += rows->fields[i].size;
    }
    return true;
}

/* The next good row of this file; false at its end. */
static bool next_csv(struct rows *rows, struct row *row)
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

/* ---- Rows of JSON Lines and of plain text ---- */

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
    size_t offset = 0;
    for (size_t i = 0; i < rows->wanted_count; i++) {
        if (!rows->stored[i])
            continue;
        rows->fields[i].at = rows->store.at + offset;
        offset += rows->fields[i].size;
    }
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

static bool next_line(struct rows *rows, struct row *row)
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
        struct text_facts facts = take(rows, row, end, next);
        if (rows_give_line(rows, row, facts) || row->bad)
            return true;
    }
}

/* ---- The interface ---- */

static void describe(struct rows *rows)
{
    buffer_text(&rows->description, rows_format_name(rows->format));
    if (rows->format == ROWS_CSV && rows->delimiter != ',')
        buffer_format(&rows->description, " with '%c'", rows->delimiter);
    if (rows->in.decoder)
        buffer_format(&rows->description, ", %s", decoder_name(rows->in.decoder));
}

struct rows *rows_open(char *const *paths, size_t count, const struct rows_options *options)
{
    static char standard_input[] = "-";
    static char *const only_standard_input[] = {standard_input};
    struct rows *rows = memory_zeroed(1, sizeof *rows);
    rows->options = options;
    rows->paths = count ? paths : only_standard_input;
    rows->path_count = count ? count : 1;
    rejects_open(&rows->rejects, options->bad_rows, rows->paths, rows->path_count);
    rows_open_next(rows);
    describe(rows);
    return rows;
}

static void free_selection(struct rows *rows)
{
    for (size_t i = 0; i < rows->wanted_count; i++)
        free(rows->wanted[i]);
    free(rows->wanted);
    free(rows->map);
    free(rows->fields);
    free(rows->stored);
}

void rows_close(struct rows *rows)
{
    if (rows->open)
        rows_close_file(rows);
    rows_clear_columns(rows);
    free(rows->columns.at);
    free(rows->column_slices);
    free_selection(rows);
    free(rows->csv.fields);
    free(rows->scratch.fields);
    buffer_free(&rows->store);
    buffer_free(&rows->description);
    json_decref(rows->object);
    rejects_free(&rows->rejects);
    free(rows);
}

const struct slice *rows_columns(struct rows *rows, size_t *count)
{
    *count = rows->columns.count;
    rows->column_slices = memory_resize(rows->column_slices, *count, sizeof *rows->column_slices);
    for (size_t i = 0; i < *count; i++)
        rows->column_slices[i] = slice_of(rows->columns.at[i]);
    return rows->column_slices;
}

bool rows_more_files(const struct rows *rows) { return rows->next_path < rows->path_count; }

bool rows_more_columns(const struct rows *rows)
{
    return rows->format == ROWS_JSONL && (rows->unlisted || rows_more_files(rows));
}

void rows_tell_names(struct rows *rows, rows_met *met, void *context)
{
    rows->met = met;
    rows->met_context = context;
}

void rows_select(struct rows *rows, char *const *names, size_t count)
{
    free_selection(rows);
    rows->wanted = memory_new(count, sizeof *rows->wanted);
    rows->map = memory_zeroed(count, sizeof *rows->map);
    rows->fields = memory_zeroed(count, sizeof *rows->fields);
    rows->stored = memory_zeroed(count, sizeof *rows->stored);
    rows->wanted_count = count;
    for (size_t i = 0; i < count; i++)
        rows->wanted[i] = memory_string(names[i]);
    rows_map_columns(rows);
}

bool rows_next(struct rows *rows, struct row *row)
{
    for (;;) {
        if (rows->open) {
            bool lines = rows->format == ROWS_JSONL || rows->format == ROWS_TEXT;
            if (lines ? next_line(rows, row) : next_csv(rows, row))
                return true;
            if (rows->number == 0)
                die(STATUS_INPUT, "%s: has a header row and no data", file_name(rows->path));
            rows_close_file(rows);
        }
        if (rows->next_path == rows->path_count)
            return false;
        rows_open_next(rows);
    }
}

uint64_t rows_bytes(const struct rows *rows) { return rows->bytes; }
uint64_t rows_count(const struct rows *rows) { return rows->total; }
uint64_t rows_bad(const struct rows *rows) { return rejects_total(&rows->rejects); }
json_t *rows_bad_json(const struct rows *rows) { return rejects_json(&rows->rejects); }
void rows_report(struct rows *rows) { rejects_finish(&rows->rejects); }

void rows_describe(const struct rows *rows, struct buffer *out)
{
    buffer_append(out, rows->description.at, rows->description.size);
}
