/* All rows to records of a stream, in order, by several threads.
 *
 * Rows go through in blocks.  While the texts of one block are tokenized, in groups, by all threads, one of
 * them writes the block before and reads the one after.  Records and counts are the same for any number of
 * threads.
 *
 * Memory: two blocks of at most 256 rows or, but for the last row, 1 MiB: of text, and of records beyond 32
 * KiB (kept columns, windows). */
#ifndef RUBRIC_TEXT_TOKEN_LINE_H
#define RUBRIC_TEXT_TOKEN_LINE_H

#include "base/pool.h"
#include "stream/stream.h"
#include "text/row_lookahead.h"
#include "text/tokens.h"

struct token_line {
    struct token_maker *maker;
    struct row_lookahead *lookahead; /* the first rows; freed when they have been read */
    bool more;                       /* further rows come from maker->rows */
    struct stream_writer *out;
    struct pool *pool;
};
void token_line_run(const struct token_line *line);

#endif
