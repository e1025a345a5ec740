#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json_cursor.h"
#include "base/utf8.h"
#include "stream/internal.h"
#include "stream/jsonlines.h"

/* ---- One value ---- */

struct packing {
    struct buffer *out;
    struct json_cursor *c;
    bool narrow; /* within "vec": floats are float32 */
    int depth;
};

/* Each returns NULL, or what is wrong; where that is the syntax, `c->problem` says it. */
static const char *pack_value(struct packing p);

static const char syntax[] = "no JSON";

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes written in hexadecimal digits, appended to `out`. */
static bool read_hex(struct json_cursor *c, struct buffer *out)
{
    struct json_token digits;
    if (!json_cursor_value(c, &digits) || digits.type != JSON_STRING || digits.text.size % 2)
        return false;
    for (size_t i = 0; i < digits.text.size; i += 2) {
        int high = hex_digit(digits.text.at[i]), low = hex_digit(digits.text.at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        buffer_byte(out, (char)(high << 4 | low));
    }
    return true;
}

static void put_length(struct buffer *out, uint8_t first, size_t size)
{
    int wide = size <= UINT8_MAX ? 0 : size <= UINT16_MAX ? 1 : 2;
    buffer_byte(out, (char)(first + wide));
    for (int i = (1 << wide) - 1; i >= 0; i--)
        buffer_byte(out, (char)(size >> 8 * i));
}

static const char *pack_bytes(struct packing p, bool string)
{
    struct buffer bytes = {0};
    bool good = read_hex(p.c, &bytes);
    if (good && string) {
        msgpack_put_string(p.out, (struct slice){bytes.at, bytes.size});
    } else if (good) {
        put_length(p.out, 0xc4, bytes.size);
        buffer_append(p.out, bytes.at, bytes.size);
    }
    buffer_free(&bytes);
    return good ? NULL : "bytes are written as an even number of digits 0-9a-f";
}

static const char *pack_extension(struct packing p)
{
    struct json_token array, type;
    struct buffer bytes = {0};
    bool good = json_cursor_value(p.c, &array) && array.type == JSON_ARRAY && json_cursor_item(p.c, true) &&
                json_cursor_value(p.c, &type) && type.type == JSON_INTEGER && type.integer >= INT8_MIN &&
                type.integer <= INT8_MAX && json_cursor_item(p.c, false) && read_hex(p.c, &bytes) &&
                !json_cursor_item(p.c, false);
    if (good) {
        size_t size = bytes.size;
        if (size > 0 && size <= 16 && (size & (size - 1)) == 0)
            buffer_byte(p.out, (char)(0xd4 + __builtin_ctz((unsigned)size)));
        else
            put_length(p.out, 0xc7, size);
        buffer_byte(p.out, (char)type.integer);
        buffer_append(p.out, bytes.at, size);
    }
    buffer_free(&bytes);
    return good ? NULL : "an extension is written as [TYPE, HEX]";
}

static const char *pack_big(struct packing p)
{
    struct json_token text;
    uint64_t number = 0;
    bool good = json_cursor_value(p.c, &text) && text.type == JSON_STRING && text.text.size > 0;
    for (size_t i = 0; good && i < text.text.size; i++) {
        unsigned digit = (unsigned)text.text.at[i] - '0';
        good = digit <= 9 && !__builtin_mul_overflow(number, 10u, &number) &&
               !__builtin_add_overflow(number, digit, &number);
    }
    if (!good)
        return "\"$big\" takes a string of decimal digits below 2^64";
    msgpack_put_unsigned64(p.out, number);
    return NULL;
}

static const char *pack_real(struct packing p, double value)
{
    if (!p.narrow) {
        msgpack_put_double(p.out, value);
        return NULL;
    }
    if (isfinite(value) && !isfinite((float)value))
        return "a number in 'vec' is beyond float32";
    msgpack_put_float(p.out, (float)value);
    return NULL;
}

static const char *pack_odd_float(struct packing p)
{
    struct json_token text;
    if (json_cursor_value(p.c, &text) && text.type == JSON_STRING) {
        if (slice_is(text.text, "nan"))
            return pack_real(p, (double)NAN);
        if (slice_is(text.text, "inf"))
            return pack_real(p, (double)INFINITY);
        if (slice_is(text.text, "-inf"))
            return pack_real(p, (double)-INFINITY);
    }
    return "\"$float\" takes nan, inf or -inf";
}

static void pack_string(struct packing p, const struct json_token *string)
{
    struct buffer text = {0};
    struct slice means = string->text;
    if (string->escaped) {
        json_unescape(&text, string->text);
        means = (struct slice){text.at, text.size};
    }
    msgpack_put_string(p.out, means);
    buffer_free(&text);
}

/* The head of an array or map is written when its items have been counted, where its longest form was left
 * free. */
enum { LONGEST_HEAD = 5 };

static size_t begin_items(struct buffer *out)
{
    size_t start = out->size;
    buffer_reserve(out, LONGEST_HEAD);
    out->size += LONGEST_HEAD;
    return start;
}

static const char *end_items(struct buffer *out, size_t start, size_t count, bool map)
{
    if (count > MSGPACK_MAX_SIZE)
        return "an array or object of too many items";
    char bytes[16];
    struct buffer head = {bytes, 0, sizeof bytes};
    (map ? msgpack_put_map : msgpack_put_array)(&head, (uint32_t)count);
    size_t items = start + LONGEST_HEAD;
    memmove(out->at + start + head.size, out->at + items, out->size - items);
    memcpy(out->at + start, bytes, head.size);
    out->size -= LONGEST_HEAD - head.size;
    return NULL;
}

static const char *pack_array(struct packing p)
{
    size_t start = begin_items(p.out), count = 0;
    for (; json_cursor_item(p.c, count == 0); count++) {
        const char *problem = pack_value(p);
        if (problem)
            return problem;
    }
    return p.c->problem ? syntax : end_items(p.out, start, count, false);
}

/* [[KEY, VALUE], ...] */
static const char *pack_pairs(struct packing p)
{
    static const char expected[] = "\"$map\" takes an array of [KEY, VALUE]";
    struct json_token array;
    if (!json_cursor_value(p.c, &array) || array.type != JSON_ARRAY)
        return expected;
    size_t start = begin_items(p.out), count = 0;
    for (; json_cursor_item(p.c, count == 0); count++) {
        if (!json_cursor_value(p.c, &array) || array.type != JSON_ARRAY)
            return expected;
        for (int i = 0; i < 2; i++) {
            if (!json_cursor_item(p.c, i == 0))
                return expected;
            const char *problem = pack_value(p);
            if (problem)
                return problem;
        }
        if (json_cursor_item(p.c, false))
            return expected;
    }
    return p.c->problem ? syntax : end_items(p.out, start, count, true);
}

typedef const char *pack_form(struct packing p);

static const char *pack_binary(struct packing p) { return pack_bytes(p, false); }
static const char *pack_odd_string(struct packing p) { return pack_bytes(p, true); }

/* What JSON cannot say is an object with one key: how its value is packed, the cursor being at it; NULL
 * where an object that begins with this key is just an object. */
static pack_form *form_of(const struct json_cursor *c, struct slice key)
{
    static const struct {
        const char *key;
        pack_form *pack;
    } forms[] = {{"$bin", pack_binary}, {"$str", pack_odd_string},  {"$ext", pack_extension},
                 {"$big", pack_big},    {"$float", pack_odd_float}, {"$map", pack_pairs}};
    struct json_cursor ahead = *c;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (slice_is(key, forms[i].key)) {
            struct json_token second;
            bool more = !json_cursor_skip(&ahead) || json_cursor_key(&ahead, false, &second) || ahead.problem;
            return more ? NULL : forms[i].pack;
        }
    return NULL;
}

static const char *pack_object(struct packing p)
{
    size_t start = begin_items(p.out), count = 0;
    bool record = p.depth == 1;
    const char *problem;
    struct json_token key;
    for (; json_cursor_key(p.c, count == 0, &key); count++) {
        pack_form *form = count == 0 && key.text.size && *key.text.at == '$' ? form_of(p.c, key.text) : NULL;
        if (form) {
            p.out->size = start;
            if ((problem = form(p)))
                return problem;
            json_cursor_key(p.c, false, &key); /* there is none: moves behind the object */
            return NULL;
        }
        pack_string(p, &key);
        if (record)
            p.narrow = slice_is(key.text, "vec");
        if ((problem = pack_value(p)))
            return problem;
    }
    return p.c->problem ? syntax : end_items(p.out, start, count, true);
}

static const char *pack_value(struct packing p)
{
    struct json_token token;
    if (++p.depth > MSGPACK_MAX_DEPTH + 1)
        return "nested too deep";
    if (!json_cursor_value(p.c, &token))
        return syntax;
    switch (token.type) {
    case JSON_OBJECT:
        return pack_object(p);
    case JSON_ARRAY:
        return pack_array(p);
    case JSON_STRING:
        pack_string(p, &token);
        break;
    case JSON_INTEGER:
        msgpack_put_integer(p.out, token.integer);
        break;
    case JSON_REAL:
        return pack_real(p, token.real);
    case JSON_TRUE:
    case JSON_FALSE:
        msgpack_put_bool(p.out, token.type == JSON_TRUE);
        break;
    case JSON_NULL:
        msgpack_put_nil(p.out);
        break;
    }
    return NULL;
}

/* ---- Lines ---- */

/* In JSON a record takes a few times as many characters as in msgpack, a header at most eight times as many.
 */
enum { READ_SIZE = 1 << 16, MAX_LINE = 4 * MSGPACK_MAX_SIZE, MAX_HEADER_LINE = 8 * HEADER_MAX_SIZE };

struct lines {
    int fd;
    const char *name;
    struct buffer bytes; /* what was read and not yet taken begins at `taken` */
    size_t taken, searched;
    bool ended;
    struct slice text; /* the line taken last */
    uint64_t number;
};

/* Takes the next line without its end; false at the end of the input. */
static bool take_line(struct lines *lines)
{
    for (;;) {
        size_t left = lines->bytes.size - lines->searched;
        const char *newline = left ? memchr(lines->bytes.at + lines->searched, '\n', left) : NULL;
        size_t size = (newline ? (size_t)(newline - lines->bytes.at) : lines->bytes.size) - lines->taken;
        if (size > MAX_LINE)
            die(STATUS_INPUT, "%s:%llu: a line of more than %d MiB", lines->name,
                (unsigned long long)lines->number + 1, MAX_LINE >> 20);
        if (newline || (lines->ended && size > 0)) {
            lines->text = (struct slice){lines->bytes.at + lines->taken, size};
            lines->taken = lines->searched = lines->taken + size + (newline ? 1 : 0);
            lines->number++;
            return true;
        }
        if (lines->ended)
            return false;
        if (lines->taken > 0)
            memmove(lines->bytes.at, lines->bytes.at + lines->taken, size);
        lines->bytes.size = lines->searched = size;
        lines->taken = 0;
        size_t got = file_read_some(lines->fd, buffer_reserve(&lines->bytes, READ_SIZE), READ_SIZE,
                                    lines->name);
        lines->bytes.size += got;
        lines->ended = got == 0;
    }
}

static bool is_blank(struct slice text)
{
    while (text.size > 0 && strchr(" \t\r", text.at[text.size - 1]) && text.at[text.size - 1])
        text.size--;
    return text.size == 0;
}

static noreturn void bad_line(const struct lines *lines, const char *problem)
{
    die(STATUS_INPUT, "%s:%llu: %s", lines->name, (unsigned long long)lines->number, problem);
}

static noreturn void bad_syntax(const struct lines *lines, const struct json_cursor *c)
{
    struct buffer problem = {0};
    json_cursor_describe(c, &problem);
    die(STATUS_INPUT, "%s:%llu: %.*s (JSON as 'show --json' writes it is read)", lines->name,
        (unsigned long long)lines->number, (int)problem.size, problem.at);
}

/* What a line is. */
enum line_kind { LINE_NONE, LINE_HEADER, LINE_RECORD, LINE_TRAILER };

/* The next line that is not blank, an object in good order; LINE_NONE at the end of the input. */
static enum line_kind next_line(struct lines *lines)
{
    do
        if (!take_line(lines))
            return LINE_NONE;
    while (is_blank(lines->text));
    size_t invalid = utf8_invalid_at(lines->text);
    if (invalid < lines->text.size)
        die(STATUS_INPUT, "%s:%llu: byte %zu is not UTF-8", lines->name, (unsigned long long)lines->number,
            invalid + 1);
    struct json_cursor c = json_cursor_of(lines->text);
    struct json_token token;
    if (json_cursor_value(&c, &token) && token.type != JSON_OBJECT)
        bad_line(lines, "expected an object");
    bool begins = false, ends = false;
    for (bool first = true; json_cursor_key(&c, first, &token) && json_cursor_skip(&c); first = false) {
        begins |= slice_is(token.text, "rubric");
        ends |= slice_is(token.text, "end");
    }
    if (!json_cursor_end(&c))
        bad_syntax(lines, &c);
    if (begins && ends)
        bad_line(lines, "one object is header and trailer ('rubric' and 'end')");
    return begins ? LINE_HEADER : ends ? LINE_TRAILER : LINE_RECORD;
}

/* A header's or trailer's line. */
static json_t *line_value(const struct lines *lines)
{
    if (lines->text.size > MAX_HEADER_LINE)
        die(STATUS_INPUT, "%s:%llu: a header or trailer of %zu bytes: expected at most %d", lines->name,
            (unsigned long long)lines->number, lines->text.size, MAX_HEADER_LINE);
    json_error_t error;
    json_t *value = json_loadb(lines->text.at, lines->text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
                               &error);
    if (!value)
        die(STATUS_INPUT, "%s:%llu: column %d: %s", lines->name, (unsigned long long)lines->number,
            error.column, error.text);
    return value;
}

static void pack_record(const struct lines *lines, enum label_type y, struct stream_writer *writer)
{
    struct buffer packed = {0};
    struct record record = {0};
    struct json_cursor line = json_cursor_of(lines->text);
    const char *wrong = pack_value((struct packing){.out = &packed, .c = &line});
    if (line.problem)
        bad_syntax(lines, &line);
    if (wrong)
        bad_line(lines, wrong);
    struct msgpack_cursor c = {(uint8_t *)packed.at, (uint8_t *)packed.at + packed.size};
    enum msgpack_result result = record_split(&record, &c);
    char problem[512];
    if (result != MSGPACK_GOOD)
        bad_line(lines, msgpack_result_text(result));
    if (!record_interpret(&record, y, problem, sizeof problem))
        bad_line(lines, problem);
    stream_write(writer, &record);
    record_free(&record);
    buffer_free(&packed);
}

static void pack_trailer(const struct lines *lines, uint64_t records, struct stream_writer *writer)
{
    json_t *trailer = line_value(lines);
    json_int_t end = json_integer_value(json_object_get(trailer, "end"));
    if ((uint64_t)end != records)
        note("%s:%llu: the trailer says %lld records, %llu were there: counted anew", lines->name,
             (unsigned long long)lines->number, (long long)end, (unsigned long long)records);
    stream_write_trailer(writer, trailer);
    json_decref(trailer);
}

/* Records up to the trailer's line, and that. */
static void pack_segment(struct lines *lines, enum label_type y, struct stream_writer *writer)
{
    enum line_kind kind;
    uint64_t records = 0;
    for (; (kind = next_line(lines)) == LINE_RECORD; records++)
        pack_record(lines, y, writer);
    if (kind == LINE_NONE)
        bad_line(lines, "this is the last line: expected a trailer (key 'end')");
    if (kind == LINE_HEADER)
        bad_line(lines, "a header before the trailer of the segment");
    pack_trailer(lines, records, writer);
}

void jsonlines_pack(const char *path, struct stream_writer *writer)
{
    struct lines lines = {.name = file_name(path), .fd = file_open(path)};
    uint64_t segments = 0;
    for (enum line_kind kind; (kind = next_line(&lines)) != LINE_NONE; segments++) {
        struct header header;
        char where[300];
        snprintf(where, sizeof where, "%.200s:%llu", lines.name, (unsigned long long)lines.number);
        if (kind != LINE_HEADER)
            bad_line(&lines, "a segment begins with a header (key 'rubric')");
        header_from_map(&header, line_value(&lines), where);
        stream_write_header(writer, &header);
        pack_segment(&lines, header.y, writer);
        header_free(&header);
    }
    if (segments == 0)
        die(STATUS_INPUT, "%s: it is empty: expected JSON Lines, as 'show --json' writes them", lines.name);
    buffer_free(&lines.bytes);
    if (lines.fd != STDIN_FILENO)
        file_close(lines.fd, lines.name);
}
