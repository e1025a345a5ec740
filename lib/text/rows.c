#include "text/rows.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "text/csv.h"
#include "text/input.h"
#include "text/jsonl.h"
#include "text/rejects.h"
#include "text/validate.h"

/* A row may have several long fields, but must fit in a record of the stream. */
enum { ROW_LIMIT = 48 << 20, LEADING_OBJECTS = 1000 };

struct rows {
    const struct rows_options *options;
    char *const *paths;
    size_t path_count, next_path;

    /* The file being read. */
    struct input in;
    bool open;
    const char *path;
    enum rows_format format;
    char delimiter;
    uint64_t line, number;    /* where the next row begins; rows met */
    struct csv_row csv, scratch;
    struct name_list columns; /* of this file */
    struct slice *column_slices;
    bool skip_line;           /* the rest of a line beyond all limits is passed over */

    /* What is wanted. */
    char **wanted;
    size_t wanted_count;
    size_t *map;              /* [wanted_count] field of each wanted column in this file (CSV) */
    struct slice *fields;     /* [wanted_count] */
    bool *stored;             /* [wanted_count] the field lies in `store` */
    struct buffer store;      /* texts that had to be made: doubled quotes, JSON numbers */
    json_t *object;           /* the JSON object that fields lie in */

    struct rejects rejects;
    uint64_t total, bytes;
};

const char *rows_format_name(enum rows_format format)
{
    static const char *const names[] = {"auto", "CSV", "TSV", "JSON Lines", "text"};
    return names[format];
}

/* ---- Bad rows ---- */

static void reject(struct rows *rows, struct row *row, enum bad_row reason, const char *format, va_list arguments)
{
    if (!row->ours)
        return;
    char message[1500];
    int used = snprintf(message, sizeof message, "%s:%" PRIu64 ": ", file_name(row->file), row->line);
    if (used < 0 || (size_t)used >= sizeof message)
        used = 0;
    vsnprintf(message + used, sizeof message - (size_t)used, format, arguments);
    row->bad = rejects_add(&rows->rejects, reason, message, row->raw, rows->in.decoder);
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
        rows_reject(rows, row, BAD_ENCODING,
                    "byte 0x%02x at %s is not UTF-8: name the file's encoding, such as --encoding windows-1252",
                    (unsigned char)*at, where);
}

/* Whether a row's bytes are text; a bad row is dealt with. */
static bool bytes_good(struct rows *rows, struct row *row, struct text_facts facts)
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

static void reject_csv(struct rows *rows, struct row *row, enum csv_result result, size_t field, size_t offset)
{
    char where[64];
    place(row, offset, where, sizeof where);
    const char *name = column_name(rows, field);
    if (result == CSV_OPEN)
        rows_reject(rows, row, BAD_QUOTES, "field '%s': the quote opened at %s is never closed", name, where);
    else if (result == CSV_LONG)
        rows_reject(rows, row, BAD_LENGTH,
                    "field '%s', which begins at %s, is longer than %d MiB: is its quote never closed?", name, where,
                    CSV_FIELD_LIMIT >> 20);
    else
        rows_reject(rows, row, BAD_QUOTES,
                    "field '%s': the closing quote before %s is followed by '%.1s': expected a delimiter or the "
                    "line's end (a quote inside a quoted field is written twice)",
                    name, where, row->raw.at + offset);
}

