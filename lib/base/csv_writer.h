/* CSV as filters write it (RFC 4180; lines end in LF): a row of titles, then rows of as many fields.
 *
 * --csv is for programs.  A text is written as the bytes it is, a number in the digits that read back the
 * same.  Fields that a spreadsheet would take for a formula are counted, and a warning says how many there
 * were.
 *
 * --spreadsheet is for Excel and LibreOffice.  It begins with the UTF-8 mark, by which they know the
 * encoding; every text stands in quotes, which also hold where a program splits at several characters; a
 * text that begins like a formula has an apostrophe before it; scores have three decimals; delimiter and
 * decimal sign are those of the reader's country.
 *
 * A field begins like a formula when its first character is one of those that OWASP lists ("CSV Injection":
 * = + - @, their full-width forms, tab, CR, LF), unless it is a plain number or one of tok's ids for
 * standard input.  OWASP knows two remedies, an apostrophe (also in its ASVS 5.0, 1.2.10) and a tab.
 * LibreOffice 7.4 takes either for text, but loses the tab on the way through an ODS file; Excel may lose
 * the apostrophe of a cell that is edited and saved as CSV.  The apostrophe is taken because it can be
 * seen. */
#ifndef RUBRIC_BASE_CSV_WRITER_H
#define RUBRIC_BASE_CSV_WRITER_H

#include "base/memory.h"

/* What the command line says. */
struct csv_options {
    bool csv, spreadsheet;
    /* With --spreadsheet: */
    const char *delimiter; /* NULL: comma, or semicolon where the decimal sign is a comma */
    int decimal;           /* enum csv_decimal */
};
enum csv_decimal { CSV_POINT, CSV_COMMA };

/* The rows of an option table (base/options.h) that set `member` of the settings, but for --csv. */
#define CSV_OPTION_ROWS(member)                                                                              \
    CSV_OPTION_ROW("spreadsheet", OPTION_FLAG, member.spreadsheet, NULL,                                     \
                   "CSV for Excel and LibreOffice: no formulas, UTF-8\nmark, scores of three decimals"),     \
        CSV_OPTION_ROW("delimiter", OPTION_TEXT, member.delimiter, "CHAR",                                   \
                       "with --spreadsheet: what separates fields\n(comma; with --decimal , semicolon)"),    \
        CSV_OPTION_ROW("decimal", OPTION_CHOICE, member.decimal, ".|,",                                      \
                       "with --spreadsheet: the decimal sign (.)")
#define CSV_OPTION_ROW(name, type, member, value, text)                                                      \
    {                                                                                                        \
        0, name, type, AT(member), value, .help = text                                                       \
    }

/* Whether either kind of CSV is asked for; STATUS_USAGE for options that do not go together. */
bool csv_options_check(const struct csv_options *options);

struct csv_writer {
    bool spreadsheet;
    bool escape; /* control characters of texts: for a terminal */
    char delimiter, decimal;
    size_t columns, column; /* in a row; the next one */
    uint64_t formulas;      /* fields that begin as one does */
    struct buffer text;     /* the field being written */
};
struct csv_writer csv_writer_new(const struct csv_options *options, bool escape);
void csv_writer_free(struct csv_writer *w);

/* Before the titles: each row has this many fields, at least one. */
void csv_begin(struct csv_writer *w, size_t columns, struct buffer *out);

/* The next field; the row ends by itself after the last.  All append to `out`. */
void csv_text(struct csv_writer *w, struct slice text, struct buffer *out);  /* somebody's words */
void csv_plain(struct csv_writer *w, struct slice text, struct buffer *out); /* our own, or nothing */
void csv_integer(struct csv_writer *w, int64_t value, struct buffer *out);
void csv_number(struct csv_writer *w, double value, struct buffer *out); /* in all its digits */
void csv_score(struct csv_writer *w, double value, struct buffer *out);  /* three decimals for spreadsheets */

/* After the last row: the warning. */
void csv_end(const struct csv_writer *w);

/* What --delimiter gives: one ASCII character, or "tab" or "\t"; STATUS_USAGE for anything else. */
char csv_parse_delimiter(const char *text);

#endif
