/* What a run says of itself on standard error. */
#ifndef RUBRIC_TRAIN_LOG_H
#define RUBRIC_TRAIN_LOG_H

#include "train/loop.h"

/* What will be done: records, parts, classes, loss, weights. */
void log_plan(const struct training *training);

/* An epoch's line; `choosing` is NULL where nothing chooses. */
void log_epoch(const struct training *training, uint64_t epoch, const struct metrics *running,
               const struct metrics *choosing, bool best, double seconds);

/* What calibrate_bias returned. */
void log_calibration(double off);

/* The closing lines: which epoch was kept and why, overfitting and rare classes in words. */
void log_outcome(const struct training *training, const struct outcome *outcome);

#endif
