/* An exponential moving average of the parameters (Polyak averaging): after step s = 0, 1, ...
 *     a += (1 - d) (p - a),   d = min(decay, (1 + s) / (10 + s)),
 * the usual warmup of the decay, so that the first steps do not linger. */
#ifndef RUBRIC_TRAIN_AVERAGE_H
#define RUBRIC_TRAIN_AVERAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

struct average;
struct average *average_new(size_t size, const float *params, double decay);
void average_free(struct average *average);
void average_update(struct average *average, const float *params, uint64_t step, struct pool *pool);
float *average_params(struct average *average); /* [size] */

#endif
