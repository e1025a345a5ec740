/* Thresholds between classes (--thresholds), set on scores of records that are never passed on. */
#ifndef RUBRIC_TRAIN_CUTS_H
#define RUBRIC_TRAIN_CUTS_H

#include "nn/thresholds.h"
#include "train/evaluate.h"
#include "train/goal.h"

/* Most records that cuts_find scores: enough for a class of one in a thousand. */
enum { CUT_RECORDS = 65536 };

/* Sets goal->scoring.thresholds by `rule` (enum thresholds); THRESHOLDS_ROUND leaves them to scoring's own
 * rule. scores   [count] on the labels' scale    classes  [count] the true ones */
void cuts_set(struct goal *goal, int rule, const double *scores, const int *classes, size_t count);

/* The same on the scores that the network of `evaluation` gives to the records of `source`, or to CUT_RECORDS of
 * them at equal distances.  THRESHOLDS_PRIOR, which asks only how scores are spread, takes those it was trained
 * on, being the most; THRESHOLDS_TUNED would fit their noise and takes others. */
void cuts_find(const struct evaluation *evaluation, const struct source *source, struct goal *goal, int rule);

#endif
