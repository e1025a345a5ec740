/* What a tokenizer does to a text before and after it is cut into pieces. */
#ifndef RUBRIC_TEXT_TOKENIZER_SETTINGS_H
#define RUBRIC_TEXT_TOKENIZER_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum placeholders { PLACEHOLDERS_DROP, PLACEHOLDERS_MASK, PLACEHOLDERS_KEEP };
enum { WORD_CHARACTERS = 100 }; /* BERT's limit of a word */
enum long_policy { LONG_HEAD, LONG_TAIL, LONG_ENDS, LONG_WINDOWS, LONG_FAIL };

/* Everything that shapes ids, as it stands in tokenizer_config.json / tokenizer.json and a stream's
 * header. */
struct tokenizer_settings {
    bool lower_case;    /* do_lower_case */
    bool strip_accents; /* resolved: follows lower_case where the file says null */
    bool split_chinese; /* tokenize_chinese_chars */
    enum placeholders placeholders;
    enum long_policy long_policy;
    int max_length; /* tokens a text may have, special ones included (512) */
    int stride;     /* overlap of windows, in tokens */
    int word_limit; /* characters of a word: longer ones are unknown (WORD_CHARACTERS) */
    char added[65]; /* hex SHA-256 of what tokenizer_added returns; empty where that is NULL */
};
const char *placeholders_name(enum placeholders p); /* "drop", "mask", "keep" */
const char *long_policy_name(enum long_policy p);   /* "head", "tail", "ends", "windows", "fail" */

/* The way back; false when there is no such name. */
bool placeholders_find(const char *name, enum placeholders *p);
bool long_policy_find(const char *name, enum long_policy *p);

/* Settings as a header's keys ("tokenizer": {"vocab": hash, "size": V, "lower_case": ..., ...}).
 * "word_limit" and "added" are there only where they differ from BERT's: 100, no added tokens.  Two streams
 * are compatible when these objects are equal. */
json_t *tokenizer_settings_json(const struct tokenizer_settings *s, const char *vocabulary_hash, size_t size);

#endif
