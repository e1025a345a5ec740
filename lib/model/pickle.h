/* A reader of Python's pickles (the opcodes of Lib/pickletools.py, protocols 0 to 5) that can build values
 * and tensors, and nothing else: it has no way to import, call or run anything.  A pickle that asks for a
 * global beyond collections.OrderedDict, torch's tensor rebuilding functions and its storage types is refused
 * by that name.
 *
 * Values lie in one arena and refer to each other by index, as pickles do (memo, shared references).  Every
 * opcode adds at most one value and a fixed number of references, so memory and time grow with the bytes of
 * the pickle only; there are at most a million values. */
#ifndef RUBRIC_MODEL_PICKLE_H
#define RUBRIC_MODEL_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

enum pickle_type {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INTEGER,
    PICKLE_FLOAT,
    PICKLE_BIG,    /* an integer beyond int64: bytes, little-endian two's complement */
    PICKLE_STRING, /* text or bytes */
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,   /* items are key, value, key, value, ... */
    PICKLE_GLOBAL, /* a name that may be used: `integer` says which, bytes are the name without its module */
    PICKLE_PERSISTENT, /* what stands for a storage; items[0] is its description */
    PICKLE_TENSOR,     /* items are the arguments of torch._utils._rebuild_tensor(_v2) */
};

enum pickle_global {
    PICKLE_ORDERED_DICT,
    PICKLE_REBUILD_TENSOR,
    PICKLE_REBUILD_PARAMETER,
    PICKLE_STORAGE_TYPE, /* of torch: "FloatStorage" */
};

struct pickle_value {
    enum pickle_type type;
    int64_t integer;    /* PICKLE_INTEGER, PICKLE_BOOL, PICKLE_GLOBAL */
    struct slice bytes; /* in the pickle */
    uint32_t *items;    /* indices into the arena */
    size_t count, capacity;
};

struct pickle {
    struct pickle_value *values;
    size_t count, capacity;
    uint32_t root; /* what the pickle holds */
    size_t size;   /* bytes read, up to and including its STOP */
};

/* Reads one pickle at the start of `bytes`; dies with STATUS_BROKEN, opening the message with `path`. */
struct pickle *pickle_read(struct slice bytes, const char *path);
void pickle_free(struct pickle *pickle);

/* The value at an index, and an item of a value (NULL when there is none). */
const struct pickle_value *pickle_at(const struct pickle *pickle, uint32_t index);
const struct pickle_value *pickle_item(const struct pickle *pickle, const struct pickle_value *value,
                                       size_t item);

#endif
