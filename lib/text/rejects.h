/* What --bad-rows does with a row that is bad: end, or count it and leave it out, write it down
 * as it was, or mark it. */
#ifndef RUBRIC_TEXT_REJECTS_H
#define RUBRIC_TEXT_REJECTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "text/encoding.h"
#include "text/rows.h"

struct rejects {
    bool fail, mark;
    const char *path; /* NULL: they are only counted */
    struct file_output output;
    struct buffer pending;
    char *header; /* the header row that `path` has, terminated; NULL before the first file */
    const char *first_file;
    const char *line_end;
    struct decoder *decoder; /* owned: of the first file, in whose encoding and line ends all are written */
    uint64_t counts[BAD_COUNT];
    char *first;        /* message of the first */
    struct buffer last; /* under "mark": message of the last */
};

/* The file that `policy`, as in rows_options, names; NULL where it names none. */
const char *rejects_file(const char *policy);

/* The file must be none of the `inputs`, and not be there without `force`; it will be its owner's alone, for
 * it holds what people wrote. */
void rejects_open(struct rejects *r, const char *policy, bool force, char *const *inputs, size_t count);

/* A file begins: its header row (size 0: none) opens the rejects, so that they can be read again.  One file
 * of rejects has one header row and one encoding: STATUS_USAGE when a later file's differ. */
void rejects_begin(struct rejects *r, const char *file, struct slice header, bool byte_order_mark, bool crlf,
                   const struct decoder *decoder);

/* One bad row.  `message` says where and why.  Returns what to mark the row with (valid until the next), NULL
 * when it is to be left out. */
const char *rejects_add(struct rejects *r, enum bad_row reason, const char *message, struct slice raw);

uint64_t rejects_total(const struct rejects *r);
json_t *rejects_json(const struct rejects *r);

/* Writes what is pending, closes the file, and warns of what was left out. */
void rejects_finish(struct rejects *r);
void rejects_free(struct rejects *r);

#endif
