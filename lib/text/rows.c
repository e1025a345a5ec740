#include "text/rows.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "text/rows_internal.h"

static const char *format_name(enum rows_format format)
{
    static const char *const names[] = {"auto", "CSV", "TSV", "JSON Lines", "text"};
    return names[format];
}

static void describe(struct rows *rows)
{
    buffer_text(&rows->description, format_name(rows->format));
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
    rejects_open(&rows->rejects, options->bad_rows, options->force, rows->paths, rows->path_count);
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
            if (lines ? rows_next_line(rows, row) : rows_next_csv(rows, row))
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
