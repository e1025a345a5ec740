/* What a run says of itself on standard error. */
#ifndef RUBRIC_TRAIN_ACCOUNT_H
#define RUBRIC_TRAIN_ACCOUNT_H

#include "train/loop.h"

/* What will be done: records, parts, classes, loss, weights. */
void account_plan(const struct training *training);

/* An epoch's line; `choosing` is NULL where nothing chooses. */
void account_epoch(const struct training *training, uint64_t epoch, const struct marks *running,
                   const struct marks *choosing, bool best, double seconds);

/* What centre_scores returned. */
void account_centre(double off);

/* The closing lines: which epoch was kept and why, overfitting and rare classes in words. */
void account_outcome(const struct training *training, const struct outcome *outcome);

#endif
