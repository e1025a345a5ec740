/* Shared by the files of this room only. */
#ifndef RUBRIC_STREAM_INTERNAL_H
#define RUBRIC_STREAM_INTERNAL_H

#include "stream/msgpack.h"
#include "stream/stream.h"

/* Lists the fields of the map at `cursor` in `record` (cleared first) and moves behind it. */
enum msgpack_result record_split(struct record *record, struct msgpack_cursor *cursor);

/* Reads id, y, w, part and fold of a split record under the header's label type.  Returns false with the
 * reason in `problem`. */
bool record_interpret(struct record *record, enum label_type y, char *problem, size_t capacity);

/* The place of a known key in a record; keys that are not known come last. */
int record_rank(struct slice key);

/* The value under `column` in the map of meta; .at is NULL where there is none. */
struct slice record_meta_value(const struct record *record, struct slice column);

#endif
