#include "text/tokenizer_settings.h"

#include <string.h>

static const char *const placeholders_names[] = {"drop", "mask", "keep"};
static const char *const long_policy_names[] = {"head", "tail", "ends", "windows", "fail"};

const char *placeholders_name(enum placeholders p) { return placeholders_names[p]; }
const char *long_policy_name(enum long_policy p) { return long_policy_names[p]; }

bool placeholders_find(const char *name, enum placeholders *p)
{
    for (int i = PLACEHOLDERS_DROP; i <= PLACEHOLDERS_KEEP; i++)
        if (strcmp(placeholders_names[i], name) == 0) {
            *p = (enum placeholders)i;
            return true;
        }
    return false;
}

bool long_policy_find(const char *name, enum long_policy *p)
{
    for (int i = LONG_HEAD; i <= LONG_FAIL; i++)
        if (strcmp(long_policy_names[i], name) == 0) {
            *p = (enum long_policy)i;
            return true;
        }
    return false;
}

json_t *tokenizer_settings_json(const struct tokenizer_settings *s, const char *vocabulary_hash, size_t size)
{
    json_t *all = json_object();
    json_object_set_new(all, "vocab", json_string(vocabulary_hash));
    json_object_set_new(all, "size", json_integer((json_int_t)size));
    json_object_set_new(all, "lower_case", json_boolean(s->lower_case));
    json_object_set_new(all, "strip_accents", json_boolean(s->strip_accents));
    json_object_set_new(all, "split_chinese", json_boolean(s->split_chinese));
    json_object_set_new(all, "placeholders", json_string(placeholders_name(s->placeholders)));
    json_object_set_new(all, "long", json_string(long_policy_name(s->long_policy)));
    json_object_set_new(all, "max_length", json_integer(s->max_length));
    json_object_set_new(all, "stride", json_integer(s->stride));
    if (s->word_limit != WORD_CHARACTERS)
        json_object_set_new(all, "word_limit", json_integer(s->word_limit));
    if (*s->added)
        json_object_set_new(all, "added", json_string(s->added));
    return all;
}
