/* Class weights: none, balanced, effective, or from a file (see objective.h for the equations). */
#ifndef RUBRIC_TRAIN_CLASS_WEIGHTS_H
#define RUBRIC_TRAIN_CLASS_WEIGHTS_H

#include "train/classes.h"

/* `how` is "none" (or NULL), "balanced", "effective" or a file's path; `counts` [K] are the training records
 * of each class.  Returns [K] weights that the caller frees, NULL for none.  Dies with STATUS_INPUT on a
 * file that names an unknown label or no positive weight, STATUS_USAGE where there are no classes. */
double *class_weights(const char *how, const struct classes *classes, const double *counts);

/* XXH3-64 of the file that `how` names; 0 when it names none. */
uint64_t class_weights_hash(const char *how);

#endif
