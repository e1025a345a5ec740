/* Linear heads on vectors: ridge, logistic, ordinal (linear/linear.h), with the encoder that made the vectors
 * as a complete model. */
#ifndef RUBRIC_TRAIN_LINEAR_HEAD_H
#define RUBRIC_TRAIN_LINEAR_HEAD_H

#include "train/initial_model.h"
#include "train/metrics.h"

/* Fits the head to all training records (among them the penalty is selected) and says how well it does.
 *
 *   config     resolved for a head
 *   objective  goes over to the labels' own scale; its thresholds are set as the config says
 *   outcome    its training metrics are those of the fitted head; for ridge each record is scored by the head
 *              fitted to all others
 *   returns    the encoder, up to the highest layer the vectors read, with that head */
struct model *linear_head_train(const struct fit_config *config, const struct initial_model *initial,
                                const struct dataset *dataset, struct objective *objective, struct pool *pool,
                                struct outcome *outcome);

#endif
