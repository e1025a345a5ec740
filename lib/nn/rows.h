/* Sparse gradients: rows in ascending order of their word. */
#ifndef RUBRIC_NN_ROWS_H
#define RUBRIC_NN_ROWS_H

#include "nn/kernels/kernels.h"

/* g's rows += `count` rows of `width` values with ascending ids. */
void rows_merge(struct gradient *g, const int32_t *ids, const float *values, size_t count, size_t width,
                const struct kernels *k);

#endif
