/* JSON as a cursor over its text, for what may be long: nothing is built of it, so that a line of megabytes
 * takes no more memory than it has bytes.
 *
 *     struct json_cursor c = json_cursor_of(line);
 *     struct json_token token;
 *     if (json_cursor_value(&c, &token) && token.type == JSON_OBJECT)
 *         for (bool first = true; json_cursor_key(&c, first, &token); first = false)
 *             json_cursor_skip(&c);                        // or read the value
 *     bool good = json_cursor_end(&c);
 *
 * Every function returns false where the text is not as it should be; `problem` says why and `at` where, and
 * every function called later returns false too.  That a key is there twice is the caller's to see. */
#ifndef RUBRIC_BASE_JSON_CURSOR_H
#define RUBRIC_BASE_JSON_CURSOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"

struct json_cursor {
    const char *at, *begin, *end;
    const char *problem; /* NULL: none yet */
};

/* A value: a single one, or the bracket that begins an array or object. */
struct json_token {
    json_type type;
    struct slice text; /* of a string: what stands between the quotes */
    bool escaped;      /* a string has escapes in it */
    int64_t integer;
    double real;
};

/* `text` is valid UTF-8. */
struct json_cursor json_cursor_of(struct slice text);

/* Reads a value, or the bracket that begins it. */
bool json_cursor_value(struct json_cursor *c, struct json_token *token);

/* Within an array: whether another item follows, which is then read with json_cursor_value; else moves behind
 * its end. `first`: none was read yet. */
bool json_cursor_item(struct json_cursor *c, bool first);

/* Within an object: the same; reads the key. */
bool json_cursor_key(struct json_cursor *c, bool first, struct json_token *key);

/* Moves over a whole value. */
bool json_cursor_skip(struct json_cursor *c);

/* Whether nothing but blanks is left. */
bool json_cursor_end(struct json_cursor *c);

/* Appends what a string means, of its text. */
void json_unescape(struct buffer *out, struct slice text);

/* Appends "column 12: found 'x': expected ...". */
void json_cursor_describe(const struct json_cursor *c, struct buffer *out);

#endif
