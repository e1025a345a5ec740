/* What the files of rows.h share.  Each uses only those above it:
 *   rows_take.c    a row is taken off the input, checked, found bad
 *   rows_lines.c   rows of JSON Lines and of plain text
 *   rows_csv.c     rows of CSV and TSV
 *   rows_files.c   files are opened, and say which columns they have
 *   rows.c         the interface */
#ifndef RUBRIC_TEXT_ROWS_INTERNAL_H
#define RUBRIC_TEXT_ROWS_INTERNAL_H

#include "text/csv.h"
#include "text/input.h"
#include "text/jsonl.h"
#include "text/rejects.h"
#include "text/rows.h"
#include "text/validate.h"

/* A row may have several long fields, but must fit in a record of the stream. */
enum { ROW_LIMIT = 48 << 20 };

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
    uint64_t line, number; /* where the next row begins; rows met */
    struct csv_row csv, scratch;
    struct name_list columns; /* of this file */
    struct slice *column_slices;
    bool unlisted;  /* lines follow those whose keys are listed (JSON Lines) */
    bool skip_line; /* the rest of a line beyond all limits is passed over */

    /* What is wanted. */
    char **wanted;
    size_t wanted_count;
    size_t *map;          /* [wanted_count] field of each wanted column in this file (CSV) */
    struct slice *fields; /* [wanted_count] */
    bool *stored;         /* [wanted_count] the field lies in `store` */
    struct buffer store;  /* texts that had to be made: doubled quotes, JSON numbers */
    json_t *object;       /* the JSON object that fields lie in */
    rows_met *met;        /* NULL: no one asks for names */
    void *met_context;

    struct rejects rejects;
    uint64_t total, bytes;
    struct buffer description; /* of the first file */
};

/* ---- rows_take.c ---- */

/* Takes the row [the front of the input, end) off it, with all up to `next`. */
struct text_facts rows_take(struct rows *rows, struct row *row, const char *end, const char *next);

/* Whether a row's bytes are text; a bad row is dealt with. */
bool rows_bytes_good(struct rows *rows, struct row *row, struct text_facts facts);

/* "line 3, column 7" of a byte of the row, into `text`. */
const char *rows_place(const struct row *row, size_t offset, char *text, size_t capacity);

/* Passes over the rest of a line that was too long, and empty lines, which are rows only in plain text; false
 * when that needs more input. */
bool rows_skip_empty(struct rows *rows);

/* Sets the fields that lie in `store`, which may have moved. */
void rows_point_into_store(struct rows *rows);

/* ---- rows_lines.c, rows_csv.c ---- */

/* The next row of this file, unless it is bad and left out; false at the file's end. */
bool rows_next_line(struct rows *rows, struct row *row);
bool rows_next_csv(struct rows *rows, struct row *row);

/* Hands out the wanted fields of a line of JSON Lines or plain text; false when it is bad, and dealt with. */
bool rows_give_line(struct rows *rows, struct row *row, struct text_facts facts);

/* ---- rows_files.c ---- */

/* Opens the next file, finds its format and reads its header row. */
void rows_open_next(struct rows *rows);
void rows_close_file(struct rows *rows);

/* Where the wanted columns stand in this file; STATUS_INPUT when one is missing. */
void rows_map_columns(struct rows *rows);
void rows_clear_columns(struct rows *rows);

#endif
