/* Thresholds between classes, set on scores of records that are not passed on (--thresholds). */
#ifndef RUBRIC_TRAIN_CUTS_H
#define RUBRIC_TRAIN_CUTS_H

#include "nn/thresholds.h"
#include "train/goal.h"

/* Sets goal->scoring.thresholds by `rule` (enum thresholds); THRESHOLDS_ROUND leaves them to scoring's own
 * rule. scores   [count] on the labels' scale    classes  [count] the true ones */
void cuts_set(struct goal *goal, int rule, const double *scores, const int *classes, size_t count);

#endif
