/* An exponential moving average of the parameters (Polyak averaging): after step s = 0, 1, ...
 *     a += (1 - d) (p - a),   d = min(decay, (1 + s) / (10 + s)),
 * the usual warmup of the decay, so that the first steps do not linger. */
#ifndef RUBRIC_TRAIN_EMA_H
#define RUBRIC_TRAIN_EMA_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

struct ema;
struct ema *ema_new(size_t size, const float *params, double decay);
void ema_free(struct ema *ema);
void ema_update(struct ema *ema, const float *params, uint64_t step, struct pool *pool);
float *ema_params(struct ema *ema); /* [size] */

#endif
