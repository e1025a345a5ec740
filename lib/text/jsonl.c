#include "text/jsonl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

json_t *jsonl_parse(struct slice line, char *why, size_t capacity)
{
    json_error_t error;
    json_t *value = json_loadb(line.at, line.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value) {
        snprintf(why, capacity, "column %d: %s", error.column, error.text);
        return NULL;
    }
    if (json_is_object(value))
        return value;
    json_decref(value);
    snprintf(why, capacity, "no JSON object: expected {\"text\": ..., ...}");
    return NULL;
}

bool jsonl_text(const json_t *object, const char *key, struct buffer *store, struct slice *text, bool *stored)
{
    const json_t *value = json_object_get(object, key);
    size_t before = store->size;
    *text = (struct slice){0};
    *stored = false;
    if (!value || json_is_null(value))
        return true;
    if (json_is_string(value)) {
        *text = (struct slice){json_string_value(value), json_string_length(value)};
        return true;
    }
    if (json_is_integer(value))
        buffer_format(store, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        buffer_number(store, json_real_value(value));
    else if (json_is_boolean(value))
        buffer_text(store, json_is_true(value) ? "true" : "false");
    else
        return false;
    text->size = store->size - before;
    *stored = true;
    return true;
}

void jsonl_add_keys(struct name_list *names, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < names->count && !known; i++)
            known = strcmp(names->at[i], key) == 0;
        if (known)
            continue;
        memory_grow(&names->at, &names->capacity, names->count + 1, sizeof *names->at);
        names->at[names->count++] = memory_string(key);
    }
}
