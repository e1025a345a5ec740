#include "model/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

enum { JSON_FILE_LIMIT = 16 << 20 };

json_t *json_read_object(const char *path)
{
    struct file_view view = file_view(path, JSON_FILE_LIMIT);
    json_error_t error;
    json_t *value = json_loadb(view.at, view.size, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        die(STATUS_BROKEN, "%s:%d:%d: %s: expected JSON", path, error.line, error.column, error.text);
    if (!json_is_object(value))
        die(STATUS_BROKEN, "%s: holds no JSON object", path);
    file_unview(&view);
    return value;
}

void json_write_number(struct buffer *to, double value)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buffer_text(to, text);
    if (!strpbrk(text, ".e")) /* a real stays a real */
        buffer_text(to, ".0");
}

double json_widen(float value)
{
    char text[40];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    return strtod(text, NULL);
}

/* Strings and their escapes are left to jansson. */
static void write_string(struct buffer *to, const json_t *string)
{
    char *text = json_dumps(string, JSON_ENCODE_ANY);
    if (!text)
        die(STATUS_SYSTEM, "out of memory: writing JSON");
    buffer_text(to, text);
    free(text);
}

static void write_value(struct buffer *to, const json_t *value, int depth);

static void new_line(struct buffer *to, int depth) { buffer_format(to, "\n%*s", 2 * depth, ""); }

static void write_object(struct buffer *to, const json_t *object, int depth)
{
    const char *key;
    json_t *item;
    bool first = true;
    buffer_byte(to, '{');
    json_object_foreach((json_t *)(uintptr_t)object, key, item)
    {
        if (!first)
            buffer_byte(to, ',');
        first = false;
        new_line(to, depth + 1);
        json_t *name = json_string(key);
        write_string(to, name);
        json_decref(name);
        buffer_text(to, ": ");
        write_value(to, item, depth + 1);
    }
    if (!first)
        new_line(to, depth);
    buffer_byte(to, '}');
}

static void write_array(struct buffer *to, const json_t *array, int depth)
{
    bool flat = true;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) flat = flat && !json_is_object(item) && !json_is_array(item);
    buffer_byte(to, '[');
    json_array_foreach(array, i, item)
    {
        if (i > 0)
            buffer_text(to, flat ? ", " : ",");
        if (!flat)
            new_line(to, depth + 1);
        write_value(to, item, depth + 1);
    }
    if (!flat)
        new_line(to, depth);
    buffer_byte(to, ']');
}

static void write_value(struct buffer *to, const json_t *value, int depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(to, value, depth);
        break;
    case JSON_ARRAY:
        write_array(to, value, depth);
        break;
    case JSON_STRING:
        write_string(to, value);
        break;
    case JSON_INTEGER:
        buffer_format(to, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        json_write_number(to, json_real_value(value));
        break;
    case JSON_TRUE:
        buffer_text(to, "true");
        break;
    case JSON_FALSE:
        buffer_text(to, "false");
        break;
    case JSON_NULL:
        buffer_text(to, "null");
        break;
    }
}

void json_write(struct buffer *to, const json_t *value) { write_value(to, value, 0); }

void json_save(const char *path, const json_t *value)
{
    struct buffer text = {0};
    json_write(&text, value);
    buffer_byte(&text, '\n');
    file_save(path, text.at, text.size);
    buffer_free(&text);
}
