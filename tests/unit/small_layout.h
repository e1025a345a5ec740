/* The layout of a network as small as one gets: for tests of what works on parameters and gradients. */
#ifndef RUBRIC_TESTS_SMALL_LAYOUT_H
#define RUBRIC_TESTS_SMALL_LAYOUT_H

#include "nn/network.h"

/* One layer of 8, a mean pooled, a head with one output; the caller frees. */
static inline struct layout *small_layout(void)
{
    struct shape shape = {.L = 1,
                          .H = 8,
                          .A = 2,
                          .F = 16,
                          .V = 30,
                          .P = 10,
                          .types = 2,
                          .C = 1,
                          .layer_norm_eps = 1e-12f,
                          .pad = 0,
                          .pool = POOL_MEAN,
                          .taps = {1},
                          .tap_count = 1};
    return layout_new(&shape);
}

#endif
