/* Weights laid out for the kernels, found by their place in the parameter block. */
#ifndef RUBRIC_NN_PACKED_H
#define RUBRIC_NN_PACKED_H

#include "nn/gemm.h"

/* The factor of x W^T (backward: of dy W); NULL when `packed` is NULL, made from other params, or has not
 * that one. */
const struct factor *packed_find(const struct network_packed *packed, const float *params, size_t weight,
                                 bool backward);

#endif
