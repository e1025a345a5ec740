/* A trail: the commands that made a stream or a model, as "trail" of a header or trail.json keeps them. */
#ifndef RUBRIC_STREAM_TRAIL_H
#define RUBRIC_STREAM_TRAIL_H

#include <jansson.h>

#include "base/memory.h"

/* The entries of a trail as one pipeline, ready to run: "tok essays.csv | split --stratify", without a
 * newline. Where stages were run one at a time, with files between them, these files are left out: the
 * operands of all commands but the first, and -o FILE of all but the last (fit's -o names its model and
 * stays).  Entries of what is not a filter of rubric are left out; nothing is appended for what is no list.
 * Returns how many were left out. */
size_t trail_put_pipeline(struct buffer *out, const json_t *trail);

#endif
