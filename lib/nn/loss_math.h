/* Scalar functions of the losses that lose no digits in their tails. */
#ifndef RUBRIC_NN_LOSS_MATH_H
#define RUBRIC_NN_LOSS_MATH_H

#include <math.h>

/* 1 / (1 + exp(-x)) */
static inline double logistic(double x)
{
    double small = exp(-fabs(x));
    return (x >= 0 ? 1 : small) / (1 + small);
}

/* log(1 + exp(x)) = -log(1 - logistic(x)) */
static inline double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

/* The x with softplus(x) = y, y > 0. */
static inline double softplus_inverse(double y) { return y > 30 ? y : log(expm1(y)); }

/* logistic(a + gap) - logistic(a) for gap >= 0, as logistic(a + gap) logistic(-a) (1 - exp(-gap)): a gap too
 * small to change `a` still counts. */
static inline double logistic_gap(double a, double gap) { return logistic(a + gap) * logistic(-a) * -expm1(-gap); }

/* -log of it, for gap > 0. */
static inline double logistic_gap_cost(double a, double gap)
{
    return softplus(-a - gap) + softplus(a) - log(-expm1(-gap));
}

#endif
