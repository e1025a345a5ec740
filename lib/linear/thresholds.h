/* Cuts on a score between neighbouring classes: struct scoring's `thresholds`.
 *
 *   K classes; `scores` [n] and `classes` [n] (0 .. K-1) of training records.  Each fills thresholds [K-1],
 *   ascending (equal neighbours: the class between is never predicted); a score on a threshold falls to the
 *   lower class.  `round` is halfway between the classes' values [K] (NULL: 0 .. K-1) and needs no records.
 *   Of all thresholds that cut the scores at one place, it is that of `round` if that is one of them, else
 *   the middle between the two scores. */
#ifndef RUBRIC_LINEAR_THRESHOLDS_H
#define RUBRIC_LINEAR_THRESHOLDS_H

#include <stddef.h>

enum thresholds { THRESHOLDS_ROUND, THRESHOLDS_PRIOR, THRESHOLDS_TUNED };
#define THRESHOLDS_NAMES "round|prior|tuned" /* in the order of the enum */

/* As many scores below each threshold as there are records of lower classes: predictions get the training
 * classes' shares (to ties, which stay together below the threshold). */
void thresholds_prior(const double *values, int classes, const double *scores, const int *truth, size_t count,
                      double *thresholds);

/* The greatest quadratic weighted kappa of these records that moving one threshold at a time finds: from
 * `round` and from `prior`, each threshold in turn goes to its best place between its neighbours, until none
 * moves; the better end is taken, that from `round` on a tie.  A threshold moves only for a greater kappa,
 * and among equal places to the nearest.  Returns that kappa; NAN when it is undefined everywhere (then
 * `round` is given).  It fits these records: give it scores of records that did not train the scorer, or
 * left-out ones. */
double thresholds_tuned(const double *values, int classes, const double *scores, const int *truth,
                        size_t count, double *thresholds);

#endif
