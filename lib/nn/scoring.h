/* From the head's outputs to what a person reads: the predicted class, a score, probabilities.
 * One set of rules for every loss, so that predict, evalm and fit's own report agree. */
#ifndef RUBRIC_NN_SCORING_H
#define RUBRIC_NN_SCORING_H

#include <stdbool.h>

#include "nn/loss.h"

struct scoring {
    enum loss loss;
    int classes;        /* K; 0: numbers without classes (mse only) */
    double *values;     /* [K] the classes' numeric values, ascending; NULL when they are strings (then class
                         * k stands for k) */
    double *thresholds; /* [K-1] the class is the number of thresholds < score: a score on a threshold falls
                         * to the lower class; NULL: halfway between the values for mse, and for losses with
                         * probabilities the most probable class, the lowest on a tie */
    double deviation;   /* mse: root mean square of the residuals, in score units: of the records that chose
                         * the model, else of those it was trained on (of ridge, each left out); 0: unknown,
                         * then there are no probabilities */
};

/* The result for one record. */
struct scored {
    int class;     /* -1 when there are no classes */
    double score;  /* never clipped: mse: the output; others: expected value of the class */
    bool has_prob; /* whether prob [K] was filled */
};

/* The result for the head's outputs [C].
 *   extra   [E]  the loss's own parameters; NULL if E = 0
 *   prob    [K]  class probabilities, filled where the loss has them; may be NULL
 * Of mse, P(k) is what a normal around the score with `deviation` has between the halfway points beside
 * class k's value (beyond the outermost for the first and the last class), wherever the thresholds are: so
 * `class` need not be the most probable. */
struct scored scoring_apply(const struct scoring *scoring, const float *outputs, const float *extra,
                            double *prob);

void scoring_free(struct scoring *scoring); /* frees the arrays, not the struct */

#endif
