/* Typed values out of a record's fields. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "stream/internal.h"

static void wrong_type(const struct record *record, const char *key, struct slice value, const char *expected)
{
    die(STATUS_BROKEN, "record %s: '%s' is %s: expected %s", record_name(record), key, msgpack_kind(value),
        expected);
}

/* Opens the array of a field; false when the field is absent.  `*count` items follow at the cursor. */
static bool open_array(const struct record *record, const char *key, const char *expected,
                       struct msgpack_cursor *c, uint32_t *count)
{
    struct slice value = record_field(record, key);
    if (!value.at)
        return false;
    *c = msgpack_cursor_of(value);
    struct msgpack_token head;
    if (msgpack_next(c, &head) != MSGPACK_GOOD || head.type != MSGPACK_ARRAY)
        wrong_type(record, key, value, expected);
    *count = head.count;
    return true;
}

/* Ids are nearly all one byte, or 0xcd and two: those are read here, the rest by msgpack_next. */
bool record_ids(const struct record *record, const char *key, struct int_array *out)
{
    struct msgpack_cursor c;
    uint32_t count;
    if (!open_array(record, key, "an array of integers", &c, &count))
        return false;
    memory_grow(&out->at, &out->capacity, count, sizeof *out->at);
    const uint8_t *at = c.at;
    for (uint32_t i = 0; i < count; i++) {
        if (c.end - at >= 3 && *at == 0xcd) {
            out->at[i] = at[1] << 8 | at[2];
            at += 3;
            continue;
        }
        struct msgpack_token token;
        c.at = at;
        if (msgpack_next(&c, &token) != MSGPACK_GOOD || token.type != MSGPACK_INTEGER ||
            token.integer < INT32_MIN || token.integer > INT32_MAX)
            die(STATUS_BROKEN, "record %s: '%s': item %u is not an integer of 32 bits", record_name(record),
                key, i + 1);
        out->at[i] = (int32_t)token.integer;
        at = c.at;
    }
    out->count = count;
    return true;
}

/* The next item as a finite number. */
static double next_number(const struct record *record, const char *key, struct msgpack_cursor *c, uint32_t i)
{
    struct msgpack_token token;
    if (msgpack_next(c, &token) == MSGPACK_GOOD) {
        if (token.type == MSGPACK_INTEGER)
            return (double)token.integer;
        if ((token.type == MSGPACK_FLOAT || token.type == MSGPACK_DOUBLE) && isfinite(token.number))
            return token.number;
    }
    die(STATUS_BROKEN, "record %s: '%s': item %u is not a finite number", record_name(record), key, i + 1);
}

bool record_floats(const struct record *record, const char *key, struct float_array *out)
{
    struct msgpack_cursor c;
    uint32_t count;
    if (!open_array(record, key, "an array of numbers", &c, &count))
        return false;
    memory_grow(&out->at, &out->capacity, count, sizeof *out->at);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bits;
        if (c.end - c.at >= 5 && *c.at == 0xca) {
            memcpy(&bits, c.at + 1, sizeof bits);
            bits = __builtin_bswap32(bits);
            memcpy(&out->at[i], &bits, sizeof bits);
            c.at += 5;
        } else {
            out->at[i] = (float)next_number(record, key, &c, i);
        }
        if (!isfinite(out->at[i]))
            die(STATUS_BROKEN, "record %s: '%s': item %u is not a finite number of 32 bits",
                record_name(record), key, i + 1);
    }
    out->count = count;
    return true;
}

bool record_doubles(const struct record *record, const char *key, struct double_array *out)
{
    struct msgpack_cursor c;
    uint32_t count;
    if (!open_array(record, key, "an array of numbers", &c, &count))
        return false;
    memory_grow(&out->at, &out->capacity, count, sizeof *out->at);
    for (uint32_t i = 0; i < count; i++)
        out->at[i] = next_number(record, key, &c, i);
    out->count = count;
    return true;
}

bool record_integer(const struct record *record, const char *key, int64_t *out)
{
    struct slice value = record_field(record, key);
    if (!value.at)
        return false;
    struct msgpack_token token = msgpack_first(value);
    if (token.type != MSGPACK_INTEGER)
        wrong_type(record, key, value, "an integer");
    *out = token.integer;
    return true;
}

bool record_number(const struct record *record, const char *key, double *out)
{
    struct slice value = record_field(record, key);
    if (!value.at)
        return false;
    struct label label;
    if (!label_from_msgpack(value, &label) || label.type == LABEL_STRING)
        wrong_type(record, key, value, "a finite number");
    *out = label.number;
    return true;
}

bool record_string(const struct record *record, const char *key, struct slice *out)
{
    struct slice value = record_field(record, key);
    if (!value.at)
        return false;
    struct msgpack_token token = msgpack_first(value);
    if (token.type != MSGPACK_STRING)
        wrong_type(record, key, value, "a string");
    *out = token.bytes;
    return true;
}

bool record_label(const struct record *record, const char *key, struct label *out)
{
    struct slice value = record_field(record, key);
    if (!value.at)
        return false;
    if (!label_from_msgpack(value, out))
        wrong_type(record, key, value, "an integer, a finite number or a string");
    return true;
}

struct meta_cursor record_meta_begin(const struct record *record)
{
    struct slice meta = record_field(record, "meta");
    struct msgpack_cursor c = msgpack_cursor_of(meta);
    struct msgpack_token head;
    if (!meta.at || msgpack_next(&c, &head) != MSGPACK_GOOD)
        return (struct meta_cursor){0};
    return (struct meta_cursor){{(const char *)c.at, (size_t)(c.end - c.at)}, head.count};
}

bool record_meta_next(struct meta_cursor *cursor, struct slice *column, struct slice *value)
{
    struct msgpack_cursor c = msgpack_cursor_of(cursor->rest);
    bool found = false;
    for (; cursor->left && !found; cursor->left--) {
        struct msgpack_token key = msgpack_first(msgpack_pass(&c));
        *column = key.bytes;
        *value = msgpack_pass(&c);
        found = key.type == MSGPACK_STRING;
    }
    cursor->rest = (struct slice){(const char *)c.at, (size_t)(c.end - c.at)};
    return found;
}

struct slice record_meta_value(const struct record *record, struct slice column)
{
    struct meta_cursor meta = record_meta_begin(record);
    for (struct slice name, value; record_meta_next(&meta, &name, &value);)
        if (slice_equal(name, column))
            return value;
    return (struct slice){0};
}

struct slice record_value(const struct record *record, const char *name)
{
    struct slice value = record_field(record, name);
    if (!value.at)
        value = record_meta_value(record, slice_of(strncmp(name, "meta.", 5) == 0 ? name + 5 : name));
    return value;
}

bool record_text(const struct record *record, const char *name, struct buffer *out)
{
    struct slice value = record_value(record, name);
    if (!value.at)
        return false;
    struct label label;
    if (label_from_msgpack(value, &label)) {
        label_print(out, &label);
        return true;
    }
    struct msgpack_token token = msgpack_first(value);
    if (token.type != MSGPACK_BOOL)
        die(STATUS_INPUT, "record %s: '%s' is %s: expected a single value", record_name(record), name,
            msgpack_kind(value));
    buffer_text(out, token.boolean ? "true" : "false");
    return true;
}