/* Takes the bad row at the front; false when that needs more input. */
static bool take_bad_csv(struct rows *rows, struct row *row, enum csv_result result)
{
    const char *at = rows->in.bytes.at + rows->in.used, *end = rows->in.bytes.at + rows->in.bytes.size;
    size_t field = rows->csv.count, offset = (size_t)(rows->csv.stop - at);
    const char *next = csv_resume(&rows->scratch, at, end, rows->in.ended, rows->delimiter, rows->columns.count);
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

/* Passes over empty lines and the rest of a line that was too long; false when that needs more input. */
static bool skip_empty(struct rows *rows)
{
    struct input *in = &rows->in;
    while (in->used < in->bytes.size) {
        const char *at = in->bytes.at + in->used;
        size_t left = in->bytes.size - in->used, size = 0;
        if (rows->skip_line) {
            const char *newline = memchr(at, '\n', left);
            rows->skip_line = !newline;
            size = newline ? (size_t)(newline - at) + 1 : left;
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
    if (!bytes_good(rows, row, facts))
        return false;
    if (csv->count != rows->columns.count) {
        rows_reject(rows, row, BAD_FIELDS, "%zu field%s: expected %zu as in the header row (a text that holds the "
                    "delimiter, '%s', must be quoted)", csv->count, csv->count == 1 ? "" : "s", rows->columns.count,
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
        if (!skip_empty(rows)) {
            if (!input_more(&rows->in) && rows->in.used == rows->in.bytes.size)
                return false;
            continue;
        }
        const char *at = rows->in.bytes.at + rows->in.used, *end = rows->in.bytes.at + rows->in.bytes.size;
        enum csv_result result = csv_scan(&rows->csv, at, end, rows->in.ended, rows->delimiter, CSV_FIELD_LIMIT);
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

static bool give_json(struct rows *rows, struct row *row)
{
    char why[256];
    json_decref(rows->object);
    rows->object = jsonl_parse(row->raw, why, sizeof why);
    if (!rows->object) {
        rows_reject(rows, row, BAD_JSON, "%s", why);
        return false;
    }
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
        bool texts = rows->format == ROWS_TEXT && !rows->skip_line;
        if (!(texts ? rows->in.used < rows->in.bytes.size : skip_empty(rows))) {
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
        if (row->raw.size > CSV_FIELD_LIMIT)
            rows_reject(rows, row, BAD_LENGTH, "a line longer than %d MiB", CSV_FIELD_LIMIT >> 20);
        else if (bytes_good(rows, row, facts) && (rows->format == ROWS_JSONL ? give_json : give_text)(rows, row))
            return true;
        if (row->bad)
            return true;
    }
}

/* ---- Files ---- */

static char parse_delimiter(const char *text)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        return '\t';
    if (strlen(text) != 1 || strchr("\"\r\n", *text) || (unsigned char)*text >= 0x80)
        die(STATUS_USAGE, "--delimiter is '%s': expected one ASCII character, such as ';', or tab", text);
    return *text;
}

static void clear_columns(struct rows *rows)
{
    for (size_t i = 0; i < rows->columns.count; i++)
        free(rows->columns.at[i]);
    rows->columns.count = 0;
}

static void add_column(struct rows *rows, char *name)
{
    struct name_list *list = &rows->columns;
    memory_grow(&list->at, &list->capacity, list->count + 1, sizeof *list->at);
    list->at[list->count++] = name;
}

/* Makes sure that a whole first line, or 1 MiB, or all there is, is at hand. */
static void look_ahead(struct rows *rows, size_t lines, size_t most)
{
    for (;;) {
        struct slice text = {rows->in.bytes.at + rows->in.used, rows->in.bytes.size - rows->in.used};
        if (text.size >= most || (text.size > 0 && text_facts(text).newlines >= lines) || !input_more(&rows->in))
            return;
    }
}

static const char *window(const struct rows *rows) { return rows->in.bytes.at + rows->in.used; }
static const char *window_end(const struct rows *rows) { return rows->in.bytes.at + rows->in.bytes.size; }

static enum rows_format find_format(const struct rows *rows)
{
    for (const char *at = window(rows); at < window_end(rows); at++)
        if (!strchr(" \t\r\n", *at))
            return *at == '{' ? ROWS_JSONL : ROWS_CSV;
    return ROWS_CSV;
}

static void read_csv_header(struct rows *rows, bool marked)
{
    const char *name = file_name(rows->path);
    enum csv_result result;
    for (;;) {
        result = csv_scan(&rows->csv, window(rows), window_end(rows), rows->in.ended, rows->delimiter, CSV_FIELD_LIMIT);
        if (result != CSV_MORE || window_end(rows) - window(rows) > ROW_LIMIT)
            break;
        input_more(&rows->in);
    }
    if (result != CSV_FOUND)
        die(STATUS_INPUT, "%s:%" PRIu64 ": the header row cannot be read: %s", name, rows->line,
            result == CSV_OPEN ? "a quote is never closed" : result == CSV_STRAY
                ? "something else than a delimiter follows a closing quote" : "it is too long");
    struct slice whole = {window(rows), (size_t)(rows->csv.next - window(rows))};
    struct row row = {.file = rows->path, .line = rows->line, .raw = {whole.at, (size_t)(rows->csv.end - whole.at)},
                      .ours = true};
    bool fail = rows->rejects.fail;
    rows->rejects.fail = true; /* nothing can be read without its header row */
    struct text_facts facts = text_facts(whole);
    bytes_good(rows, &row, facts);
    rows->rejects.fail = fail;
    if (facts.newlines == 0 && memchr(whole.at, '\r', whole.size - (whole.at[whole.size - 1] == '\r')))
        die(STATUS_INPUT, "%s: its lines end in CR alone: convert it with tr '\\r' '\\n'", name);
    for (size_t i = 0; i < rows->csv.count; i++) {
        struct buffer text = {0};
        if (rows->csv.fields[i].doubled)
            csv_unquote(&text, rows->csv.fields[i].text);
        else
            buffer_append(&text, rows->csv.fields[i].text.at, rows->csv.fields[i].text.size);
        buffer_byte(&text, '\0');
        add_column(rows, text.at);
    }
    size_t line_end = whole.size - row.raw.size;
    rejects_begin(&rows->rejects, rows->path, row.raw, marked, line_end == 2, rows->in.decoder);
    rows->line += facts.newlines;
    rows->in.used += whole.size;
    rows->bytes += whole.size;
}

/* The keys of the first objects, which have to be at hand. */
static void read_json_keys(struct rows *rows)
{
    look_ahead(rows, LEADING_OBJECTS, 1 << 20);
    const char *at = window(rows);
    for (int i = 0; i < LEADING_OBJECTS && at < window_end(rows); i++) {
        const char *newline = memchr(at, '\n', (size_t)(window_end(rows) - at));
        if (!newline && !rows->in.ended)
            break;
        const char *end = newline ? newline : window_end(rows);
        char why[256];
        json_t *object = jsonl_parse((struct slice){at, (size_t)(end - at)}, why, sizeof why);
        if (object)
            jsonl_add_keys(&rows->columns, object);
        json_decref(object);
        at = newline ? newline + 1 : end;
    }
}

static void map_columns(struct rows *rows)
{
    if (rows->format == ROWS_JSONL || rows->format == ROWS_TEXT)
        return;
    for (size_t i = 0; i < rows->wanted_count; i++) {
        size_t found = rows->columns.count;
        for (size_t k = 0; k < rows->columns.count; k++) {
            if (strcmp(rows->columns.at[k], rows->wanted[i]) != 0)
                continue;
            if (found < rows->columns.count)
                die(STATUS_INPUT, "%s: two columns are called '%s'", file_name(rows->path), rows->wanted[i]);
            found = k;
        }
        if (found == rows->columns.count)
            die(STATUS_INPUT, "%s: no column is called '%s', as in %s", file_name(rows->path), rows->wanted[i],
                file_name(rows->paths[0]));
        rows->map[i] = found;
    }
}

static void open_next(struct rows *rows)
{
    bool marked;
    rows->path = rows->paths[rows->next_path++];
    input_open(&rows->in, rows->path, rows->options->encoding, &marked);
    rows->open = true;
    rows->line = 1;
    rows->number = 0;
    clear_columns(rows);
    rows->format = (enum rows_format)rows->options->format;
    while (rows->format != ROWS_TEXT && !skip_empty(rows) && input_more(&rows->in))
        continue;
    if (rows->in.used == rows->in.bytes.size)
        die(STATUS_INPUT, "%s: is empty: expected %s", file_name(rows->path),
            rows->format == ROWS_TEXT ? "lines of text" : "a header row and data");
    if (rows->format == ROWS_AUTO)
        rows->format = rows->options->delimiter ? ROWS_CSV : find_format(rows);
    if (rows->format == ROWS_CSV || rows->format == ROWS_TSV) {
        look_ahead(rows, 1, 1 << 20);
        rows->delimiter = rows->options->delimiter ? parse_delimiter(rows->options->delimiter)
                          : rows->format == ROWS_TSV ? '\t'
                                                     : csv_find_delimiter(window(rows), window_end(rows));
        rows->format = rows->delimiter == '\t' ? ROWS_TSV : ROWS_CSV;
        read_csv_header(rows, marked);
    } else {
        if (rows->format == ROWS_JSONL)
            read_json_keys(rows);
        else
            add_column(rows, memory_string("text"));
        const char *newline = memchr(window(rows), '\n', (size_t)(window_end(rows) - window(rows)));
        bool crlf = newline && newline > window(rows) && newline[-1] == '\r';
        rejects_begin(&rows->rejects, rows->path, (struct slice){"", 0}, marked, crlf, rows->in.decoder);
    }
    map_columns(rows);
}

static void close_file(struct rows *rows)
{
    input_close(&rows->in);
    rows->open = false;
}

struct rows *rows_open(char *const *paths, size_t count, const struct rows_options *options)
{
    static char standard_input[] = "-";
    static char *const only_standard_input[] = {standard_input};
    struct rows *rows = memory_zeroed(1, sizeof *rows);
    rows->options = options;
    rows->paths = count ? paths : only_standard_input;
    rows->path_count = count ? count : 1;
    rejects_open(&rows->rejects, options->bad_rows);
    open_next(rows);
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
        close_file(rows);
    clear_columns(rows);
    free(rows->columns.at);
    free(rows->column_slices);
    free_selection(rows);
    free(rows->csv.fields);
    free(rows->scratch.fields);
    buffer_free(&rows->store);
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
    map_columns(rows);
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
            close_file(rows);
        }
        if (rows->next_path == rows->path_count)
            return false;
        open_next(rows);
    }
}

uint64_t rows_bytes(const struct rows *rows) { return rows->bytes; }
uint64_t rows_count(const struct rows *rows) { return rows->total; }
uint64_t rows_bad(const struct rows *rows) { return rejects_total(&rows->rejects); }
json_t *rows_bad_json(const struct rows *rows) { return rejects_json(&rows->rejects); }
void rows_report(struct rows *rows) { rejects_finish(&rows->rejects); }

void rows_describe(const struct rows *rows, struct buffer *out)
{
    buffer_text(out, rows_format_name(rows->format));
    if (rows->format == ROWS_CSV && rows->delimiter != ',')
        buffer_format(out, " with '%c'", rows->delimiter);
    if (rows->in.decoder)
        buffer_format(out, ", %s", decoder_name(rows->in.decoder));
}
