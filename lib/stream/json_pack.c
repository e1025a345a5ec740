#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "stream/internal.h"
#include "stream/jsonlines.h"

/* ---- One value ---- */

struct packing {
    struct buffer *out;
    bool narrow; /* within "vec": floats are float32 */
    int depth;
};

/* Each returns NULL, or what is wrong. */
static const char *pack_value(struct packing p, const json_t *value);

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes written in hexadecimal digits, appended to `out`. */
static bool read_hex(const json_t *value, struct buffer *out)
{
    struct slice text = json_slice(value);
    if (!json_is_string(value) || text.size % 2)
        return false;
    for (size_t i = 0; i < text.size; i += 2) {
        int high = hex_digit(text.at[i]), low = hex_digit(text.at[i + 1]);
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

static const char *pack_bytes(struct packing p, const json_t *value, bool string)
{
    struct buffer bytes = {0};
    bool good = read_hex(value, &bytes);
    if (good && string) {
        msgpack_put_string(p.out, (struct slice){bytes.at, bytes.size});
    } else if (good) {
        put_length(p.out, 0xc4, bytes.size);
        buffer_append(p.out, bytes.at, bytes.size);
    }
    buffer_free(&bytes);
    return good ? NULL : "bytes are written as an even number of digits 0-9a-f";
}

static const char *pack_extension(struct packing p, const json_t *value)
{
    const json_t *type = json_array_get(value, 0);
    struct buffer bytes = {0};
    bool good = json_array_size(value) == 2 && json_is_integer(type) &&
                json_integer_value(type) >= INT8_MIN && json_integer_value(type) <= INT8_MAX &&
                read_hex(json_array_get(value, 1), &bytes);
    if (good) {
        size_t size = bytes.size;
        if (size > 0 && size <= 16 && (size & (size - 1)) == 0)
            buffer_byte(p.out, (char)(0xd4 + __builtin_ctz((unsigned)size)));
        else
            put_length(p.out, 0xc7, size);
        buffer_byte(p.out, (char)json_integer_value(type));
        buffer_append(p.out, bytes.at, size);
    }
    buffer_free(&bytes);
    return good ? NULL : "an extension is written as [TYPE, HEX]";
}

static const char *pack_big(struct packing p, const json_t *value)
{
    const char *text = json_string_value(value);
    char *end;
    errno = 0;
    if (!text || *text < '0' || *text > '9')
        return "\"$big\" takes a string of decimal digits";
    unsigned long long number = strtoull(text, &end, 10);
    if (*end || errno)
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

static const char *pack_odd_float(struct packing p, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strcmp(text, "nan") == 0)
        return pack_real(p, (double)NAN);
    if (strcmp(text, "inf") == 0)
        return pack_real(p, (double)INFINITY);
    if (strcmp(text, "-inf") == 0)
        return pack_real(p, (double)-INFINITY);
    return "\"$float\" takes nan, inf or -inf";
}

static const char *pack_pairs(struct packing p, const json_t *value)
{
    size_t index;
    json_t *pair;
    if (!json_is_array(value))
        return "\"$map\" takes an array of [KEY, VALUE]";
    msgpack_put_map(p.out, (uint32_t)json_array_size(value));
    json_array_foreach(value, index, pair)
    {
        if (json_array_size(pair) != 2)
            return "\"$map\" takes an array of [KEY, VALUE]";
        for (size_t i = 0; i < 2; i++) {
            const char *problem = pack_value(p, json_array_get(pair, i));
            if (problem)
                return problem;
        }
    }
    return NULL;
}

/* What JSON cannot say, written as an object with one key.  Other such keys are just keys. */
static bool pack_form(struct packing p, const char *key, const json_t *value, const char **problem)
{
    if (strcmp(key, "$bin") == 0 || strcmp(key, "$str") == 0)
        *problem = pack_bytes(p, value, key[1] == 's');
    else if (strcmp(key, "$ext") == 0)
        *problem = pack_extension(p, value);
    else if (strcmp(key, "$big") == 0)
        *problem = pack_big(p, value);
    else if (strcmp(key, "$float") == 0)
        *problem = pack_odd_float(p, value);
    else if (strcmp(key, "$map") == 0)
        *problem = pack_pairs(p, value);
    else
        return false;
    return true;
}

static const char *pack_object(struct packing p, const json_t *value)
{
    const char *key, *problem = NULL;
    json_t *item, *object = (json_t *)(uintptr_t)value;
    if (json_object_size(value) == 1) {
        void *only = json_object_iter(object);
        if (pack_form(p, json_object_iter_key(only), json_object_iter_value(only), &problem))
            return problem;
    }
    bool record = p.depth == 1;
    msgpack_put_map(p.out, (uint32_t)json_object_size(value));
    json_object_foreach(object, key, item)
    {
        msgpack_put_string(p.out, slice_of(key));
        p.narrow = record ? strcmp(key, "vec") == 0 : p.narrow;
        if ((problem = pack_value(p, item)))
            return problem;
    }
    return NULL;
}

static const char *pack_value(struct packing p, const json_t *value)
{
    size_t index;
    json_t *item;
    if (++p.depth > MSGPACK_MAX_DEPTH + 1)
        return "nested too deep";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return pack_object(p, value);
    case JSON_ARRAY:
        msgpack_put_array(p.out, (uint32_t)json_array_size(value));
        json_array_foreach(value, index, item)
        {
            const char *problem = pack_value(p, item);
            if (problem)
                return problem;
        }
        return NULL;
    case JSON_REAL:
        return pack_real(p, json_real_value(value));
    default:
        msgpack_put_json(p.out, value);
        return NULL;
    }
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

/* The next line that is not blank, of at most `longest` bytes, as an object; NULL at the end of the input. */
static json_t *next_line(struct lines *lines, size_t longest)
{
    do
        if (!take_line(lines))
            return NULL;
    while (is_blank(lines->text));
    if (lines->text.size > longest)
        die(STATUS_INPUT, "%s:%llu: a header of %zu bytes: expected at most %zu", lines->name,
            (unsigned long long)lines->number, lines->text.size, longest);
    json_error_t error;
    json_t *value = json_loadb(lines->text.at, lines->text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
                               &error);
    if (!value)
        die(STATUS_INPUT, "%s:%llu: column %d: %s: expected JSON, as 'show --json' writes it", lines->name,
            (unsigned long long)lines->number, error.column, error.text);
    if (!json_is_object(value))
        die(STATUS_INPUT, "%s:%llu: an array: expected an object", lines->name,
            (unsigned long long)lines->number);
    return value;
}

static noreturn void bad_line(const struct lines *lines, const char *problem)
{
    die(STATUS_INPUT, "%s:%llu: %s", lines->name, (unsigned long long)lines->number, problem);
}

static void pack_record(const struct lines *lines, const json_t *line, enum label_type y,
                        struct stream_writer *writer)
{
    struct buffer packed = {0};
    struct record record = {0};
    const char *wrong = pack_value((struct packing){.out = &packed}, line);
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

/* Records up to the trailer's line. */
static void pack_segment(struct lines *lines, enum label_type y, struct stream_writer *writer)
{
    for (uint64_t records = 0;; records++) {
        json_t *line = next_line(lines, MAX_LINE);
        if (!line)
            bad_line(lines, "this is the last line: expected a trailer (key 'end')");
        if (json_object_get(line, "rubric"))
            bad_line(lines, "a header before the trailer of the segment");
        const json_t *end = json_object_get(line, "end");
        if (end && (uint64_t)json_integer_value(end) != records)
            note("%s:%llu: the trailer says %lld records, %llu were there: counted anew", lines->name,
                 (unsigned long long)lines->number, (long long)json_integer_value(end),
                 (unsigned long long)records);
        if (end)
            stream_write_trailer(writer, line);
        else
            pack_record(lines, line, y, writer);
        json_decref(line);
        if (end)
            return;
    }
}

void jsonlines_pack(const char *path, struct stream_writer *writer)
{
    struct lines lines = {.name = file_name(path), .fd = file_open(path)};
    uint64_t segments = 0;
    for (json_t *line; (line = next_line(&lines, MAX_HEADER_LINE)); segments++) {
        struct header header;
        char where[300];
        snprintf(where, sizeof where, "%.200s:%llu", lines.name, (unsigned long long)lines.number);
        if (!json_object_get(line, "rubric") || json_object_get(line, "end"))
            bad_line(&lines, "a segment begins with a header (key 'rubric')");
        header_from_map(&header, line, where);
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
