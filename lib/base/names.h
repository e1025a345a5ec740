/* A set of texts, each with a number: 0, 1, 2, ... in the order they were added. */
#ifndef RUBRIC_BASE_NAMES_H
#define RUBRIC_BASE_NAMES_H

#include <stdbool.h>

#include "base/memory.h"

/* Start with {0}; release with names_free. */
struct names {
    struct slice *at; /* [count], the texts themselves: owned copies */
    size_t count, room;
    uint64_t *hashes;  /* [count] */
    uint32_t *table;   /* open addressing over number + 1; 0 is empty */
    size_t table_size; /* a power of two, at most half full */
};

#define NAMES_NONE ((size_t)-1)

/* The number of `name`, adding a copy of it if it is new; *added (if not NULL) says which. */
size_t names_add(struct names *names, struct slice name, bool *added);

/* The number of `name`, or NAMES_NONE. */
size_t names_find(const struct names *names, struct slice name);

void names_free(struct names *names);

#endif
