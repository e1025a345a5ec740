/* Metrics of a confusion matrix and of paired numbers.
 *
 *   counts   [k, k], row = true class, column = predicted class, row-major, in the order of the classes
 *
 * An undefined value (0/0) is NAN, which callers print as "undefined" and write as null; never 0 or 1.
 * Where defined, each equals scikit-learn's on the same labels. */
#ifndef RUBRIC_EVAL_METRICS_H
#define RUBRIC_EVAL_METRICS_H

#include <stddef.h>
#include <stdint.h>

/* Sum of all counts. */
uint64_t metric_total(const uint64_t *counts, size_t k);
/* True members of class c (its row's sum), and how often it was predicted (its column's). */
uint64_t metric_support(const uint64_t *counts, size_t k, size_t c);
uint64_t metric_predicted(const uint64_t *counts, size_t k, size_t c);

/* Share of the diagonal; NAN without records. */
double metric_accuracy(const uint64_t *counts, size_t k);
/* Share of the largest true class: the accuracy of always guessing it. */
double metric_majority(const uint64_t *counts, size_t k);

/* Of class c: NAN where it was never predicted (precision), has no members (recall), or neither (F1). */
double metric_precision(const uint64_t *counts, size_t k, size_t c);
double metric_recall(const uint64_t *counts, size_t k, size_t c);
double metric_f1(const uint64_t *counts, size_t k, size_t c);

/* Mean recall of the classes that have members. */
double metric_balanced_accuracy(const uint64_t *counts, size_t k);
/* Mean F1 of the classes that occur, in truth or in prediction. */
double metric_macro_f1(const uint64_t *counts, size_t k);
/* F1 weighted by support. */
double metric_weighted_f1(const uint64_t *counts, size_t k);

/* Quadratic weighted kappa (Cohen 1968, weights (i-j)^2 over all k classes, also those that do not
 * occur): 1 - observed / expected disagreement, in [-1, 1].  NAN when the expected disagreement is 0:
 * fewer than two classes occur in rows and columns together. */
double metric_qwk(const uint64_t *counts, size_t k);
/* Unweighted kappa (Cohen 1960). */
double metric_kappa(const uint64_t *counts, size_t k);
/* Share of records predicted at most one class away. */
double metric_adjacent(const uint64_t *counts, size_t k);

/* Of two runs of n numbers: mean |a-b|, root of the mean (a-b)^2, Pearson's correlation (NAN when
 * either does not vary). */
double metric_mae(const double *a, const double *b, size_t n);
double metric_rmse(const double *a, const double *b, size_t n);
double metric_pearson(const double *a, const double *b, size_t n);

/* Standardised mean difference of b against a: (mean b - mean a) / sqrt((var a + var b) / 2), sample
 * variances (Williamson, Xi and Breyer 2012); NAN when neither varies or n < 2. */
double metric_smd(const double *a, const double *b, size_t n);

/* Of class probabilities [n, k] and true classes [n].
 *   log loss     mean -log p(true), p clipped to the smallest positive double's neighbourhood of 0 as
 *                scikit-learn does (eps of double), rows renormalised
 *   brier        mean over records of the sum over classes of (p - truth)^2
 *   rps          ranked probability score (Epstein 1969): mean of the sum over the k-1 cuts of the squared
 *                difference of cumulative probabilities, divided by k-1
 *   calibration  expected calibration error of the predicted class's probability, `bins` equal bins on
 *                (0, 1] (Naeini et al. 2015) */
double metric_log_loss(const double *prob, const int *truth, size_t n, size_t k);
double metric_brier(const double *prob, const int *truth, size_t n, size_t k);
double metric_rps(const double *prob, const int *truth, size_t n, size_t k);
double metric_calibration(const double *prob, const int *truth, size_t n, size_t k, size_t bins);

#endif
