/* JSON: values are jansson's; files are read within bounds, and the same value always gives the same bytes.
 */
#ifndef RUBRIC_BASE_JSON_H
#define RUBRIC_BASE_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "base/memory.h"

/* ---- Reading ---- */

/* The most bytes of a JSON text, and the most values, each of which takes up to 250 bytes of memory. */
enum { JSON_FILE_LIMIT = 16 << 20, JSON_VALUES_LIMIT = 1 << 20 };

/* The value that `text` is; `name` is for messages, the rest as below. */
json_t *json_parse(struct slice text, const char *name, size_t flags)
    __attribute__((warn_unused_result, returns_nonnull));

/* The value in the regular file `path`, and the same where only an object will do; the caller releases it
 * with json_decref.  `flags`: jansson's, for decoding, besides that of refusing keys that are there twice.
 * Dies with STATUS_BROKEN, naming line and column, on broken syntax, duplicate keys, bytes that are not UTF-8
 * and what is larger. */
json_t *json_read(const char *path, size_t flags) __attribute__((warn_unused_result, returns_nonnull));
json_t *json_read_object(const char *path, size_t flags) __attribute__((warn_unused_result, returns_nonnull));

/* The bytes of a string, which are the value's; .at is NULL for what is no string. */
struct slice json_slice(const json_t *string);

/* ---- Making values ---- */

/* Add `value`, which they take over.  jansson makes no value of text that is not UTF-8 and of a number that
 * is not finite, the only way that this can fail: dies with STATUS_INPUT then. */
void json_set(json_t *object, const char *key, json_t *value);
void json_add(json_t *array, json_t *value);

json_t *json_count(uint64_t n);

/* A number; null for what is not finite. */
json_t *json_finite(double value);

/* A text; what is not UTF-8 is escaped as terminal_put does it. */
json_t *json_text(struct slice text);

/* The double whose shortest form is that of the float: 1e-12f becomes 1e-12. */
double json_widen(float value);

/* ---- Writing ---- */

/* A string of valid UTF-8, in quotes.  Characters that act on a terminal or cannot be seen (utf8_hidden) are
 * escaped. */
void json_put_string(struct buffer *out, struct slice text);

/* A finite number that is not whole by its type, in the fewest digits that read back the same: as a float64,
 * or, once that is made a float32, as a float32.  It has a point or an exponent, so that it is no integer. */
void json_put_real(struct buffer *out, double value);
void json_put_float(struct buffer *out, float value);

/* A value: keys in the order in which they were set. */
enum json_layout {
    JSON_LINE, /* all in one line, without blanks */
    JSON_LINES /* a line for each key, indented by two; arrays of single values in one line */
};
void json_put(struct buffer *out, const json_t *value, enum json_layout layout);

/* A file of JSON_LINES, with a final newline; synced. */
void json_save(const char *path, const json_t *value);

#endif
