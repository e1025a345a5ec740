/* Lengths counted exactly, in memory that does not grow: quantiles and a histogram of whole numbers. */
#ifndef RUBRIC_CORPUS_LENGTHS_H
#define RUBRIC_CORPUS_LENGTHS_H

#include <stdint.h>

enum { LENGTHS_LIMIT = 1 << 16 }; /* longer ones are counted together */

/* Start with {0}; release with lengths_free. */
struct lengths {
    uint64_t *counts; /* [LENGTHS_LIMIT + 1]; NULL before the first */
    uint64_t n, least, most;
    double sum;
};

void lengths_add(struct lengths *lengths, uint64_t length);
/* The least length that at least the share q of all do not exceed; `most` for what is counted together.
 * 0 without lengths. */
uint64_t lengths_quantile(const struct lengths *lengths, double q);
/* How many are in from .. upto-1. */
uint64_t lengths_between(const struct lengths *lengths, uint64_t from, uint64_t upto);
double lengths_mean(const struct lengths *lengths); /* NAN without lengths */
void lengths_free(struct lengths *lengths);

#endif
