#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "stream/internal.h"

const char *stream_kind_name(enum stream_kind kind)
{
    switch (kind) {
    case KIND_TOKENS:
        return "tokens";
    case KIND_VECTORS:
        return "vectors";
    case KIND_PREDICTIONS:
        return "predictions";
    case KIND_ANY:
        break;
    }
    return "any";
}

/* ---- Reading a map ---- */

/* The text under `key`, or "" where there is none. */
static const char *text_of(const json_t *map, const char *key)
{
    const char *text = json_string_value(json_object_get(map, key));
    return text ? text : "";
}

static enum stream_kind kind_of(const json_t *map, const char *where)
{
    const char *name = text_of(map, "kind");
    for (int kind = KIND_TOKENS; kind <= KIND_PREDICTIONS; kind *= 2)
        if (strcmp(name, stream_kind_name((enum stream_kind)kind)) == 0)
            return (enum stream_kind)kind;
    die(STATUS_BROKEN, "%s: header: 'kind' is '%s': expected tokens, vectors or predictions", where, name);
}

static enum label_type type_of(const json_t *map, const char *where)
{
    const char *name = text_of(map, "y");
    enum label_type type;
    if (label_type_find(name, &type))
        return type;
    die(STATUS_BROKEN, "%s: header: 'y' is '%s': expected none, integer, number or string", where, name);
}

/* The labels of a list [count]; the caller frees. */
static struct label *labels_of(const json_t *list, size_t count, const char *where)
{
    struct label *labels = memory_new(count, sizeof *labels);
    for (size_t i = 0; i < count; i++) {
        labels[i] = label_from_json(json_array_get(list, i));
        if (labels[i].type == LABEL_NONE)
            die(STATUS_BROKEN, "%s: header: label %zu is neither a number nor a string", where, i + 1);
    }
    return labels;
}

/* The type all labels share: numbers where integers and numbers are mixed, else none where they differ. */
static enum label_type common_type(const struct label *labels, size_t count)
{
    enum label_type type = labels[0].type;
    for (size_t i = 1; i < count; i++) {
        if ((labels[i].type == LABEL_STRING) != (type == LABEL_STRING))
            return LABEL_NONE;
        if (labels[i].type > type)
            type = labels[i].type;
    }
    return type;
}

/* The type that the labels are to have under the header's; a stream without labels (y none) may still name a
 * model's classes. */
static enum label_type fitting_type(const struct label *labels, size_t count, enum label_type y,
                                    const char *where)
{
    enum label_type type = common_type(labels, count);
    bool fits = y == LABEL_NONE || type == y || (type == LABEL_INTEGER && y == LABEL_NUMBER);
    if (type == LABEL_NONE || !fits)
        die(STATUS_BROKEN, "%s: header: labels are of type %s: 'y' says %s", where,
            type == LABEL_NONE ? "number and string" : label_type_name(type), label_type_name(y));
    return y == LABEL_NUMBER ? LABEL_NUMBER : type;
}

/* Fills header->classes from the map. */
static void read_classes(struct header *header, const char *where)
{
    struct classes *classes = &header->classes;
    const json_t *list = json_object_get(header->map, "labels");
    classes_free(classes);
    classes->type = header->y;
    classes->ordered = json_is_true(json_object_get(header->map, "ordered"));
    if (!list)
        return;
    size_t count = json_array_size(list);
    if (!json_is_array(list))
        die(STATUS_BROKEN, "%s: header: 'labels' is no list", where);
    if (count > CLASSES_LIMIT)
        die(STATUS_BROKEN, "%s: header: %zu labels: at most %d are read", where, count, CLASSES_LIMIT);
    if (count == 0)
        return;
    struct label *labels = labels_of(list, count, where);
    enum label_type type = fitting_type(labels, count, header->y, where);
    for (size_t i = 0; i < count; i++) {
        labels[i].type = type;
        if (!classes_add(classes, &labels[i]))
            die(STATUS_BROKEN, "%s: header: labels %zd and %zu are the same", where,
                classes_find(classes, &labels[i]) + 1, i + 1);
    }
    free(labels);
}

