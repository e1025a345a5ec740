/* One line of JSON Lines: an object whose values are texts. */
#ifndef RUBRIC_TEXT_JSONL_H
#define RUBRIC_TEXT_JSONL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/memory.h"

/* The object on a line, or NULL with the reason in `why` (duplicate keys, not an object, no JSON). */
json_t *jsonl_parse(struct slice line, char *why, size_t capacity);

/* The value of `key` as text: strings as they are (borrowed from the object), numbers and booleans appended
 * to `store`.  `*text` has .at NULL when the key is missing or null; when the text is in `store`, .at is
 * NULL too and `*stored` is true: it is the last `text->size` bytes (a later append may move them).  False
 * for an array or object. */
bool jsonl_text(const json_t *object, const char *key, struct buffer *store, struct slice *text,
                bool *stored);

/* Appends to `names` the keys of `object` that are not there yet, in its order. */
struct name_list {
    char **at;
    size_t count, capacity;
};
void jsonl_add_keys(struct name_list *names, json_t *object);

#endif
