/* The first records of a stream, held back until it is decided which columns a table of them has. */
#ifndef RUBRIC_STREAM_LOOKAHEAD_H
#define RUBRIC_STREAM_LOOKAHEAD_H

#include "stream/stream.h"

/* Start with {0}; release with lookahead_free. */
struct lookahead {
    struct buffer packed; /* the records, each behind its size */
    size_t count;
};

/* Adds a copy of `record`.  Returns true when that was enough: 1,000 records, or 1 MiB of them. */
bool lookahead_add(struct lookahead *lookahead, const struct record *record);

/* The record at *at (start with 0), which moves on to the next; false at the end.  `record` points into the
 * hold; its memory is kept from call to call, and freed by the caller.  `y` as for record_unpack. */
bool lookahead_next(const struct lookahead *lookahead, size_t *at, enum label_type y, struct record *record);

/* Frees the records; `count` stays. */
void lookahead_free(struct lookahead *lookahead);

#endif
