/* msgpack, bounded: a cursor that checks every length against the bytes that are left before it
 * believes it, and appenders that write the shortest form.  The format: msgpack.org's specification. */
#ifndef RUBRIC_STREAM_MSGPACK_H
#define RUBRIC_STREAM_MSGPACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

enum { MSGPACK_MAX_DEPTH = 16, MSGPACK_MAX_KEYS = 256, MSGPACK_MAX_SIZE = 64 << 20 };

enum msgpack_type {
    MSGPACK_NIL,
    MSGPACK_BOOL,
    MSGPACK_INTEGER, /* fits int64 */
    MSGPACK_BIG,     /* uint64 above INT64_MAX */
    MSGPACK_FLOAT,
    MSGPACK_DOUBLE,
    MSGPACK_STRING,
    MSGPACK_BINARY,
    MSGPACK_ARRAY,
    MSGPACK_MAP,
    MSGPACK_EXTENSION,
};

/* One token: a scalar, or the head of an array or map whose items follow. */
struct msgpack_token {
    enum msgpack_type type;
    bool boolean;
    int64_t integer;
    uint64_t big;
    double number;      /* MSGPACK_FLOAT and MSGPACK_DOUBLE */
    struct slice bytes; /* string, binary, extension payload */
    uint32_t count;     /* array items, map pairs */
};

struct msgpack_cursor {
    const uint8_t *at, *end;
};

/* At the first byte of `bytes`, which may be NULL and 0. */
struct msgpack_cursor msgpack_cursor_of(struct slice bytes);

/* Why a cursor could not go on. */
enum msgpack_result {
    MSGPACK_GOOD,
    MSGPACK_MORE,   /* the object goes on beyond the bytes at hand */
    MSGPACK_BROKEN, /* no such msgpack */
    MSGPACK_TOO_DEEP,
    MSGPACK_TOO_LONG,  /* more than MSGPACK_MAX_SIZE bytes or items, or MSGPACK_MAX_KEYS keys */
    MSGPACK_DUPLICATE, /* a map with one string key twice */
    MSGPACK_KEYS,      /* not a map with string keys, where one must be */
};
const char *msgpack_result_text(enum msgpack_result result);

/* Reads one token and moves on; leaves the cursor alone unless MSGPACK_GOOD.  An array or map that says it
 * has more items than bytes are left is MSGPACK_MORE. */
enum msgpack_result msgpack_next(struct msgpack_cursor *cursor, struct msgpack_token *token);

/* Moves over one whole object; `depth` is how many arrays and maps it already lies in.  Leaves the cursor
 * alone unless MSGPACK_GOOD.  In maps at any depth string keys must differ. */
enum msgpack_result msgpack_skip(struct msgpack_cursor *cursor, int depth);

/* The same for bytes that msgpack_skip has passed over before; returns the object. */
struct slice msgpack_pass(struct msgpack_cursor *cursor);

/* The first token of a whole object; nil where there is none. */
struct msgpack_token msgpack_first(struct slice object);

/* What a msgpack object is, for messages: "a string", "an array". */
const char *msgpack_kind(struct slice object);

/* Writes one integer in its shortest form to `to`, of at most nine bytes; returns their end. */
uint8_t *msgpack_write_integer(uint8_t *to, int64_t value);

void msgpack_put_nil(struct buffer *to);
void msgpack_put_bool(struct buffer *to, bool value);
void msgpack_put_integer(struct buffer *to, int64_t value);
void msgpack_put_unsigned64(struct buffer *to, uint64_t value); /* always nine bytes */
void msgpack_put_float(struct buffer *to, float value);
void msgpack_put_double(struct buffer *to, double value);
void msgpack_put_string(struct buffer *to, struct slice text);
void msgpack_put_array(struct buffer *to, uint32_t count);
void msgpack_put_map(struct buffer *to, uint32_t count);
void msgpack_put_json(struct buffer *to, const json_t *value);

/* An object as jansson values; NULL for what JSON cannot say (binary, extensions, integers above
 * INT64_MAX, strings that are not UTF-8) or on broken bytes.  Duplicate keys are refused. */
json_t *msgpack_to_json(struct slice object) __attribute__((warn_unused_result));

#endif