void header_from_map(struct header *header, json_t *map, const char *where)
{
    *header = (struct header){.map = map};
    const json_t *version = json_object_get(map, "rubric");
    if (!json_is_integer(version))
        die(STATUS_BROKEN, "%s: header: 'rubric' is no format version", where);
    if (json_integer_value(version) != STREAM_VERSION)
        die(STATUS_BROKEN, "%s: format version %lld: this rubric reads version %d", where,
            (long long)json_integer_value(version), STREAM_VERSION);
    header->kind = kind_of(map, where);
    header->y = type_of(map, where);
    read_classes(header, where);
}

/* ---- Life ---- */

void header_init(struct header *header, enum stream_kind kind, enum label_type y)
{
    *header = (struct header){.kind = kind, .map = json_object()};
    header_set(header, "rubric", json_integer(STREAM_VERSION));
    header_set(header, "kind", json_string(stream_kind_name(kind)));
    header_set_type(header, y);
}

void header_free(struct header *header)
{
    classes_free(&header->classes);
    json_decref(header->map);
    *header = (struct header){0};
}

struct header header_copy(const struct header *header)
{
    struct header copy;
    header_from_map(&copy, json_deep_copy(header->map), "copied header");
    return copy;
}

/* ---- Changing ---- */

void header_set(struct header *header, const char *key, json_t *value) { json_set(header->map, key, value); }

void header_set_type(struct header *header, enum label_type y)
{
    header->y = header->classes.type = y;
    header_set(header, "y", json_string(label_type_name(y)));
}

void header_set_kind(struct header *header, enum stream_kind kind)
{
    header->kind = kind;
    header_set(header, "kind", json_string(stream_kind_name(kind)));
}

void header_set_labels(struct header *header, const struct label *labels, size_t count, bool ordered)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, label_to_json(&labels[i])) != 0)
            die(STATUS_INPUT,
                "class %zu cannot be written: text that is not UTF-8, or a number that is not finite", i + 1);
    header_set(header, "labels", list);
    header_set(header, "ordered", json_boolean(ordered));
    read_classes(header, error_program());
}

/* Command lines may hold any bytes; a header holds UTF-8: what is not becomes "?". */
static json_t *argument(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    char *ascii = memory_string(text);
    for (char *p = ascii; *p; p++)
        if (*p & 0x80)
            *p = '?';
    value = json_string(ascii);
    free(ascii);
    return value;
}

void header_sign(struct header *header, const struct command_record *command, int64_t seed)
{
    json_t *trail = json_object_get(header->map, "trail");
    if (!json_is_array(trail)) {
        trail = json_array();
        header_set(header, "trail", trail);
    }
    json_t *entry = json_object(), *args = json_array();
    for (size_t i = 0; i < command->count; i++)
        json_array_append_new(args, argument(command->args[i]));
    json_object_set_new(entry, "cmd", json_string(error_program()));
    json_object_set_new(entry, "version", json_string(RUBRIC_VERSION));
    json_object_set_new(entry, "args", args);
    if (seed >= 0)
        json_object_set_new(entry, "seed", json_integer(seed));
    if (command->operands)
        json_object_set_new(entry, "operands", json_integer((json_int_t)command->operands));
    json_array_append_new(trail, entry);
}

void header_set_model(struct header *header, const char *path, const char *fingerprint)
{
    json_t *model = json_object();
    json_object_set_new(model, "path", argument(path));
    if (fingerprint)
        json_object_set_new(model, "print", json_string(fingerprint));
    header_set(header, "model", model);
}

/* ---- Asking ---- */

static const char *model_text(const struct header *header, const char *key)
{
    return json_string_value(json_object_get(json_object_get(header->map, "model"), key));
}

const char *header_model_path(const struct header *header) { return model_text(header, "path"); }
const char *header_model_fingerprint(const struct header *header) { return model_text(header, "print"); }

const char *header_difference(const struct header *a, const struct header *b)
{
    static const char *const settings[] = {"kind", "y", "tokenizer", "dim", "layers", "pool"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const json_t *left = json_object_get(a->map, settings[i]),
                     *right = json_object_get(b->map, settings[i]);
        bool equal = left && right ? json_equal(left, right) : left == right;
        if (!equal)
            return settings[i];
    }
    return NULL;
}
