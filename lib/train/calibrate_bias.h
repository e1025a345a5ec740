/* The mean of the scores, put right at the end of training with squared error.
 *
 * Steps see the network with dropout (and with tokens left out); a finished model is used without.  The mean of
 * what a head reads differs between the two, by little under a head that was trained for long, by a quarter of
 * a point under one that was fitted first and has large weights.  So the head's bias is moved until the
 * weighted residuals of training records, computed without dropout, have mean zero. */
#ifndef RUBRIC_TRAIN_CALIBRATE_BIAS_H
#define RUBRIC_TRAIN_CALIBRATE_BIAS_H

#include "train/evaluate.h"
#include "train/sampler.h"

/* Most records that are looked at: they give the mean to a twentieth of the residuals' deviation. */
enum { CALIBRATE_RECORDS = 512 };

/* Moves params[layout->head_bias] of a network for squared error on standardised scores; `evaluation` is of these
 * parameters.  Looks at the records that `sampler` picks of `source` in its epoch `epoch`, so that classes count as
 * they did in training.  Returns what the scores were off by, on the labels' scale. */
double calibrate_bias(const struct evaluation *evaluation, const struct source *source,
                      const struct sampler *sampler, uint64_t epoch, float *params);

#endif
