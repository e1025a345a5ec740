/* Comma-separated values: finds one row in memory and says what is wrong with it.
 *
 * The rule (RFC 4180, and what spreadsheets write): a field that begins with a quote ends at the
 * next quote that is not doubled, and a delimiter or the line's end must follow; it may hold line
 * ends.  Any other field is what stands between its delimiters, quotes and blanks included.  A row
 * ends at LF or CR LF.
 *
 * libcsv reads the same rows (tests/unit/rows.c compares the two), but it calls back for every field
 * after copying it byte by byte: 250 MB/s here, a third of the whole time of `tok`, and it would need
 * this very scan beside it, to count lines, to refuse what may not follow a closing quote, and to find
 * the next row after a bad one.  Moving from quote to quote, this scan alone reads several GB/s. */
#ifndef RUBRIC_TEXT_CSV_H
#define RUBRIC_TEXT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

enum {
    CSV_FIELD_LIMIT = 16 << 20, /* bytes of a field */
    CSV_COLUMN_LIMIT = 1 << 16,
};

struct csv_field {
    struct slice text; /* without the outer quotes */
    bool quoted;
    bool doubled; /* holds doubled quotes: csv_unquote makes the text */
};

/* A row found; start with {0}, release with free(.fields). */
struct csv_row {
    struct csv_field *fields;
    size_t count, capacity;
    const char *end;  /* the row's bytes end here, before its line end */
    const char *next; /* the next row begins here */
    const char *stop; /* for a bad row: the byte that made it so */
};

enum csv_result {
    CSV_FOUND,
    CSV_MORE,  /* the row goes on beyond the bytes at hand (never when `final`) */
    CSV_OPEN,  /* a quoted field has no closing quote */
    CSV_STRAY, /* something else than a delimiter or line end follows a closing quote, at `stop` */
    CSV_LONG,  /* a field is longer than the limit, or there are too many of them */
};

/* The row that begins at `at` (which is before `end`).  `final`: nothing comes after `end`. */
enum csv_result csv_scan(struct csv_row *row, const char *at, const char *end, bool final, char delimiter,
                         size_t field_limit);

/* Where reading goes on after the bad row at `at`: the nearest later line that begins a row of `count`
 * fields with no quote inside an unquoted field.  `end` when there is none and the input is final,
 * NULL when that takes more bytes than are at hand.  `row` is scratch. */
const char *csv_resume(struct csv_row *row, const char *at, const char *end, bool final, char delimiter,
                       size_t count);

/* Appends the text of a field that holds doubled quotes. */
void csv_unquote(struct buffer *to, struct slice text);

/* The delimiter of the header row at `at`: of comma, semicolon and tab the one that stands most often
 * outside quotes on its first line; comma where there is none. */
char csv_find_delimiter(const char *at, const char *end);

#endif
