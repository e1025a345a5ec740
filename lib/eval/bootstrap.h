/* Bootstrap percentile intervals (Efron and Tibshirani 1993, chapter 13): the figures of resamples,
 * drawn with replacement and as large as the sample. */
#ifndef RUBRIC_EVAL_BOOTSTRAP_H
#define RUBRIC_EVAL_BOOTSTRAP_H

#include "eval/agreement.h"

/* The middle 95 % of the resamples in which the figure is defined; NAN when that is none. */
struct interval {
    double low, high;
};

/* Intervals of all figures.  `pairs` kept its samples.  One seed gives the same intervals. */
void bootstrap_intervals(const struct agreement *agreement, const struct classes *classes, size_t resamples,
                         uint64_t seed, struct interval intervals[METRICS]);

/* Intervals of the differences of all figures, a's minus b's, on the same records: `a` and `b` kept their
 * samples in one order, and each resample draws the same ones of both. */
void bootstrap_differences(const struct agreement *a, const struct agreement *b,
                           const struct classes *classes, size_t resamples, uint64_t seed,
                           struct interval intervals[METRICS]);

/* The interval of `count` values (NAN left out), which are put in order. */
struct interval bootstrap_percentiles(double *values, size_t count);

#endif
