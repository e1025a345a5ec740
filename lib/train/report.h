/* What a person reads at the end when nothing reads fit's output. */
#ifndef RUBRIC_TRAIN_REPORT_H
#define RUBRIC_TRAIN_REPORT_H

#include "base/pool.h"
#include "train/dataset.h"
#include "train/config.h"

/* Scores the records that pass on with the model in `directory`, and prints the evaluation of those that have
 * a label on standard output, as `predict | evalm` would; says so where there are none. */
void fit_report(const struct fit_config *config, struct dataset *dataset, const char *directory,
                struct pool *pool);

#endif
