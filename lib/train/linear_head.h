/* Linear heads on vectors: ridge, logistic, ordinal (nn/linear.h), saved as a complete model: the encoder
 * that made the vectors, cut at the highest layer used, and the head. */
#ifndef RUBRIC_TRAIN_LINEAR_HEAD_H
#define RUBRIC_TRAIN_LINEAR_HEAD_H

#include "train/loop.h"
#include "train/initial_model.h"

/* The head that suits the labels: ridge where they have an order, else logistic. */
int linear_head_default(const struct classes *classes);

/* The loss as which a head's outputs are read. */
enum loss linear_head_loss(int head);

/* Fits the head to all training records (the penalty is chosen inside them) and fills `outcome`: its training
 * marks are those of the fitted head, for ridge each record's by the head fitted to all others.  Returns the
 * encoder with that head, outputs on the labels' scale; objective->scoring's thresholds are set as the plan
 * says. / */
struct model *linear_head_train(const struct fit_config *config, const struct initial_model *initial,
                                struct dataset *dataset, struct objective *objective, struct pool *pool,
                                struct outcome *outcome);

#endif
