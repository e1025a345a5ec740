#include "stream/msgpack.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "stream/key_set.h"

const char *msgpack_result_text(enum msgpack_result result)
{
    switch (result) {
    case MSGPACK_GOOD:
        return "nothing is wrong";
    case MSGPACK_MORE:
        return "it goes on beyond its end";
    case MSGPACK_BROKEN:
        return "a byte that begins nothing in msgpack";
    case MSGPACK_TOO_DEEP:
        return "arrays and maps nested more than 16 deep";
    case MSGPACK_TOO_LONG:
        return "something of more than 64 MiB, or a map of more than 256 keys";
    case MSGPACK_DUPLICATE:
        return "a map with one key twice";
    case MSGPACK_KEYS:
        return "something else where a map with string keys is expected";
    }
    return "unknown";
}

/* ---- Reading ---- */

struct msgpack_cursor msgpack_cursor_of(struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    return (struct msgpack_cursor){at, at ? at + bytes.size : NULL};
}

static uint64_t load(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

/* A string, binary or extension whose length takes `head` bytes and which carries `extra` bytes besides (the
 * type of an extension). */
static enum msgpack_result read_bytes(struct msgpack_cursor *c, size_t head, size_t extra,
                                      struct msgpack_token *token)
{
    size_t left = (size_t)(c->end - c->at);
    if (left < head)
        return MSGPACK_MORE;
    uint64_t size = load(c->at, head) + extra;
    if (size > MSGPACK_MAX_SIZE)
        return MSGPACK_TOO_LONG;
    if (size > left - head)
        return MSGPACK_MORE;
    token->bytes = (struct slice){(const char *)c->at + head, (size_t)size};
    c->at += head + size;
    return MSGPACK_GOOD;
}

static enum msgpack_result read_count(struct msgpack_cursor *c, uint64_t count, size_t each,
                                      struct msgpack_token *token)
{
    if (count * each > MSGPACK_MAX_SIZE)
        return MSGPACK_TOO_LONG;
    if (count * each > (size_t)(c->end - c->at))
        return MSGPACK_MORE;
    token->count = (uint32_t)count;
    return MSGPACK_GOOD;
}

static enum msgpack_result read_long_count(struct msgpack_cursor *c, size_t head, size_t each,
                                           struct msgpack_token *token)
{
    if ((size_t)(c->end - c->at) < head)
        return MSGPACK_MORE;
    uint64_t count = load(c->at, head);
    c->at += head;
    return read_count(c, count, each, token);
}

/* 0xca .. 0xd3: numbers of a fixed width. */
static enum msgpack_result read_number(struct msgpack_cursor *c, uint8_t first, struct msgpack_token *token)
{
    static const uint8_t widths[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8};
    size_t width = widths[first - 0xca];
    if ((size_t)(c->end - c->at) < width)
        return MSGPACK_MORE;
    uint64_t bits = load(c->at, width);
    c->at += width;
    if (first == 0xca) {
        uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, sizeof value);
        token->type = MSGPACK_FLOAT;
        token->number = (double)value;
    } else if (first == 0xcb) {
        token->type = MSGPACK_DOUBLE;
        memcpy(&token->number, &bits, sizeof bits);
    } else if (first <= 0xcf) {
        token->type = bits > INT64_MAX ? MSGPACK_BIG : MSGPACK_INTEGER;
        token->big = bits;
        token->integer = (int64_t)bits;
    } else {
        token->type = MSGPACK_INTEGER;
        unsigned unused = 64 - 8 * (unsigned)width;
        token->integer = (int64_t)(bits << unused) >> unused;
    }
    return MSGPACK_GOOD;
}

