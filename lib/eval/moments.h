/* Sums over pairs of numbers (a: the truth, b: what is held against it), taken one pair at a time in
 * memory that does not grow: enough for the errors, the correlation and the difference of means.
 * Means are updated as pairs come (Welford 1962), so no large squares cancel. */
#ifndef RUBRIC_EVAL_MOMENTS_H
#define RUBRIC_EVAL_MOMENTS_H

#include <stdint.h>

/* Start with {0}. */
struct moments {
    uint64_t n;
    double mean_a, mean_b;
    double aa, bb, ab;        /* sums of products of deviations from the means */
    double absolute, squared; /* sums of |a - b| and (a - b)^2 */
};

void moments_add(struct moments *m, double a, double b);
/* The same pair `times` times. */
void moments_add_times(struct moments *m, double a, double b, uint64_t times);

/* Mean |a-b|, root of the mean (a-b)^2; NAN without pairs. */
double moments_mae(const struct moments *m);
double moments_rmse(const struct moments *m);
/* Pearson's correlation; NAN when a or b does not vary. */
double moments_pearson(const struct moments *m);
/* Standardised mean difference, (mean b - mean a) / sqrt((var a + var b) / 2) with sample variances
 * (Williamson, Xi and Breyer 2012); NAN when neither varies or n < 2. */
double moments_smd(const struct moments *m);

#endif
