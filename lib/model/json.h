/* JSON files of a model directory: strict reading, deterministic writing. */
#ifndef RUBRIC_MODEL_JSON_H
#define RUBRIC_MODEL_JSON_H

#include <jansson.h>

#include "base/memory.h"

/* The object in the file `path`; the caller releases it with json_decref.  Dies with STATUS_BROKEN, naming
 * line and column, on anything but one JSON object: broken syntax, duplicate keys, bytes that are not
 * UTF-8, more than 16 MiB. */
json_t *json_read_object(const char *path) __attribute__((warn_unused_result));

/* Appends `value` as JSON: keys in the order they were set, indented by two spaces, arrays of scalars on one
 * line, numbers in the shortest form that reads back exactly.  The same value gives the same bytes. */
void json_write(struct buffer *to, const json_t *value);

/* json_write to a file, with a final newline; synced. */
void json_save(const char *path, const json_t *value);

/* The shortest decimal form that strtod reads back as `value`, which is finite. */
void json_write_number(struct buffer *to, double value);

/* The double whose shortest form is that of the float: 1e-12f becomes 1e-12. */
double json_widen(float value);

#endif
