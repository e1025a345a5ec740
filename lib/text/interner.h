/* Strings numbered in the order they first come: the same bytes have one number. */
#ifndef RUBRIC_TEXT_INTERNER_H
#define RUBRIC_TEXT_INTERNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"

/* Start with {0}. */
struct interner {
    struct buffer bytes; /* all strings, one after another */
    size_t *start;       /* [count + 1] */
    size_t count, capacity;
    uint32_t *slots; /* open addressing: number + 1; 0 is free */
    size_t slot_count;
};

/* The string's number; a new one is `count` before the call.  At most 2^32 - 2 strings. */
uint32_t intern(struct interner *in, struct slice text);

/* The number of a string that is there; false when it is not. */
bool intern_find(const struct interner *in, struct slice text, uint32_t *number);
struct slice interned(const struct interner *in, uint32_t number);
void interner_free(struct interner *in);

#endif
