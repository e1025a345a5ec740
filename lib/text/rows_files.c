#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv_writer.h"
#include "base/error.h"
#include "base/file.h"
#include "text/rows_internal.h"

/* JSON Lines name their columns as they go: these many objects, or those that end within 1 MiB, are asked. */
enum { LEADING_OBJECTS = 1000, LEADING_BYTES = 1 << 20 };

void rows_clear_columns(struct rows *rows)
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

/* Makes sure that these lines, or the most bytes to look at, or all there is, are at hand. */
static void look_ahead(struct rows *rows, size_t lines, size_t most)
{
    for (;;) {
        struct slice text = {rows->in.bytes.at + rows->in.used, rows->in.bytes.size - rows->in.used};
        if (text.size >= most || (text.size > 0 && text_facts(text).newlines >= lines) ||
            !input_more(&rows->in))
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
        result = csv_scan(&rows->csv, window(rows), window_end(rows), rows->in.ended, rows->delimiter,
                          CSV_FIELD_LIMIT);
        if (result != CSV_MORE || window_end(rows) - window(rows) > ROW_LIMIT)
            break;
        input_more(&rows->in);
    }
    if (result != CSV_FOUND)
        die(STATUS_INPUT, "%s:%" PRIu64 ": the header row cannot be read: %s", name, rows->line,
            result == CSV_OPEN    ? "a quote is never closed"
            : result == CSV_STRAY ? "something else than a delimiter follows a closing quote"
                                  : "it is too long");
    struct slice whole = {window(rows), (size_t)(rows->csv.next - window(rows))};
    struct row row = {.file = rows->path,
                      .line = rows->line,
                      .raw = {whole.at, (size_t)(rows->csv.end - whole.at)},
                      .ours = true};
    bool fail = rows->rejects.fail;
    rows->rejects.fail = true; /* nothing can be read without its header row */
    struct text_facts facts = text_facts(whole);
    rows_bytes_good(rows, &row, facts);
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
        if (rows->met)
            rows->met(rows->met_context, rows->path, rows->line, text.at);
    }
    size_t line_end = whole.size - row.raw.size;
    rejects_begin(&rows->rejects, rows->path, row.raw, marked, line_end == 2, rows->in.decoder);
    rows->line += facts.newlines;
    rows->in.used += whole.size;
    rows->bytes += whole.size;
}

/* Ends as the row at the front would under --bad-rows fail. */
static void refuse_first_line(struct rows *rows)
{
    const char *newline = memchr(window(rows), '\n', (size_t)(window_end(rows) - window(rows)));
    const char *end = newline ? newline : window_end(rows);
    struct row row = {.file = rows->path,
                      .line = rows->line,
                      .raw = {window(rows), (size_t)(end - window(rows))},
                      .ours = true};
    rows->rejects.fail = true;
    rows_give_line(rows, &row, text_facts(row.raw));
}

/* The keys of the first objects, which have to be at hand: the same ones however many bytes a read gives. */
static void read_json_keys(struct rows *rows)
{
    look_ahead(rows, 1, ROW_LIMIT);
    look_ahead(rows, LEADING_OBJECTS, LEADING_BYTES);
    const char *at = window(rows);
    bool any = false;
    for (int i = 0; i < LEADING_OBJECTS && at < window_end(rows); i++) {
        const char *newline = memchr(at, '\n', (size_t)(window_end(rows) - at));
        const char *end = newline ? newline : window_end(rows);
        if ((!newline && !rows->in.ended) || (i > 0 && end - window(rows) >= LEADING_BYTES))
            break;
        char why[256];
        struct slice line = {at, (size_t)(end - at)};
        json_t *object = line.size > CSV_FIELD_LIMIT ? NULL : jsonl_parse(line, why, sizeof why);
        if (object)
            jsonl_add_keys(&rows->columns, object);
        any |= object != NULL;
        json_decref(object);
        at = newline ? newline + 1 : end;
    }
    if (!any && rows->next_path == 1) /* no object, no columns to choose from */
        refuse_first_line(rows);
    rows->unlisted = at < window_end(rows) || input_more(&rows->in);
}

void rows_map_columns(struct rows *rows)
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
            die(STATUS_INPUT, "%s: no column is called '%s', as in %s", file_name(rows->path),
                rows->wanted[i], file_name(rows->paths[0]));
        rows->map[i] = found;
    }
}

void rows_open_next(struct rows *rows)
{
    bool marked;
    rows->path = rows->paths[rows->next_path++];
    input_open(&rows->in, rows->path, rows->options->encoding, &marked);
    rows->open = true;
    rows->line = 1;
    rows->number = 0;
    rows->skip_line = false;
    rows_clear_columns(rows);
    rows->format = (enum rows_format)rows->options->format;
    while (!rows_skip_empty(rows) && input_more(&rows->in))
        continue;
    if (rows->in.used == rows->in.bytes.size)
        die(STATUS_INPUT, "%s: is empty: expected %s", file_name(rows->path),
            rows->format == ROWS_TEXT ? "lines of text" : "a header row and data");
    if (rows->format == ROWS_AUTO)
        rows->format = rows->options->delimiter ? ROWS_CSV : find_format(rows);
    if (rows->format == ROWS_CSV || rows->format == ROWS_TSV) {
        look_ahead(rows, 1, LEADING_BYTES);
        rows->delimiter = rows->options->delimiter   ? csv_parse_delimiter(rows->options->delimiter)
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
    rows_map_columns(rows);
}

void rows_close_file(struct rows *rows)
{
    input_close(&rows->in);
    rows->open = false;
}
