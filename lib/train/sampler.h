/* Which example an epoch reads at which position.
 *
 * Nothing is stored per epoch: a position's example is computed from (seed, epoch, position), so a run can go
 * on from any position after an interruption.  An epoch of SAMPLE_NATURAL is a true permutation of all
 * examples, made by a Feistel network over the smallest even number of bits that covers them (at least
 * 8), walking cycles until the image lies in range (Black and Rogaway 2002), with Philox as round function.
 *
 * The other modes give each class a quota of the epoch, drawn afresh each epoch: a class's members come in
 * permuted laps, so that within a quota each appears the same number of times, give or take one.
 *     balanced   every class that has members the same quota; an epoch is as long as the data
 *     sqrt       quotas proportional to the square root of the class's size
 *     under      every class the size of the smallest; the epoch is shorter than the data */
#ifndef RUBRIC_TRAIN_SAMPLER_H
#define RUBRIC_TRAIN_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

enum sample_mode { SAMPLE_NATURAL, SAMPLE_BALANCED, SAMPLE_SQRT, SAMPLE_UNDER };
#define SAMPLE_CHOICES "natural|balanced|sqrt|under"

struct sampler;

/* `classes` [count] in 0 .. k-1 is read for all modes but SAMPLE_NATURAL (may be NULL there) and not kept;
 * these modes use 8 bytes of memory an example, SAMPLE_NATURAL none.  count >= 1. */
struct sampler *sampler_new(enum sample_mode mode, uint64_t count, const int32_t *classes, size_t k,
                            uint64_t seed);
void sampler_free(struct sampler *sampler);

/* Examples in an epoch. */
uint64_t sampler_size(const struct sampler *sampler);

/* The example at `position` (below sampler_size) of `epoch`. */
uint64_t sampler_pick(const struct sampler *sampler, uint64_t epoch, uint64_t position);

/* Image of `value` under the permutation of 0 .. n-1 that `key` names. */
uint64_t permute(uint64_t n, uint64_t key, uint64_t value);

#endif
