/* Records: a list of fields that point to msgpack bytes, and the few members that every filter reads.
 *
 * Fields that were read point into the reader's buffer.  Bytes of fields that were set lie in the record's
 * store. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/terminal.h"
#include "stream/internal.h"
#include "stream/key_set.h"

/* ---- Life ---- */

static void forget(struct record *record)
{
    record->id = record->part = (struct slice){0};
    record->y = (struct label){0};
    record->w = 1;
    record->fold = -1;
    record->field_count = 0;
}

void record_clear(struct record *record)
{
    forget(record);
    record->number = 0;
    arena_clear(&record->store);
}

void record_free(struct record *record)
{
    free(record->fields);
    arena_free(&record->store);
    *record = (struct record){0};
}

/* ---- Fields ---- */

int record_rank(struct slice key)
{
    static const struct slice order[] = {
        {"id", 2},   {"y", 1},     {"w", 1},    {"part", 4},   {"fold", 4}, {"meta", 4},
        {"ids", 3},  {"types", 5}, {"win", 3},  {"words", 5},  {"full", 4}, {"vec", 3},
        {"pred", 4}, {"score", 5}, {"prob", 4}, {"logits", 6},
    };
    int rank = 0;
    for (; rank < (int)(sizeof order / sizeof *order); rank++)
        if (slice_equal(key, order[rank]))
            break;
    return rank;
}

static ptrdiff_t field_index(const struct record *record, struct slice key)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (slice_equal(record->fields[i].key, key))
            return (ptrdiff_t)i;
    return -1;
}

struct slice record_field(const struct record *record, const char *key)
{
    ptrdiff_t index = field_index(record, slice_of(key));
    return index < 0 ? (struct slice){0} : record->fields[index].value;
}

static void add_field(struct record *record, struct slice key, struct slice value)
{
    memory_grow(&record->fields, &record->field_capacity, record->field_count + 1, sizeof *record->fields);
    record->fields[record->field_count++] = (struct field){key, value};
}

/* A new field in its place: before the first that comes later in the order. */
static void insert_field(struct record *record, struct slice key, struct slice value)
{
    if (record->field_count == MSGPACK_MAX_KEYS)
        die(STATUS_INPUT, "%s: a record may have %d fields", record_name(record), MSGPACK_MAX_KEYS);
    add_field(record, arena_copy(&record->store, key), value);
    struct field added = record->fields[record->field_count - 1];
    size_t to = record->field_count - 1;
    for (int rank = record_rank(key); to > 0 && record_rank(record->fields[to - 1].key) > rank; to--)
        record->fields[to] = record->fields[to - 1];
    record->fields[to] = added;
}

enum msgpack_result record_split(struct record *record, struct msgpack_cursor *cursor)
{
    record_clear(record);
    struct msgpack_cursor c = *cursor;
    struct msgpack_token token;
    enum msgpack_result result = msgpack_next(&c, &token);
    if (result != MSGPACK_GOOD)
        return result;
    if (token.type != MSGPACK_MAP)
        return MSGPACK_KEYS;
    if (token.count > MSGPACK_MAX_KEYS)
        return MSGPACK_TOO_LONG;
    struct key_set keys = {.count = 0};
    for (uint32_t left = token.count; left; left--) {
        if ((result = msgpack_next(&c, &token)) != MSGPACK_GOOD)
            return result;
        if (token.type != MSGPACK_STRING)
            return MSGPACK_KEYS;
        if (!key_set_add(&keys, token.bytes))
            return MSGPACK_DUPLICATE;
        const char *value = (const char *)c.at;
        if ((result = msgpack_skip(&c, 1)) != MSGPACK_GOOD)
            return result;
        add_field(record, token.bytes, (struct slice){value, (size_t)((const char *)c.at - value)});
    }
    *cursor = c;
    return MSGPACK_GOOD;
}

/* ---- The members that are kept parsed ---- */

