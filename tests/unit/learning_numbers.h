/* Numbers that tests in C and in Python (tests/parity/make_learning.py) make alike, and golden files. */
#ifndef RUBRIC_TESTS_LEARNING_NUMBERS_H
#define RUBRIC_TESTS_LEARNING_NUMBERS_H

#include <jansson.h>
#include <stdint.h>

#include "check.h"

/* FNV-1a, 32 bits. */
static inline uint32_t name_hash(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

/* The next number of a linear congruential sequence, exact in float32, in -1/2 .. 1/2. */
static inline float next_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 16777216.0f - 0.5f;
}

static inline json_t *golden(const char *name)
{
    char path[256];
    json_error_t error;
    snprintf(path, sizeof path, "tests/fixtures/learning/%s", name);
    json_t *root = json_load_file(path, 0, &error);
    if (!root) {
        printf("%s:%d: %s\n", path, error.line, error.text);
        exit(EXIT_FAILURE);
    }
    return root;
}

static inline double golden_at(const json_t *array, size_t i)
{
    return json_number_value(json_array_get(array, i));
}

static inline double golden_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* Fills `to` from a JSON list; returns its length. */
static inline size_t golden_floats(const json_t *object, const char *key, float *to, size_t room)
{
    const json_t *list = json_object_get(object, key);
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count && i < room; i++)
        to[i] = (float)golden_at(list, i);
    return count;
}

static inline size_t golden_doubles(const json_t *object, const char *key, double *to, size_t room)
{
    const json_t *list = json_object_get(object, key);
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count && i < room; i++)
        to[i] = golden_at(list, i);
    return count;
}

#endif
