#include "stream/anonymise.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

/* ---- Headers ---- */

static bool listed(struct slice key, const char *const *list)
{
    while (*list && !slice_is(key, *list))
        list++;
    return *list;
}

static void keep_listed(json_t *object, const char *const *list)
{
    const char *key;
    void *next;
    json_t *value;
    json_object_foreach_safe(object, next, key, value) if (!listed(slice_of(key), list))
        json_object_del(object, key);
}

/* "1/2", as tok --shard has it, is no path. */
static bool is_fraction(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits + (text[digits] == '/');
    return digits > 0 && *rest && strspn(rest, "0123456789") == strlen(rest);
}

/* What a path ends with; of "--option=a/b" too. */
static json_t *without_directories(const char *text)
{
    if (is_fraction(text))
        return json_string(text);
    const char *value = *text == '-' && strchr(text, '=') ? strchr(text, '=') + 1 : text;
    struct slice last = file_last_component(value);
    struct buffer out = {0};
    buffer_append(&out, text, (size_t)(value - text));
    buffer_append(&out, last.at, last.size);
    json_t *short_text = json_stringn(out.at, out.size);
    buffer_free(&out);
    return short_text;
}

static void shorten_path(json_t *object)
{
    static const char *const keys[] = {"path", "print", NULL};
    const char *path = json_string_value(json_object_get(object, "path"));
    if (path)
        json_object_set_new(object, "path", without_directories(path));
    keep_listed(object, keys);
}

static void shorten_command(json_t *entry)
{
    static const char *const keys[] = {"cmd", "version", "args", "seed", NULL};
    json_t *args = json_object_get(entry, "args");
    json_int_t operands = json_integer_value(json_object_get(entry, "operands"));
    for (; operands > 0 && json_array_size(args) > 0; operands--)
        json_array_remove(args, json_array_size(args) - 1);
    for (size_t i = 0; i < json_array_size(args); i++) {
        const char *arg = json_string_value(json_array_get(args, i));
        json_array_set_new(args, i, arg ? without_directories(arg) : json_null());
    }
    keep_listed(entry, keys);
}

void anonymise_header(struct header *header)
{
    static const char *const keys[] = {
        "rubric",  "kind", "y",      "labels", "ordered", "tokenizer", "dim",       "layers",        "pool",
        "encoder", "loss", "values", "model",  "trail",   "rounding",  "chosen_by", "probabilities", NULL};
    keep_listed(header->map, keys);
    shorten_path(json_object_get(header->map, "model"));
    shorten_path(json_object_get(header->map, "encoder"));
    json_t *trail = json_object_get(header->map, "trail");
    for (size_t i = 0; i < json_array_size(trail); i++)
        shorten_command(json_array_get(trail, i));
}

/* ---- Records ---- */

void anonymise_record(struct record *record, enum stream_kind kind, uint64_t number)
{
    static const char *const keys[] = {"id",   "y",    "w",     "part", "fold",   "words",
                                       "full", "pred", "score", "prob", "logits", NULL};
    size_t kept = 0;
    for (size_t i = 0; i < record->field_count; i++)
        if (listed(record->fields[i].key, keys))
            record->fields[kept++] = record->fields[i];
    record->field_count = kept;
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    record_set_string(record, "id", (struct slice){digits, (size_t)size});
    if (kind != KIND_PREDICTIONS || !record_field(record, "pred").at)
        record_set_string(record, "bad", SLICE("left out by show --anonymise"));
}
