#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
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

/* A character that JSON, or a terminal, does not take as it is. */
static void put_escape(struct buffer *out, uint32_t point)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *form = short_forms; *form; form += 2) {
        if (point == (uint32_t)form[0]) {
            buffer_append(out, (char[]){'\\', form[1]}, 2);
            return;
        }
    }
    if (point >= 0x10000) /* as UTF-16 says it */
        buffer_format(out, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (point >> 10)),
                      (unsigned)(0xDC00 | (point & 0x3FF)));
    else
        buffer_format(out, "\\u%04x", (unsigned)point);
}

/* A string of valid UTF-8, quoted. */
static void put_text(struct buffer *out, struct slice text)
{
    size_t plain = 0;
    buffer_byte(out, '"');
    for (size_t i = 0, size; i < text.size; i += size) {
        uint32_t point = utf8_read(text.at + i, &size);
        if (point != '"' && point != '\\' && !utf8_hidden(point))
            continue;
        buffer_append(out, text.at + plain, i - plain);
        put_escape(out, point);
        plain = i + size;
    }
    buffer_append(out, text.at + plain, text.size - plain);
    buffer_byte(out, '"');
}

/* ".0" where a number would read back as an integer. */
static void mark_float(struct buffer *out, size_t from)
{
    if (!memchr(out->at + from, '.', out->size - from) && !memchr(out->at + from, 'e', out->size - from))
        buffer_text(out, ".0");
}

static void put_double(struct buffer *out, double value)
{
    size_t from = out->size;
    if (!isfinite(value)) {
        buffer_format(out, "{\"$float\":\"%s\"}", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    buffer_number(out, value);
    mark_float(out, from);
}

/* The fewest digits that read back, as a double made a float again, the same. */
static void put_float(struct buffer *out, float value)
{
    if (!isfinite(value)) {
        put_double(out, (double)value);
        return;
    }
    char text[32];
    int size = 0;
    for (int digits = 6; digits <= 9; digits++) {
        size = snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if ((float)strtod(text, NULL) == value)
            break;
    }
    size_t from = out->size;
    buffer_append(out, text, (size_t)size);
    mark_float(out, from);
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
        put_float(out, (float)token.number);
        break;
    case MSGPACK_DOUBLE:
        put_double(out, token.number);
        break;
    case MSGPACK_STRING:
        if (is_utf8(token.bytes)) {
            put_text(out, token.bytes);
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

/* Objects within objects go on lines of their own; arrays stay in one. */
static void put_object_lines(struct buffer *out, const json_t *object, int indent)
{
    const char *key;
    json_t *value, *all = (json_t *)(uintptr_t)object;
    bool first = true;
    json_object_foreach(all, key, value)
    {
        buffer_format(out, "%s%*s", first ? "{\n" : ",\n", indent + 2, "");
        put_text(out, slice_of(key));
        buffer_text(out, ": ");
        json_put_value(out, value, indent + 2);
        first = false;
    }
    buffer_format(out, "\n%*s}", indent, "");
}

void json_put_value(struct buffer *out, const json_t *value, int indent)
{
    if (indent >= 0 && json_is_object(value) && json_object_size(value) > 0) {
        put_object_lines(out, value, indent);
        return;
    }
    struct buffer packed = {0};
    msgpack_put_json(&packed, value);
    json_put_msgpack(out, (struct slice){packed.at, packed.size});
    buffer_free(&packed);
}