static enum msgpack_result read_wide(struct msgpack_cursor *c, uint8_t first, struct msgpack_token *token)
{
    switch (first) {
    case 0xc0:
        token->type = MSGPACK_NIL;
        return MSGPACK_GOOD;
    case 0xc2:
    case 0xc3:
        token->type = MSGPACK_BOOL;
        token->boolean = first == 0xc3;
        return MSGPACK_GOOD;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        token->type = MSGPACK_BINARY;
        return read_bytes(c, (size_t)1 << (first - 0xc4), 0, token);
    case 0xc7:
    case 0xc8:
    case 0xc9:
        token->type = MSGPACK_EXTENSION;
        return read_bytes(c, (size_t)1 << (first - 0xc7), 1, token);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        token->type = MSGPACK_EXTENSION;
        return read_bytes(c, 0, 1 + ((size_t)1 << (first - 0xd4)), token);
    case 0xd9:
    case 0xda:
    case 0xdb:
        token->type = MSGPACK_STRING;
        return read_bytes(c, (size_t)1 << (first - 0xd9), 0, token);
    case 0xdc:
    case 0xdd:
        token->type = MSGPACK_ARRAY;
        return read_long_count(c, first == 0xdc ? 2 : 4, 1, token);
    case 0xde:
    case 0xdf:
        token->type = MSGPACK_MAP;
        return read_long_count(c, first == 0xde ? 2 : 4, 2, token);
    case 0xc1:
        return MSGPACK_BROKEN;
    default:
        return read_number(c, first, token);
    }
}

enum msgpack_result msgpack_next(struct msgpack_cursor *cursor, struct msgpack_token *token)
{
    if (cursor->at == cursor->end)
        return MSGPACK_MORE;
    struct msgpack_cursor c = {cursor->at + 1, cursor->end};
    uint8_t first = *cursor->at;
    enum msgpack_result result = MSGPACK_GOOD;
    if (first < 0x80 || first >= 0xe0) {
        token->type = MSGPACK_INTEGER;
        token->integer = (int8_t)first;
    } else if (first < 0x90) {
        token->type = MSGPACK_MAP;
        result = read_count(&c, first & 15, 2, token);
    } else if (first < 0xa0) {
        token->type = MSGPACK_ARRAY;
        result = read_count(&c, first & 15, 1, token);
    } else if (first < 0xc0) {
        token->type = MSGPACK_STRING;
        result = read_bytes(&c, 0, first & 31, token);
    } else {
        result = read_wide(&c, first, token);
    }
    if (result == MSGPACK_GOOD)
        *cursor = c;
    return result;
}

/* Bytes of the objects whose first byte says it all; 0 for the others. */
#define ROW16(n) n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n
static const uint8_t fixed_sizes[256] = {
    ROW16(1), ROW16(1), ROW16(1), ROW16(1), ROW16(1), ROW16(1), ROW16(1), ROW16(1), /* 0x00 .. 0x7f */
    ROW16(0), ROW16(0), ROW16(0), ROW16(0),                                         /* 0x80 .. 0xbf */
    1,        0,        1,        1,        0,        0,        0,        0,
    0,        0,        5,        9,        2,        3,        5,        9, /* 0xc0 .. 0xcf */
    2,        3,        5,        9,        3,        4,        6,        10,
    18,       0,        0,        0,        0,        0,        0,        0, /* 0xd0 .. 0xdf */
    ROW16(1), ROW16(1),                                                      /* 0xe0 .. 0xff */
};

static enum msgpack_result skip(struct msgpack_cursor *cursor, int depth, bool keys_differ);

/* Items of an array: nearly all are numbers, which this loop passes at a table's look each. */
static enum msgpack_result skip_items(struct msgpack_cursor *c, uint32_t count, int depth, bool keys_differ)
{
    while (count) {
        const uint8_t *at = c->at, *end = c->end;
        while (count && at < end && fixed_sizes[*at] && fixed_sizes[*at] <= end - at) {
            at += fixed_sizes[*at];
            count--;
        }
        c->at = at;
        if (!count)
            break;
        enum msgpack_result result = skip(c, depth, keys_differ);
        if (result != MSGPACK_GOOD)
            return result;
        count--;
    }
    return MSGPACK_GOOD;
}

static enum msgpack_result skip_pairs(struct msgpack_cursor *c, uint32_t count, int depth)
{
    if (count > MSGPACK_MAX_KEYS)
        return MSGPACK_TOO_LONG;
    struct key_set keys;
    for (keys.count = 0; count; count--) {
        struct msgpack_cursor key = *c;
        enum msgpack_result result = skip(c, depth, true);
        if (result != MSGPACK_GOOD)
            return result;
        struct msgpack_token token;
        if (msgpack_next(&key, &token) == MSGPACK_GOOD && token.type == MSGPACK_STRING &&
            !key_set_add(&keys, token.bytes))
            return MSGPACK_DUPLICATE;
        if ((result = skip(c, depth, true)) != MSGPACK_GOOD)
            return result;
    }
    return MSGPACK_GOOD;
}

