/* Finds payloads that come more than once, in which parts, and under which labels.
 *
 * Of each different payload a 128-bit hash (XXH3) is kept: memory grows with their number, by at most 96
 * bytes each.  That two payloads share a hash by chance is not to be expected before 2^64 of them. */
#ifndef RUBRIC_CORPUS_DUPLICATES_H
#define RUBRIC_CORPUS_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload;

/* Start with {0}; release with duplicates_free. */
struct duplicates {
    struct payload *table; /* open addressing */
    size_t size, count;    /* a power of two; different payloads */
    uint64_t repeats;      /* records whose payload had come before */
    uint64_t across_parts; /* different payloads that stand in more than one part */
    uint64_t conflicts;    /* different payloads that have more than one label */
};

struct payload_hash {
    uint64_t low, high;
};
struct payload_hash payload_hash(const void *bytes, size_t size, uint64_t seed);

/* One record; `part` and `label` are small numbers, label -1: none. */
void duplicates_add(struct duplicates *duplicates, struct payload_hash hash, size_t part, ptrdiff_t label);
/* Bytes held. */
size_t duplicates_memory(const struct duplicates *duplicates);
void duplicates_free(struct duplicates *duplicates);

#endif
