/* How a model directory came to be, for show MODEL. */
#ifndef RUBRIC_MODEL_HISTORY_H
#define RUBRIC_MODEL_HISTORY_H

#include "base/memory.h"

/* Appends a text: the shape, what config.json's "rubric" object says, and the commands of rubric
 * that trail.json names, as a line.  A directory that rubric did not write is described by its shape.  Dies
 * with STATUS_BROKEN when `directory` has no config.json, or one that is not JSON. */
void model_history(const char *directory, struct buffer *out);

#endif
