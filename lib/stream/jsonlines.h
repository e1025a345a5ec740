/* Streams as JSON Lines, for tools that do not read msgpack, and back: a line for the header, one for each
 * record, one for the trailer.  A stream that rubric made comes back byte for byte.
 *
 * Numbers: what has neither point nor exponent is an integer, all else float64; except within a record's
 * "vec", where it is float32.  Floats are written in the fewest digits that read back the same.
 * What JSON cannot say is an object with one key: {"$bin": HEX}, {"$ext": [TYPE, HEX]},
 * {"$big": DECIMAL} (integers above 2^63 - 1), {"$float": "nan"|"inf"|"-inf"}, {"$str": HEX} (a string that
 * is not UTF-8) and {"$map": [[KEY, VALUE], ...]} (a map whose keys are not all strings of UTF-8, or whose
 * single key begins with "$").  Characters that act on a terminal or cannot be seen are always escaped. */
#ifndef RUBRIC_STREAM_JSONLINES_H
#define RUBRIC_STREAM_JSONLINES_H

#include "stream/msgpack.h"
#include "stream/stream.h"

/* One msgpack object as JSON in one line, appended to `out`. */
void json_put_msgpack(struct buffer *out, struct slice object);

/* A record as one line, with its newline. */
void jsonlines_put_record(struct buffer *out, const struct record *record);

/* Reads JSON Lines from `path` ("-": standard input) and writes the sealed stream they stand for.  "end" and
 * "hash" of a trailer's line are counted anew (so lines may have been taken out); the line itself must be
 * there.  Dies with STATUS_INPUT naming file and line. */
void jsonlines_pack(const char *path, struct stream_writer *writer);

#endif
