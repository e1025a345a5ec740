/* Metrics of a confusion matrix and of paired scores.
 *
 * counts   k x k, row = true class, column = predicted class, row-major, weights allowed (double)
 * An undefined value is NAN, which callers print as "undefined" and write as null; never 0 or 1.
 * Each equals scikit-learn's on the same labels (labels= the full class list). */
#ifndef RUBRIC_EVAL_METRICS_H
#define RUBRIC_EVAL_METRICS_H

#include <stddef.h>
#include <stdint.h>

double metric_accuracy(const uint64_t *counts, size_t k);
double metric_majority(const uint64_t *counts, size_t k); /* share of the largest true class */

/* Quadratic weighted kappa (Cohen 1968, weights (i-j)^2); NAN when fewer than two classes occur in
 * rows and columns together (0/0). */
double metric_qwk(const uint64_t *counts, size_t k);

#endif
