#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/terminal.h"
#include "base/utf8.h"

/* ---- Reading ---- */

/* No fewer than there are values: each but the first stands behind one of these, which strings may hold
 * too. */
static size_t values_at_most(struct slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++)
        count += text.at[i] == ',' || text.at[i] == ':' || text.at[i] == '[' || text.at[i] == '{';
    return count;
}

json_t *json_parse(struct slice text, const char *name, size_t flags)
{
    if (text.size > JSON_FILE_LIMIT)
        die(STATUS_BROKEN, "%s: %zu bytes of JSON: at most %d are read", name, text.size, JSON_FILE_LIMIT);
    if (values_at_most(text) > JSON_VALUES_LIMIT)
        die(STATUS_BROKEN, "%s: JSON of more than %d values", name, JSON_VALUES_LIMIT);
    json_error_t error;
    json_t *value = json_loadb(text.at, text.size, flags | JSON_REJECT_DUPLICATES, &error);
    if (!value)
        die(STATUS_BROKEN, "%s:%d:%d: %s: expected JSON", name, error.line, error.column, error.text);
    return value;
}

json_t *json_read(const char *path, size_t flags)
{
    struct file_view view = file_view_regular(path, JSON_FILE_LIMIT);
    json_t *value = json_parse((struct slice){view.at, view.size}, path, flags);
    file_unview(&view);
    return value;
}

json_t *json_read_object(const char *path, size_t flags)
{
    json_t *value = json_read(path, flags);
    if (!json_is_object(value))
        die(STATUS_BROKEN, "%s: expected a JSON object", path);
    return value;
}

struct slice json_slice(const json_t *string)
{
    return (struct slice){json_string_value(string), json_string_length(string)};
}

/* ---- Making values ---- */

void json_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        die(STATUS_INPUT,
            "'%s' cannot be written as JSON: text that is not UTF-8, or a number that is not finite", key);
}

void json_add(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        die(STATUS_INPUT,
            "item %zu of a list cannot be written as JSON: text that is not UTF-8, "
            "or a number that is not finite",
            json_array_size(array) + 1);
}

json_t *json_count(uint64_t n) { return json_integer((json_int_t)n); }

json_t *json_finite(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *json_text(struct slice text)
{
    struct buffer escaped = {0};
    if (utf8_invalid_at(text) == text.size)
        return json_stringn_nocheck(text.size ? text.at : "", text.size);
    terminal_put(&escaped, text);
    json_t *value = json_stringn(escaped.at, escaped.size);
    buffer_free(&escaped);
    return value;
}

double json_widen(float value)
{
    struct buffer text = {0};
    json_put_float(&text, value);
    buffer_byte(&text, '\0');
    double wide = strtod(text.at, NULL);
    buffer_free(&text);
    return wide;
}

/* ---- Strings and numbers ---- */

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

void json_put_string(struct buffer *out, struct slice text)
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
static void mark_real(struct buffer *out, size_t from)
{
    if (!memchr(out->at + from, '.', out->size - from) && !memchr(out->at + from, 'e', out->size - from))
        buffer_text(out, ".0");
}

void json_put_real(struct buffer *out, double value)
{
    size_t from = out->size;
    buffer_number(out, value);
    mark_real(out, from);
}

void json_put_float(struct buffer *out, float value)
{
    size_t from = out->size;
    buffer_float(out, value);
    mark_real(out, from);
}

/* ---- Values ---- */

/* `depth`: how far lines are indented; negative: there are none. */
static void put_value(struct buffer *out, const json_t *value, int depth);

static int deeper(int depth) { return depth < 0 ? depth : depth + 1; }

static void begin_line(struct buffer *out, int depth)
{
    if (depth >= 0)
        buffer_format(out, "\n%*s", 2 * depth, "");
}

static void put_object(struct buffer *out, const json_t *object, int depth)
{
    const char *key;
    size_t size;
    json_t *item;
    bool first = true;
    buffer_byte(out, '{');
    json_object_keylen_foreach((json_t *)(uintptr_t)object, key, size, item)
    {
        if (!first)
            buffer_byte(out, ',');
        first = false;
        begin_line(out, deeper(depth));
        json_put_string(out, (struct slice){key, size});
        buffer_text(out, depth < 0 ? ":" : ": ");
        put_value(out, item, deeper(depth));
    }
    if (!first)
        begin_line(out, depth);
    buffer_byte(out, '}');
}

static void put_array(struct buffer *out, const json_t *array, int depth)
{
    bool flat = true;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) flat = flat && !json_is_object(item) && !json_is_array(item);
    buffer_byte(out, '[');
    json_array_foreach(array, i, item)
    {
        if (i > 0)
            buffer_text(out, flat && depth >= 0 ? ", " : ",");
        if (!flat)
            begin_line(out, deeper(depth));
        put_value(out, item, deeper(depth));
    }
    if (!flat)
        begin_line(out, depth);
    buffer_byte(out, ']');
}

static void put_value(struct buffer *out, const json_t *value, int depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(out, value, depth);
        break;
    case JSON_ARRAY:
        put_array(out, value, depth);
        break;
    case JSON_STRING:
        json_put_string(out, json_slice(value));
        break;
    case JSON_INTEGER:
        buffer_integer(out, json_integer_value(value));
        break;
    case JSON_REAL:
        json_put_real(out, json_real_value(value));
        break;
    case JSON_TRUE:
        buffer_text(out, "true");
        break;
    case JSON_FALSE:
        buffer_text(out, "false");
        break;
    case JSON_NULL:
        buffer_text(out, "null");
        break;
    }
}

void json_put(struct buffer *out, const json_t *value, enum json_layout layout)
{
    put_value(out, value, layout == JSON_LINES ? 0 : -1);
}

void json_save(const char *path, const json_t *value)
{
    struct buffer text = {0};
    json_put(&text, value, JSON_LINES);
    buffer_byte(&text, '\n');
    file_save(path, text.at, text.size);
    buffer_free(&text);
}
