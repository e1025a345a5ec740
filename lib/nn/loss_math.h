/* Scalar functions of the losses that lose no digits in their tails. */
#ifndef RUBRIC_NN_LOSS_MATH_H
#define RUBRIC_NN_LOSS_MATH_H

#include <math.h>
#include <stdbool.h>

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
static inline double logistic_gap(double a, double gap)
{
    return logistic(a + gap) * logistic(-a) * -expm1(-gap);
}

/* Cost of a class between two thresholds of a cumulative link model, -log(s(b) - s(a)), b = a + gap, s the
 * logistic.
 *   first, last   the class has no threshold below (then `a` is the one above) or none above
 *   both, above   the derivatives by a shift of both thresholds and by b alone: -s'(b) / (s(b) - s(a)) and
 *                 s'(a) / (s(b) - s(a)) share a part that is large for small gaps and cancels in their sum */
static inline double interval_cost(double a, double gap, bool first, bool last, double *both, double *above)
{
    if (first) {
        *both = *above = -logistic(-a);
        return softplus(-a);
    }
    if (last) {
        *both = logistic(a);
        *above = 0;
        return softplus(a);
    }
    *both = logistic(a) - logistic(-a - gap);
    *above = -logistic(-a - gap) - 1 / expm1(gap);
    return softplus(-a - gap) + softplus(a) - log(-expm1(-gap));
}

#endif