/* `keys_differ`: those of a map must, else it was seen before that they do. */
static enum msgpack_result skip(struct msgpack_cursor *cursor, int depth, bool keys_differ)
{
    struct msgpack_cursor c = *cursor;
    struct msgpack_token token;
    enum msgpack_result result = msgpack_next(&c, &token);
    if (result == MSGPACK_GOOD && (token.type == MSGPACK_ARRAY || token.type == MSGPACK_MAP)) {
        if (depth >= MSGPACK_MAX_DEPTH)
            return MSGPACK_TOO_DEEP;
        if (token.type == MSGPACK_MAP && keys_differ)
            result = skip_pairs(&c, token.count, depth + 1);
        else
            result = skip_items(&c, (token.type == MSGPACK_MAP ? 2 : 1) * token.count, depth + 1,
                                keys_differ);
    }
    if (result == MSGPACK_GOOD)
        *cursor = c;
    return result;
}

enum msgpack_result msgpack_skip(struct msgpack_cursor *cursor, int depth)
{
    return skip(cursor, depth, true);
}

struct slice msgpack_pass(struct msgpack_cursor *cursor)
{
    const char *at = (const char *)cursor->at;
    if (skip(cursor, 0, false) != MSGPACK_GOOD)
        die(STATUS_BROKEN, "broken msgpack");
    return (struct slice){at, (size_t)((const char *)cursor->at - at)};
}

struct msgpack_token msgpack_first(struct slice object)
{
    struct msgpack_cursor c = msgpack_cursor_of(object);
    struct msgpack_token token;
    if (msgpack_next(&c, &token) != MSGPACK_GOOD)
        token = (struct msgpack_token){.type = MSGPACK_NIL};
    return token;
}

const char *msgpack_kind(struct slice object)
{
    static const char *const names[] = {
        "nil",      "a boolean", "an integer",  "an integer of 64 bits without sign",
        "a number", "a number",  "a string",    "binary",
        "an array", "a map",     "an extension"};
    return names[msgpack_first(object).type];
}

/* ---- Writing ---- */

static uint8_t *store(uint8_t *to, uint8_t first, uint64_t value, int size)
{
    *to++ = first;
    for (int i = size - 1; i >= 0; i--)
        *to++ = (uint8_t)(value >> 8 * i);
    return to;
}

static void put(struct buffer *to, uint8_t first, uint64_t value, int size)
{
    store((uint8_t *)buffer_reserve(to, 9), first, value, size);
    to->size += 1 + (size_t)size;
}

uint8_t *msgpack_write_integer(uint8_t *to, int64_t value)
{
    uint64_t bits = (uint64_t)value;
    if (value >= 0) {
        if (value < 0x80)
            return store(to, (uint8_t)value, 0, 0);
        if (value <= UINT8_MAX)
            return store(to, 0xcc, bits, 1);
        if (value <= UINT16_MAX)
            return store(to, 0xcd, bits, 2);
        if (value <= UINT32_MAX)
            return store(to, 0xce, bits, 4);
        return store(to, 0xcf, bits, 8);
    }
    if (value >= -32)
        return store(to, (uint8_t)value, 0, 0);
    if (value >= INT8_MIN)
        return store(to, 0xd0, bits, 1);
    if (value >= INT16_MIN)
        return store(to, 0xd1, bits, 2);
    if (value >= INT32_MIN)
        return store(to, 0xd2, bits, 4);
    return store(to, 0xd3, bits, 8);
}

void msgpack_put_nil(struct buffer *to) { put(to, 0xc0, 0, 0); }
void msgpack_put_bool(struct buffer *to, bool value) { put(to, value ? 0xc3 : 0xc2, 0, 0); }
void msgpack_put_unsigned64(struct buffer *to, uint64_t value) { put(to, 0xcf, value, 8); }

void msgpack_put_integer(struct buffer *to, int64_t value)
{
    uint8_t *at = (uint8_t *)buffer_reserve(to, 9);
    to->size += (size_t)(msgpack_write_integer(at, value) - at);
}

void msgpack_put_float(struct buffer *to, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(to, 0xca, bits, 4);
}

void msgpack_put_double(struct buffer *to, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(to, 0xcb, bits, 8);
}

