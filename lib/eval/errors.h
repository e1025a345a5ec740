/* The largest disagreements of a stream, in memory for those only. */
#ifndef RUBRIC_EVAL_ERRORS_H
#define RUBRIC_EVAL_ERRORS_H

#include <stdint.h>

#include "base/memory.h"

struct disagreement {
    double size;             /* how far prediction and truth lie apart; > 0 */
    uint64_t number;         /* the record's place in the input; of equal ones the first is kept */
    char *id, *truth, *pred; /* owned */
    double score;            /* NAN without one */
};

/* A heap with the smallest on top.  Start with {.limit = N}; release with errors_free. */
struct errors {
    struct disagreement *at;
    size_t count, capacity, limit;
};

/* Whether a disagreement of this size would be kept. */
int errors_wanted(const struct errors *errors, double size, uint64_t number);
/* Takes over the strings of one that is wanted. */
void errors_add(struct errors *errors, const struct disagreement *disagreement);
/* Orders them, largest first; nothing is added afterwards. */
void errors_sort(struct errors *errors);
void errors_free(struct errors *errors);

#endif
