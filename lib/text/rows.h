/* Rows of CSV, TSV, JSON Lines or plain lines of text: "give me the next row", whatever the file.
 *
 *     struct rows *rows = rows_open(paths, count, &options);
 *     ... rows_columns(rows) ...                     what there is
 *     rows_select(rows, names, n);                   what is wanted (columns.h chooses, and selects)
 *     for (struct row row; rows_next(rows, &row);)
 *         row.fields[0] ...                          the wanted fields, in the order asked for
 *     rows_close(rows);
 *
 * Several files are one run of rows; each has a header row of its own (CSV and TSV), and columns go by
 * name, in whatever order they stand.  Every row handed out is valid UTF-8 without NULs and has as many
 * fields as its header.  A row that is not so, or that the caller refuses (rows_reject), is bad: it ends the
 * process with STATUS_INPUT; or is counted and left out; or is counted and written to a file as it was; or is
 * counted and handed out with its reason ("mark"), so that nothing is missing from what is made of it.
 *
 * Memory: the longest row (fields are capped at CSV_FIELD_LIMIT), a read buffer, the columns' names. */
#ifndef RUBRIC_TEXT_ROWS_H
#define RUBRIC_TEXT_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

enum rows_format { ROWS_AUTO, ROWS_CSV, ROWS_TSV, ROWS_JSONL, ROWS_TEXT };
#define ROWS_FORMAT_NAMES "auto|csv|tsv|jsonl|text" /* for OPTION_CHOICE */

struct rows_options {
    int format;             /* enum rows_format; ROWS_AUTO: JSON Lines begins with "{", else CSV or TSV */
    const char *delimiter;  /* as typed: one character, "tab" or "\t"; NULL: found in the header row */
    const char *encoding;   /* iconv's name; NULL: UTF-8, or UTF-16 where there is a byte order mark */
    const char *bad_rows;   /* "fail" or NULL, "skip", "mark", or a file for the rejects */
    bool force;             /* that file may be there already: it is written over */
    uint64_t shard, shards; /* only every `shards`-th row is the caller's; shards 0: all are */
};

/* The rows of an option table (base/options.h) that set them, but for bad_rows, which not every filter takes
 * whole. */
#define ROWS_OPTION_ROWS(format, delimiter, encoding)                                                        \
    {0, "format", OPTION_CHOICE, format, ROWS_FORMAT_NAMES, .help = "format of the input (default auto)"},   \
        {0,         "delimiter", OPTION_TEXT,                                                                \
         delimiter, "CHAR",      .help = "what separates fields (default: found; or tab)"},                  \
    {                                                                                                        \
        0, "encoding", OPTION_TEXT, encoding, "NAME", .help = "encoding of the input (default UTF-8)"        \
    }

/* Why a row is bad; the names are keys of the trailer. */
enum bad_row {
    BAD_QUOTES,   /* an unclosed quote, or something after a closing one */
    BAD_FIELDS,   /* another number of fields than the header row */
    BAD_ENCODING, /* bytes that are not UTF-8, or not of the declared encoding */
    BAD_NUL,
    BAD_LENGTH, /* a field or row beyond the limits */
    BAD_JSON,
    BAD_TEXT, /* no text, or longer than the model takes under --long fail */
    BAD_LABEL,
    BAD_VALUE, /* a weight, part or fold that is none */
    BAD_COUNT,
};

struct row {
    const char *file;     /* as named on the command line; "-" for standard input */
    uint64_t number;      /* data rows of this file from 1; bad ones count */
    uint64_t line;        /* of the file, from 1, where the row begins */
    struct slice *fields; /* [selected]; .at is NULL where a JSON object has no such key, or null */
    struct slice raw;     /* the row as it stands in the (decoded) file, without its line end */
    const char *bad;      /* under "mark": why it is bad, and then fields may be missing; else NULL */
    bool ours;            /* of this shard; bad rows of other shards are nobody's business here */
};

struct rows;

/* Opens the first file and reads its header row; STATUS_INPUT for an empty file, one with no data
 * rows, a header row that cannot be read, or JSON Lines without an object at their beginning (whatever
 * becomes of bad rows: no column is known).  `options` and `paths` are kept by reference. */
struct rows *rows_open(char *const *paths, size_t count, const struct rows_options *options);
void rows_close(struct rows *rows);

/* The columns of the first file: its header row; the keys of the first objects of JSON Lines, in order;
 * "text" for plain text.  Borrowed. */
const struct slice *rows_columns(struct rows *rows, size_t *count);

/* Whether names that rows_columns does not list may still come: the first file is JSON Lines, and lines or
 * files follow those whose keys are listed.  To be asked before the first row. */
bool rows_more_columns(const struct rows *rows);
/* Whether files follow the one being read. */
bool rows_more_files(const struct rows *rows);

/* Tells `met` every key of every object of JSON Lines, and every name in the header rows of later files, with
 * the line where it stands.  It may be told a name often, and may die(). */
typedef void rows_met(void *context, const char *file, uint64_t line, const char *name);
void rows_tell_names(struct rows *rows, rows_met *met, void *context);

/* The columns that are wanted, by name (copied).  Every later file with a header row must have them too. */
void rows_select(struct rows *rows, char *const *names, size_t count);

/* The next row; what it points to lives until the next call.  False at the end of the last file. */
bool rows_next(struct rows *rows, struct row *row);

/* The caller finds `row` bad; sets row->bad under "mark". */
void rows_reject(struct rows *rows, struct row *row, enum bad_row reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Bytes of decoded input handed out so far. */
uint64_t rows_bytes(const struct rows *rows);
/* Data rows met, bad ones included. */
uint64_t rows_count(const struct rows *rows);
uint64_t rows_bad(const struct rows *rows);
/* {"quotes": 2, ...}; NULL when there were none.  The caller owns it. */
json_t *rows_bad_json(const struct rows *rows);

/* One line on what was read: format, delimiter and encoding of the first file ("CSV with ';', windows-1252").
 * Appends to `out`. */
void rows_describe(const struct rows *rows, struct buffer *out);

/* Closes the rejects, checked, and warns about the bad rows: how many, why, and the first in full. */
void rows_report(struct rows *rows);

#endif