/* Reads one field into the member it belongs to.  Returns what it should have been, or NULL. */
static const char *interpret_field(struct record *record, const struct field *field)
{
    struct label label;
    switch (record_rank(field->key)) {
    case 0:
        if (!label_from_msgpack(field->value, &label) || label.type != LABEL_STRING)
            return "a string";
        record->id = label.string;
        return NULL;
    case 1:
        return label_from_msgpack(field->value, &record->y)
                   ? NULL
                   : "a label: an integer, a finite number or a string";
    case 2:
        if (!label_from_msgpack(field->value, &label) || label.type == LABEL_STRING || label.number < 0)
            return "a number of at least 0";
        record->w = label.number;
        return NULL;
    case 3:
        if (!label_from_msgpack(field->value, &label) || label.type != LABEL_STRING || label.string.size == 0)
            return "a string that is not empty";
        record->part = label.string;
        return NULL;
    case 4:
        if (!label_from_msgpack(field->value, &label) || label.type != LABEL_INTEGER || label.integer < 0)
            return "an integer of at least 0";
        record->fold = label.integer;
        return NULL;
    case 5:
        return msgpack_first(field->value).type == MSGPACK_MAP ? NULL : "a map";
    default:
        return NULL;
    }
}

/* The label that was read, as one of the header's type. */
static bool fit_label(struct label *label, enum label_type y)
{
    if (label->type == LABEL_INTEGER && y == LABEL_NUMBER)
        label->type = LABEL_NUMBER;
    return label->type == y || label->type == LABEL_NONE;
}

bool record_interpret(struct record *record, enum label_type y, char *problem, size_t capacity)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        const char *expected = interpret_field(record, field);
        if (expected) {
            snprintf(problem, capacity, "'%.*s' is %s: expected %s", (int)field->key.size, field->key.at,
                     msgpack_kind(field->value), expected);
            return false;
        }
    }
    if (!record->id.at) {
        snprintf(problem, capacity, "it has no 'id'");
        return false;
    }
    enum label_type found = record->y.type;
    if (!fit_label(&record->y, y)) {
        snprintf(problem, capacity, "'y' is of type %s: the header says %s", label_type_name(found),
                 label_type_name(y));
        return false;
    }
    return true;
}

/* ---- Setting ---- */

static void set_field(struct record *record, struct slice key, struct slice value)
{
    ptrdiff_t index = field_index(record, key);
    if (index >= 0)
        record->fields[index].value = value;
    else
        insert_field(record, key, value);
    struct field field = {key, value};
    const char *expected = interpret_field(record, &field);
    if (expected)
        die(STATUS_INPUT, "record %s: '%.*s' was to become %s: expected %s", record_name(record),
            (int)key.size, key.at, msgpack_kind(value), expected);
}

void record_remove(struct record *record, const char *key)
{
    struct slice name = slice_of(key);
    ptrdiff_t index = field_index(record, name);
    if (index < 0)
        return;
    record->field_count--;
    memmove(record->fields + index, record->fields + index + 1,
            (record->field_count - (size_t)index) * sizeof *record->fields);
    switch (record_rank(name)) {
    case 0:
        record->id = (struct slice){0};
        break;
    case 1:
        record->y = (struct label){0};
        break;
    case 2:
        record->w = 1;
        break;
    case 3:
        record->part = (struct slice){0};
        break;
    case 4:
        record->fold = -1;
        break;
    }
}

void record_set_string(struct record *record, const char *key, struct slice value)
{
    struct buffer bytes = arena_reserve(&record->store, value.size + 9);
    msgpack_put_string(&bytes, value);
    set_field(record, slice_of(key), arena_take(&record->store, &bytes));
}

void record_set_integer(struct record *record, const char *key, int64_t value)
{
    struct buffer bytes = arena_reserve(&record->store, 9);
    msgpack_put_integer(&bytes, value);
    set_field(record, slice_of(key), arena_take(&record->store, &bytes));
}

void record_set_number(struct record *record, const char *key, double value)
{
    struct buffer bytes = arena_reserve(&record->store, 9);
    msgpack_put_double(&bytes, value);
    set_field(record, slice_of(key), arena_take(&record->store, &bytes));
}

void record_set_label(struct record *record, const char *key, const struct label *value)
{
    switch (value->type) {
    case LABEL_NONE:
        record_remove(record, key);
        break;
    case LABEL_INTEGER:
        record_set_integer(record, key, value->integer);
        break;
    case LABEL_NUMBER:
        record_set_number(record, key, value->number);
        break;
    case LABEL_STRING:
        record_set_string(record, key, value->string);
        break;
    }
}

