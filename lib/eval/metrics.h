/* Metrics of a confusion matrix and of class probabilities.
 *
 * An undefined value (0/0) is NAN, which callers print as "undefined" and write as null; never 0 or 1.
 * Where defined, each equals scikit-learn's on the same labels.  All take time in proportion to the cells of
 * the matrix that are not 0. */
#ifndef RUBRIC_EVAL_METRICS_H
#define RUBRIC_EVAL_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eval/confusion.h"

/* Share of the diagonal; NAN without records. */
double metric_accuracy(const struct confusion_matrix *matrix);
/* The largest true class (the first of equals); the accuracy of always guessing it. */
size_t metric_largest(const struct confusion_matrix *matrix);
double metric_majority(const struct confusion_matrix *matrix);

/* Of one class: NAN where it was never predicted (precision), has no members (recall), or neither (F1). */
double metric_precision(const struct class_counts *class);
double metric_recall(const struct class_counts *class);
double metric_f1(const struct class_counts *class);

/* Mean recall of the classes that have members. */
double metric_balanced_accuracy(const struct confusion_matrix *matrix);
/* Mean F1 of the classes that occur, in truth or in prediction. */
double metric_macro_f1(const struct confusion_matrix *matrix);
/* F1 weighted by support. */
double metric_weighted_f1(const struct confusion_matrix *matrix);

/* Cohen's kappa, 1 - observed / expected disagreement, in [-1, 1]; NAN when the expected disagreement is 0:
 * fewer than two classes occur in rows and columns together.
 *     kappa   unweighted (Cohen 1960)
 *     qwk     quadratic (Cohen 1968): a miss of d places costs d^2.  Classes that do not occur count as
 *             places */
double metric_kappa(const struct confusion_matrix *matrix);
double metric_qwk(const struct confusion_matrix *matrix);
/* Share of records predicted at most one class away. */
double metric_adjacent(const struct confusion_matrix *matrix);

/* Of one record: its class probabilities [k] and its true class (-1: a class that the probabilities do not
 * have).  The mean over records is what is reported.
 *   log loss  -log p(true), the row renormalised, p kept an epsilon of double away from 0 and 1, as
 *             scikit-learn does
 *   brier     sum over classes of (p - truth)^2 */
double metric_log_loss(const double *prob, size_t k, ptrdiff_t truth);
double metric_brier(const double *prob, size_t k, ptrdiff_t truth);

/* Ranked probability score of one record (Epstein 1969): over the k-1 cuts between neighbouring classes,
 * the mean squared difference of P(class <= cut) and the truth.  `below` is how many of the cuts the truth
 * lies above: its class's index, also between classes.  NAN when k < 2. */
double metric_rps(const double *prob, size_t k, size_t below);

/* Expected calibration error of the predicted class's probability (its confidence), in equal bins on (0, 1]
 * (Naeini et al. 2015): the mean over records of |confidence - accuracy| of their bins.  Start with {0}. */
enum { CALIBRATION_BINS = 10 };
struct calibration {
    double confidence[CALIBRATION_BINS], right[CALIBRATION_BINS]; /* sums */
    uint64_t n;
};
void calibration_add(struct calibration *c, double confidence, bool right);
double calibration_error(const struct calibration *c); /* NAN without records */

#endif