void msgpack_put_string(struct buffer *to, struct slice text)
{
    if (text.size > MSGPACK_MAX_SIZE)
        die(STATUS_INPUT, "a text of %zu bytes: a stream's record may have 64 MiB", text.size);
    if (text.size < 32)
        put(to, (uint8_t)(0xa0 + text.size), 0, 0);
    else if (text.size <= UINT8_MAX)
        put(to, 0xd9, text.size, 1);
    else if (text.size <= UINT16_MAX)
        put(to, 0xda, text.size, 2);
    else
        put(to, 0xdb, text.size, 4);
    buffer_append(to, text.at, text.size);
}

void msgpack_put_array(struct buffer *to, uint32_t count)
{
    if (count < 16)
        put(to, (uint8_t)(0x90 + count), 0, 0);
    else
        put(to, count <= UINT16_MAX ? 0xdc : 0xdd, count, count <= UINT16_MAX ? 2 : 4);
}

void msgpack_put_map(struct buffer *to, uint32_t count)
{
    if (count < 16)
        put(to, (uint8_t)(0x80 + count), 0, 0);
    else
        put(to, count <= UINT16_MAX ? 0xde : 0xdf, count, count <= UINT16_MAX ? 2 : 4);
}

/* ---- JSON ---- */

void msgpack_put_json(struct buffer *to, const json_t *value)
{
    size_t index;
    const char *key;
    json_t *item, *object;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        /* jansson's iteration takes a pointer to non-const, and keeps the order of insertion. */
        object = (json_t *)(uintptr_t)value;
        msgpack_put_map(to, (uint32_t)json_object_size(value));
        json_object_foreach(object, key, item)
        {
            msgpack_put_string(to, slice_of(key));
            msgpack_put_json(to, item);
        }
        break;
    case JSON_ARRAY:
        msgpack_put_array(to, (uint32_t)json_array_size(value));
        json_array_foreach(value, index, item) msgpack_put_json(to, item);
        break;
    case JSON_STRING:
        msgpack_put_string(to, json_slice(value));
        break;
    case JSON_INTEGER:
        msgpack_put_integer(to, json_integer_value(value));
        break;
    case JSON_REAL:
        msgpack_put_double(to, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        msgpack_put_bool(to, json_is_true(value));
        break;
    case JSON_NULL:
        msgpack_put_nil(to);
        break;
    }
}

static json_t *to_json(struct msgpack_cursor *c);

static json_t *to_json_array(struct msgpack_cursor *c, uint32_t count)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++) {
        /* append_new takes the item over, and fails on NULL */
        if (json_array_append_new(array, to_json(c)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *to_json_object(struct msgpack_cursor *c, uint32_t count)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < count; i++) {
        struct msgpack_token key;
        if (msgpack_next(c, &key) != MSGPACK_GOOD || key.type != MSGPACK_STRING ||
            (key.bytes.size && memchr(key.bytes.at, 0, key.bytes.size)) ||
            json_object_setn_new(object, key.bytes.at, key.bytes.size, to_json(c)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* The object at a cursor that msgpack_skip has passed over: its structure is known to be sound. */
static json_t *to_json(struct msgpack_cursor *c)
{
    struct msgpack_token token;
    if (msgpack_next(c, &token) != MSGPACK_GOOD)
        return NULL;
    switch (token.type) {
    case MSGPACK_NIL:
        return json_null();
    case MSGPACK_BOOL:
        return json_boolean(token.boolean);
    case MSGPACK_INTEGER:
        return json_integer(token.integer);
    case MSGPACK_FLOAT:
    case MSGPACK_DOUBLE:
        return json_real(token.number); /* NULL for NaN and infinities */
    case MSGPACK_STRING:
        return json_stringn(token.bytes.at, token.bytes.size); /* NULL when not UTF-8 */
    case MSGPACK_ARRAY:
        return to_json_array(c, token.count);
    case MSGPACK_MAP:
        return to_json_object(c, token.count);
    case MSGPACK_BIG:
    case MSGPACK_BINARY:
    case MSGPACK_EXTENSION:
        return NULL;
    }
    return NULL;
}

json_t *msgpack_to_json(struct slice object)
{
    struct msgpack_cursor whole = msgpack_cursor_of(object);
    struct msgpack_cursor c = whole;
    if (object.size == 0 || msgpack_skip(&whole, 0) != MSGPACK_GOOD || whole.at != whole.end)
        return NULL;
    return to_json(&c);
}
