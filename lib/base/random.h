/* Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11).  A number depends on its key and counter only, never on what was drawn before,
 * so the same draw can be made by any thread, in any order, or again after an interruption. */
#ifndef RUBRIC_BASE_RANDOM_H
#define RUBRIC_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream of numbers is for: two uses with one seed never share numbers. */
enum random_use {
    RANDOM_INIT = 1, /* fresh parameters */
    RANDOM_SPLIT,    /* which record goes to which part */
    RANDOM_SHUFFLE,  /* the order of an epoch */
    RANDOM_DROPOUT,
    RANDOM_SAMPLE, /* drawing with weights */
    RANDOM_AUGMENT,
    RANDOM_SELECT, /* the slice of train that chooses */
    RANDOM_BOOTSTRAP,
};

/* Four words of Philox4x32-10 for a 64-bit key and a 128-bit counter. */
void random_block(uint32_t out[4], uint64_t key, uint64_t counter_low, uint64_t counter_high);

/* 64 bits for (seed, use, a, b): a and b are whatever identifies the draw (step, example, index). */
uint64_t random_bits(uint64_t seed, enum random_use use, uint64_t a, uint64_t b);

/* Uniform in [0, 1), 53 bits. */
double random_uniform(uint64_t seed, enum random_use use, uint64_t a, uint64_t b);

/* Standard normal (Box and Muller). */
double random_normal(uint64_t seed, enum random_use use, uint64_t a, uint64_t b);

/* Uniform in 0 .. bound-1 without bias worth the name (Lemire's multiplication on 64 bits). */
uint64_t random_below(uint64_t bound, uint64_t seed, enum random_use use, uint64_t a, uint64_t b);

/* Fisher-Yates: fills `order` with a permutation of 0 .. n-1 that depends on (seed, use, a) only. */
void random_permutation(uint32_t *order, size_t n, uint64_t seed, enum random_use use, uint64_t a);

/* Keyed 64-bit hash of bytes (for decisions by id or group). */
uint64_t random_hash(const void *bytes, size_t size, uint64_t seed, enum random_use use);

#endif
