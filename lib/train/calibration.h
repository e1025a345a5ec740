/* What is set at the end of training, on scores of a network that is not trained any more: the head's bias,
 * and the thresholds between the classes. */
#ifndef RUBRIC_TRAIN_CALIBRATION_H
#define RUBRIC_TRAIN_CALIBRATION_H

#include "linear/thresholds.h"
#include "train/metrics.h"
#include "train/sampler.h"

/* Most records that calibrate_bias scores: they give the mean to a twentieth of the residuals' deviation. */
enum { CALIBRATION_RECORDS = 512 };

/* Moves params[layout->head_bias], for squared error on standardised scores, so that the weighted residuals
 * of training records have mean zero.
 *
 * Steps see the network with dropout (and with tokens left out), a finished model is used without.  The mean
 * of what a head reads differs between the two: by little under a head that was trained for long, by a
 * quarter of a point under one that was fitted first and has large weights.
 *
 *   evaluation  of these parameters
 *   source      the training records; those that `sampler` picks in its epoch `epoch` are scored, so that
 *               classes count as they did in training
 *   returns     the mean residual that was removed, on the labels' scale */
double calibrate_bias(const struct evaluation *evaluation, const struct source *source,
                      const struct sampler *sampler, uint64_t epoch, float *params);

/* Most records that calibrate_thresholds scores: enough for a class of one in a thousand. */
enum { THRESHOLD_RECORDS = 65536 };

/* Sets objective->scoring.thresholds by `rule` (enum thresholds) and says so; THRESHOLDS_ROUND leaves them to
 * scoring's own rule.
 *
 *   scores   [count] on the labels' scale
 *   classes  [count] the true ones */
void set_thresholds(struct objective *objective, int rule, const double *scores, const int *classes,
                    size_t count);

/* The same on the scores that the network of `evaluation` gives to the records of `source`, or to
 * THRESHOLD_RECORDS of them at equal distances.  THRESHOLDS_PRIOR only asks how the scores are spread, and
 * takes the training records, of which there are most; THRESHOLDS_TUNED would fit their noise, and takes
 * records that were not trained on. */
void calibrate_thresholds(const struct evaluation *evaluation, const struct source *source,
                          struct objective *objective, int rule);

#endif
