/* Texts numbered 0, 1, 2, ... in the order in which they first come: the same bytes have one number. */
#ifndef RUBRIC_BASE_INTERNER_H
#define RUBRIC_BASE_INTERNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/memory.h"

/* Start with {0}; release with interner_free. */
struct interner {
    struct slice *at; /* [count] the texts, each with a NUL behind it; they lie in `texts` and never move */
    size_t count, capacity;
    uint32_t *slots; /* [slot_count] open addressing: number + 1; 0 is free */
    size_t slot_count;
    struct arena texts;
};

#define INTERNER_NONE ((size_t)-1)

/* The number of `text`, of which a copy joins the others if it is new; `*added` (if not NULL) says whether it
 * was.  At most 2^32 - 2 texts. */
size_t interner_add(struct interner *interner, struct slice text, bool *added);

/* The number of `text`, or INTERNER_NONE. */
size_t interner_find(const struct interner *interner, struct slice text);

void interner_free(struct interner *interner);

#endif
