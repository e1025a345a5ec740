/* One label of a record: a whole number, a number or a string. */
#ifndef RUBRIC_STREAM_LABEL_H
#define RUBRIC_STREAM_LABEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"

enum label_type { LABEL_NONE, LABEL_INTEGER, LABEL_NUMBER, LABEL_STRING };
const char *label_type_name(enum label_type type); /* "none", "integer", "number", "string" */

/* The type with that name; false when there is none. */
bool label_type_find(const char *name, enum label_type *type);

/* One label.  `number` is set for integers too, so that numeric code reads one member. */
struct label {
    enum label_type type; /* LABEL_NONE: the record has none */
    int64_t integer;
    double number;
    struct slice string;
};

/* Writes a label as text: integers in decimal, numbers in the shortest form that reads back, strings as
 * they are.  Appends to `to`. */
void label_print(struct buffer *to, const struct label *label);

/* A label as a JSON value (null for LABEL_NONE), and back (LABEL_NONE for what is no label); a string then
 * points into `value`. */
json_t *label_to_json(const struct label *label);
struct label label_from_json(const json_t *value);

/* A label for a report: whole numbers without a point, text that is not UTF-8 escaped. */
json_t *label_to_plain_json(const struct label *label);

/* A label out of one msgpack object; a string then points into it.  False when it is none (or not finite). */
bool label_from_msgpack(struct slice object, struct label *label) __attribute__((warn_unused_result));

#endif
