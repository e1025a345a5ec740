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
 * them at equal distances.  Records it was trained on do for THRESHOLDS_PRIOR, which asks only how scores are
 * spread; THRESHOLDS_TUNED would fit their noise. */
void cuts_find(const struct evaluation *evaluation, const struct source *source, struct goal *goal, int rule);

#endif
