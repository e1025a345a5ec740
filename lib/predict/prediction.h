/* Predictions: what `predict` adds to headers and records. */
#ifndef RUBRIC_PREDICT_PREDICTION_H
#define RUBRIC_PREDICT_PREDICTION_H

#include "predict/batch.h"

/* Turns a tokens or vectors header into the header of this model's predictions: kind, label type, labels,
 * order, "loss", "values", "rounding" (a sentence on how pred comes from score), "probabilities",
 * "chosen_by", "model"; what described the payload goes.  Dies with STATUS_BROKEN when the stream's labels
 * are text and the model's are numbers, or the other way round. */
void prediction_header(struct header *header, const struct model *model);

/* Whether predictions of this model carry prob. */
bool prediction_has_prob(const struct model *model);

/* Replaces a record's payload by pred, score, prob (and logits): see predict(1rubric).  A record whose
 * outputs are not finite, or that was not computed, gets no score but a field "bad" with the reason, and
 * false is returned.
 *   prob   scratch, [classes] */
bool prediction_set(const struct batch_result *result, const struct model *model, const struct header *header,
                    bool logits, double *prob);

#endif
