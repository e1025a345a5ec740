/* Thresholds between classes (--thresholds), set on scores of records that are never passed on. */
#ifndef RUBRIC_TRAIN_CHOOSE_THRESHOLDS_H
#define RUBRIC_TRAIN_CHOOSE_THRESHOLDS_H

#include "linear/thresholds.h"
#include "train/evaluate.h"
#include "train/objective.h"

/* Most records that thresholds_find scores: enough for a class of one in a thousand. */
enum { THRESHOLD_RECORDS = 65536 };

/* Sets objective->scoring.thresholds by `rule` (enum thresholds); THRESHOLDS_ROUND leaves them to scoring's own
 * rule. scores   [count] on the labels' scale    classes  [count] the true ones */
void thresholds_set(struct objective *objective, int rule, const double *scores, const int *classes,
                    size_t count);

/* The same on the scores that the network of `evaluation` gives to the records of `source`, or to THRESHOLD_RECORDS of
 * them at equal distances.  THRESHOLDS_PRIOR, which asks only how scores are spread, takes those it was trained
 * on, being the most; THRESHOLDS_TUNED would fit their noise and takes others. */
void thresholds_find(const struct evaluation *evaluation, const struct source *source,
                     struct objective *objective, int rule);

#endif
