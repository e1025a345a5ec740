#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "stream/internal.h"
#include "stream/jsonlines.h"

static void put_hex(struct buffer *out, struct slice bytes)
{
    static const char hex[] = "0123456789abcdef";
    buffer_byte(out, '"');
    for (size_t i = 0; i < bytes.size; i++) {
        buffer_byte(out, hex[(uint8_t)bytes.at[i] >> 4]);
        buffer_byte(out, hex[bytes.at[i] & 15]);
    }
    buffer_byte(out, '"');
}

static bool is_utf8(struct slice text) { return utf8_invalid_at(text) == text.size; }

/* A float64, or a float32 as one. */
static void put_number(struct buffer *out, double value, bool single)
{
    if (!isfinite(value))
        buffer_format(out, "{\"$float\":\"%s\"}", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    else if (single)
        json_put_float(out, (float)value);
    else
        json_put_real(out, value);
}

/* Whether a map can be a JSON object: its keys are UTF-8 without NUL, and do not look like our own forms. */
static bool plain_keys(struct msgpack_cursor c, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct msgpack_token key = msgpack_first(msgpack_pass(&c));
        if (key.type != MSGPACK_STRING || !is_utf8(key.bytes) ||
            (key.bytes.size && memchr(key.bytes.at, 0, key.bytes.size)) ||
            (count == 1 && key.bytes.size && key.bytes.at[0] == '$'))
            return false;
        msgpack_pass(&c);
    }
    return true;
}

static void put_next(struct buffer *out, struct msgpack_cursor *c);

static void put_map(struct buffer *out, struct msgpack_cursor *c, uint32_t count)
{
    bool plain = plain_keys(*c, count);
    buffer_text(out, plain ? "{" : "{\"$map\":[");
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(out, i ? (plain ? "," : ",[") : plain ? "" : "[");
        put_next(out, c);
        buffer_byte(out, plain ? ':' : ',');
        put_next(out, c);
        if (!plain)
            buffer_byte(out, ']');
    }
    buffer_text(out, plain ? "}" : "]}");
}

/* The next object, of bytes that msgpack_skip has passed over before: nothing in them can be wrong. */
static void put_next(struct buffer *out, struct msgpack_cursor *c)
{
    struct msgpack_token token;
    if (msgpack_next(c, &token) != MSGPACK_GOOD)
        die(STATUS_BROKEN, "broken msgpack");
    switch (token.type) {
    case MSGPACK_NIL:
        buffer_text(out, "null");
        break;
    case MSGPACK_BOOL:
        buffer_text(out, token.boolean ? "true" : "false");
        break;
    case MSGPACK_INTEGER:
        buffer_integer(out, token.integer);
        break;
    case MSGPACK_BIG:
        buffer_format(out, "{\"$big\":\"%llu\"}", (unsigned long long)token.big);
        break;
    case MSGPACK_FLOAT:
        put_number(out, token.number, true);
        break;
    case MSGPACK_DOUBLE:
        put_number(out, token.number, false);
        break;
    case MSGPACK_STRING:
        if (is_utf8(token.bytes)) {
            json_put_string(out, token.bytes);
        } else {
            buffer_text(out, "{\"$str\":");
            put_hex(out, token.bytes);
            buffer_byte(out, '}');
        }
        break;
    case MSGPACK_BINARY:
        buffer_text(out, "{\"$bin\":");
        put_hex(out, token.bytes);
        buffer_byte(out, '}');
        break;
    case MSGPACK_EXTENSION:
        buffer_format(out, "{\"$ext\":[%d,", (int)(int8_t)token.bytes.at[0]);
        put_hex(out, (struct slice){token.bytes.at + 1, token.bytes.size - 1});
        buffer_text(out, "]}");
        break;
    case MSGPACK_ARRAY:
        buffer_byte(out, '[');
        for (uint32_t i = 0; i < token.count; i++) {
            if (i)
                buffer_byte(out, ',');
            put_next(out, c);
        }
        buffer_byte(out, ']');
        break;
    case MSGPACK_MAP:
        put_map(out, c, token.count);
        break;
    }
}

void json_put_msgpack(struct buffer *out, struct slice object)
{
    struct msgpack_cursor c = msgpack_cursor_of(object);
    put_next(out, &c);
}

void jsonlines_put_record(struct buffer *out, const struct record *record)
{
    struct buffer packed = {0};
    record_pack(record, &packed);
    json_put_msgpack(out, (struct slice){packed.at, packed.size});
    buffer_byte(out, '\n');
    buffer_free(&packed);
}
