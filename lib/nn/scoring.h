/* From the head's outputs to what a person reads: the predicted class, a score, probabilities.
 * One set of rules for every loss, so that predict, evalm and fit's own report agree. */
#ifndef RUBRIC_NN_SCORING_H
#define RUBRIC_NN_SCORING_H

#include <stdbool.h>

#include "nn/loss.h"

struct scoring {
    enum loss loss;
    int classes;        /* K; 0: numbers without classes (mse only) */
    double *values;     /* [K] the classes' numeric values, ascending; NULL when they are strings
                          * (then class k stands for k) */
    double *thresholds; /* [K-1] cuts on the score between neighbouring classes: pred is the number of
                          * thresholds that are < score, a score on a threshold falls to the lower class;
                          * NULL: halfway between the values.  For losses with probabilities and
                          * thresholds == NULL, pred is the most probable class, the lowest on a tie. */
    double deviation;   /* mse: standard deviation of the training residuals, in score units; 0: unknown,
                          * then there are no probabilities */
};

/* What is said of one record. */
struct scored {
    int class;     /* -1 when there are no classes */
    double score;  /* never clipped: mse: the output; others: expected value of the class */
    bool has_prob; /* whether prob [K] was filled */
};

/* What the head's outputs [C] say.
 *   extra   [E]  the loss's own parameters; NULL if E = 0
 *   prob    [K]  class probabilities, filled where the loss has them; may be NULL
 * Of mse, the probabilities are those of a normal around the score with `deviation`, cut at the
 * thresholds. */
struct scored scoring_apply(const struct scoring *scoring, const float *outputs, const float *extra,
                            double *prob);

/* The class of a score: the number of thresholds (or halfway points) that lie below it. */
int scoring_class(const struct scoring *scoring, double score);

void scoring_free(struct scoring *scoring); /* frees the arrays, not the struct */

#endif
