/* What a person reads at the end when nothing reads fit's output: how the saved model scores the records that would
 * have passed on. */
#ifndef RUBRIC_TRAIN_REPORT_H
#define RUBRIC_TRAIN_REPORT_H

#include "base/pool.h"
#include "train/intake.h"
#include "train/plan.h"

/* Scores the labelled records that pass on with the model in `directory`, and prints figures and the confusion matrix
 * on standard output. */
void fit_report(const struct plan *plan, struct intake *intake, const char *directory, struct pool *pool);

#endif