/* Space for an array of `count` items of at most `each` bytes, its head written. */
static struct buffer begin_array(struct record *record, const char *key, size_t count, size_t each)
{
    if (count > MSGPACK_MAX_SIZE / each)
        die(STATUS_INPUT, "record %s: '%s' has %zu items: more than the 64 MiB of a record",
            record_name(record), key, count);
    struct buffer bytes = arena_reserve(&record->store, 9 + count * each);
    msgpack_put_array(&bytes, (uint32_t)count);
    return bytes;
}

void record_set_ids(struct record *record, const char *key, const int32_t *values, size_t count)
{
    struct buffer bytes = begin_array(record, key, count, 5);
    uint8_t *to = (uint8_t *)bytes.at + bytes.size;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = (uint32_t)values[i];
        if (value - 0x100 < 0xff00) { /* most ids take this form */
            to[0] = 0xcd;
            to[1] = (uint8_t)(value >> 8);
            to[2] = (uint8_t)value;
            to += 3;
        } else {
            to = msgpack_write_integer(to, values[i]);
        }
    }
    bytes.size = (size_t)((char *)to - bytes.at);
    set_field(record, slice_of(key), arena_take(&record->store, &bytes));
}

void record_set_floats(struct record *record, const char *key, const float *values, size_t count)
{
    struct buffer bytes = begin_array(record, key, count, 5);
    char *to = bytes.at + bytes.size;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bits = __builtin_bswap32(bits);
        *to = (char)0xca;
        memcpy(to + 1, &bits, sizeof bits);
        to += 5;
    }
    bytes.size = (size_t)(to - bytes.at);
    set_field(record, slice_of(key), arena_take(&record->store, &bytes));
}

void record_set_doubles(struct record *record, const char *key, const double *values, size_t count)
{
    struct buffer bytes = begin_array(record, key, count, 9);
    for (size_t i = 0; i < count; i++)
        msgpack_put_double(&bytes, values[i]);
    set_field(record, slice_of(key), arena_take(&record->store, &bytes));
}

void record_set_raw(struct record *record, const char *key, struct slice msgpack)
{
    set_field(record, slice_of(key), arena_copy(&record->store, msgpack));
}

void record_set_meta(struct record *record, const struct kept_text *kept, size_t count)
{
    size_t size = 9;
    struct key_set columns;
    columns.count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!kept[i].text.at)
            continue;
        if (columns.count == MSGPACK_MAX_KEYS)
            die(STATUS_INPUT, "record %s: 'meta' may have %d columns", record_name(record), MSGPACK_MAX_KEYS);
        if (!key_set_add(&columns, kept[i].column))
            die(STATUS_INPUT, "record %s: 'meta' would have the column '%.*s' twice", record_name(record),
                (int)kept[i].column.size, kept[i].column.at);
        size += kept[i].column.size + kept[i].text.size + 2 * 9;
    }
    if (columns.count == 0) {
        record_remove(record, "meta");
        return;
    }
    struct buffer map = arena_reserve(&record->store, size);
    msgpack_put_map(&map, columns.count);
    for (size_t i = 0; i < count; i++) {
        if (!kept[i].text.at)
            continue;
        msgpack_put_string(&map, kept[i].column);
        msgpack_put_string(&map, kept[i].text);
    }
    set_field(record, SLICE("meta"), arena_take(&record->store, &map));
}

/* ---- As one run of bytes ---- */

void record_pack(const struct record *record, struct buffer *out)
{
    msgpack_put_map(out, (uint32_t)record->field_count);
    for (size_t i = 0; i < record->field_count; i++) {
        msgpack_put_string(out, record->fields[i].key);
        buffer_append(out, record->fields[i].value.at, record->fields[i].value.size);
    }
}

void record_unpack(struct record *record, struct slice msgpack, enum label_type y)
{
    struct msgpack_cursor c = msgpack_cursor_of(msgpack);
    char problem[512];
    enum msgpack_result result = record_split(record, &c);
    if (result != MSGPACK_GOOD)
        die(STATUS_BROKEN, "a record of %zu bytes: found %s", msgpack.size, msgpack_result_text(result));
    if (!record_interpret(record, y, problem, sizeof problem))
        die(STATUS_BROKEN, "a record of %zu bytes: %s", msgpack.size, problem);
}

const char *record_name(const struct record *record)
{
    static _Thread_local char name[256];
    if (!record->id.at) {
        snprintf(name, sizeof name, "number %llu", (unsigned long long)record->number + 1);
        return name;
    }
    name[terminal_escape(name, sizeof name - 1, record->id)] = '\0';
    return name;
}
