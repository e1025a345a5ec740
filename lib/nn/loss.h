/* Losses on the head's outputs, and what the outputs say afterwards.
 *
 * Every loss is computed in double on C outputs and K classes, returns the loss of ONE example and writes its
 * gradient; the caller applies weights.  Classes are numbered 0 .. K-1 in the order of the labels. */
#ifndef RUBRIC_NN_LOSS_H
#define RUBRIC_NN_LOSS_H

#include <stdbool.h>
#include <stddef.h>

enum loss { LOSS_CE, LOSS_MSE, LOSS_CORAL, LOSS_CORN, LOSS_CLM, LOSS_SOFT, LOSS_QWK };
const char *loss_name(enum loss loss);

/* Outputs of the head for K classes: K for ce, soft and qwk; K-1 for corn; 1 for mse, coral and clm. */
int loss_outputs(enum loss loss, int classes);

/* What an example should have been. */
struct target {
    int class;       /* 0 .. K-1; -1 for numbers without classes (mse) */
    double value;    /* the score on the head's own scale (standardised), for mse */
};

/* Loss and gradient of one example.
 *   outputs   [C]   what the head gave
 *   extra     [E]   further parameters the loss owns (thresholds of coral [K-1], clm [K]); NULL if none
 *   smoothing       label smoothing for ce, the distance's sharpness for soft
 *   doutputs  [C]   gradient, overwritten
 *   dextra    [E]   gradient, overwritten; NULL if none */
double loss_compute(enum loss loss, int classes, const float *outputs, const float *extra, const struct target *target,
                    double smoothing, float *doutputs, float *dextra);

#endif
