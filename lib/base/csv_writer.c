#include "base/csv_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "base/terminal.h"

char csv_parse_delimiter(const char *text)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        return '\t';
    if (strlen(text) != 1 || strchr("\"\r\n", *text) || (unsigned char)*text >= 0x80)
        die(STATUS_USAGE, "--delimiter is '%s': expected one ASCII character, such as ';', or tab", text);
    return *text;
}

bool csv_options_check(const struct csv_options *options)
{
    if (options->csv && options->spreadsheet)
        command_misuse("--csv and --spreadsheet exclude each other: the first is for programs");
    if (!options->spreadsheet && (options->delimiter || options->decimal == CSV_COMMA))
        command_misuse("--delimiter and --decimal go with --spreadsheet");
    return options->csv || options->spreadsheet;
}

struct csv_writer csv_writer_new(const struct csv_options *options, bool escape)
{
    struct csv_writer w = {.spreadsheet = options->spreadsheet, .escape = escape};
    w.decimal = options->decimal == CSV_COMMA ? ',' : '.';
    w.delimiter = options->delimiter ? csv_parse_delimiter(options->delimiter) : w.decimal == ',' ? ';' : ',';
    return w;
}

void csv_writer_free(struct csv_writer *w) { buffer_free(&w->text); }

void csv_begin(struct csv_writer *w, size_t columns, struct buffer *out)
{
    w->columns = columns;
    if (w->spreadsheet)
        buffer_text(out, "\xef\xbb\xbf");
}

/* ---- What a field is ---- */

static bool among(char c, const char *set) { return c && strchr(set, c); }

static size_t digits(struct slice text, size_t at)
{
    size_t from = at;
    while (at < text.size && text.at[at] >= '0' && text.at[at] <= '9')
        at++;
    return at - from;
}

/* -5, +0.25, -3,5, 1e-9: what both programs read as a number, or as the text it is. */
static bool is_number(struct slice text)
{
    size_t at = text.size && among(text.at[0], "+-"), whole = digits(text, at), part = 0;
    at += whole;
    if (at < text.size && among(text.at[at], ".,")) {
        part = digits(text, at + 1);
        at += 1 + part;
    }
    if (whole + part > 0 && at < text.size && among(text.at[at], "eE")) {
        at++;
        at += at < text.size && among(text.at[at], "+-");
        size_t exponent = digits(text, at);
        at = exponent ? at + exponent : text.size + 1;
    }
    return whole + part > 0 && at == text.size;
}

/* "-:12", as tok calls the rows of standard input. */
static bool is_row_id(struct slice text)
{
    return text.size > 2 && text.at[1] == ':' && 2 + digits(text, 2) == text.size;
}

static bool begins_formula(struct slice text)
{
    static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t size = strlen(starts[i]);
        if (text.size >= size && memcmp(text.at, starts[i], size) == 0)
            return !is_number(text) && !is_row_id(text);
    }
    return false;
}

static bool needs_quotes(const struct csv_writer *w, struct slice text)
{
    if (text.size == 0)
        return w->columns == 1; /* else the row would be an empty line */
    if (among(text.at[0], " \t") || among(text.at[text.size - 1], " \t"))
        return true;
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] == w->delimiter || text.at[i] == '"' || text.at[i] == '\n' || text.at[i] == '\r')
            return true;
    return false;
}

/* ---- Fields ---- */

static void put(struct csv_writer *w, struct slice text, bool quotes, struct buffer *out)
{
    if (quotes)
        buffer_byte(out, '"');
    for (size_t from = 0, to; from < text.size; from = to) {
        const char *quote = memchr(text.at + from, '"', text.size - from);
        to = quote ? (size_t)(quote - text.at) + 1 : text.size;
        buffer_append(out, text.at + from, to - from);
        if (quote)
            buffer_byte(out, '"');
    }
    if (quotes)
        buffer_byte(out, '"');
    bool last = ++w->column == w->columns;
    buffer_byte(out, last ? '\n' : w->delimiter);
    if (last)
        w->column = 0;
}

void csv_text(struct csv_writer *w, struct slice text, struct buffer *out)
{
    bool formula = begins_formula(text);
    w->formulas += formula;
    w->text.size = 0;
    if (formula && w->spreadsheet)
        buffer_byte(&w->text, '\'');
    if (w->escape)
        terminal_put(&w->text, text);
    else
        buffer_append(&w->text, text.at, text.size);
    text = (struct slice){w->text.at, w->text.size};
    put(w, text, needs_quotes(w, text) || (w->spreadsheet && text.size > 0), out);
}

void csv_plain(struct csv_writer *w, struct slice text, struct buffer *out)
{
    put(w, text, needs_quotes(w, text), out);
}

static void put_made(struct csv_writer *w, struct buffer *out)
{
    csv_plain(w, (struct slice){w->text.at, w->text.size}, out);
}

void csv_integer(struct csv_writer *w, int64_t value, struct buffer *out)
{
    w->text.size = 0;
    buffer_integer(&w->text, value);
    put_made(w, out);
}

static void put_number(struct csv_writer *w, struct buffer *out)
{
    char *point = memchr(w->text.at, '.', w->text.size);
    if (point)
        *point = w->decimal;
    put_made(w, out);
}

void csv_number(struct csv_writer *w, double value, struct buffer *out)
{
    w->text.size = 0;
    buffer_number(&w->text, value);
    put_number(w, out);
}

void csv_score(struct csv_writer *w, double value, struct buffer *out)
{
    if (!w->spreadsheet) {
        csv_number(w, value, out);
        return;
    }
    w->text.size = 0;
    buffer_format(&w->text, "%.3f", fabs(value) < 0.0005 ? 0 : value); /* no "-0.000" */
    put_number(w, out);
}

void csv_end(const struct csv_writer *w)
{
    if (w->formulas == 0)
        return;
    if (w->spreadsheet)
        note("%" PRIu64 " field%s would have been a formula: an apostrophe stands before %s", w->formulas,
             w->formulas == 1 ? "" : "s", w->formulas == 1 ? "it" : "each");
    else
        warn("%" PRIu64 " field%s like a formula: do not open this file in a spreadsheet "
             "(--spreadsheet writes one for it)",
             w->formulas, w->formulas == 1 ? " begins" : "s begin");
}
