/* The first records of a stream, held back until it is decided which columns a table of them has. */
#ifndef RUBRIC_STREAM_HOLD_H
#define RUBRIC_STREAM_HOLD_H

#include "stream/stream.h"

/* Start with {0}; release with hold_free. */
struct hold {
    struct buffer packed; /* the records, each behind its size */
    size_t count;
};

/* Adds a copy of `record`.  Returns true when that was enough: 1,000 records, or 1 MiB of them. */
bool hold_add(struct hold *hold, const struct record *record);

/* The record at *at (start with 0), which moves on to the next; false at the end.  `record` points into the
 * hold; its memory is kept from call to call, and freed by the caller.  `y` as for record_unpack. */
bool hold_next(const struct hold *hold, size_t *at, enum label_type y, struct record *record);

/* Frees the records; `count` stays. */
void hold_free(struct hold *hold);

#endif
