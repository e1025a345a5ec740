/* Losses on the head's outputs, and the class probabilities they imply.
 *
 * Letters: K classes, numbered 0 .. K-1 in the order of the labels; t the true class; f the head's outputs
 * [C]; e the loss's own parameters [E]; p class probabilities [K]; s(x) = 1 / (1 + exp(-x)).
 * Every loss is computed in double and returns the loss of ONE example together with its gradient; the
 * caller applies weights and divides by the batch.  K is at least 2 for all but mse.
 *
 *   ce     C = K.  Cross-entropy of p = softmax(f) with smoothed labels (Szegedy et al. 2016, section 7):
 *              L = - sum_k y_k log p_k,   y_k = (1 - a) [k = t] + a / K,   a = smoothing.
 *   mse    C = 1.  L = (f - value)^2.
 *   coral  C = 1, E = K-1.  One slope, K-1 biases (Cao, Mirjalili and Raschka 2020, importances 1):
 *              P(class > k) = s(f + e_k),  k = 0 .. K-2
 *              L = - sum_k  [t > k] log s(f + e_k) + [t <= k] log(1 - s(f + e_k)).
 *   corn   C = K-1.  Conditional probabilities (Shi, Cao and Raschka 2023):
 *              P(class > k | class > k-1) = s(f_k)
 *              L = - sum over k <= min(t, K-2) of  [t > k] log s(f_k) + [t = k] log(1 - s(f_k)).
 *          Task k is trained on the examples with t >= k only.  The paper divides a batch's sum by the
 *          number of (example, task) pairs, which one example cannot know; here it is the number of examples.
 *          L = - log P(class = t): like ce, it charges a near and a far miss alike.
 *   clm    C = 1, E = K-1.  Cumulative link model, logit link (Vargas, Gutierrez and Hervas-Martinez 2020):
 *              P(class <= k) = s(h_k - f),   h_0 = e_0,   h_k = h_{k-1} + log(1 + exp(e_k))
 *              L = - log(P(class <= t) - P(class <= t-1)).
 *          The paper's increments are squares, whose gradient vanishes at 0; softplus keeps the order
 *          too.
 *   soft   C = K.  Cross-entropy of softmax(f) with labels smoothed by distance
 *          (Diaz and Marathe 2019):
 *              L = - sum_k y_k log p_k,   y = softmax_k( - sharpness (v_t - v_k)^2 / d^2 ),
 *          v the classes' values and d their mean spacing (v_{K-1} - v_0) / (K-1), so that sharpness means
 *          the same on 1, 2, 3 and on 1, 1.5, 2.
 *   qwk    C = K.  The weighted-kappa loss (de la Torre, Puig and Valls 2018) is a ratio over a batch,
 *              N / D,   N = mean_n sum_j (t_n - j)^2 p_nj,   D = mean_n sum_j c_j p_nj,
 *              c_j = sum_i q_i (i - j)^2,   q the shares of the true classes,
 *          (1 - kappa of the expected confusion matrix; the paper takes its logarithm.)  Of one example at a
 *          time we take its first-order expansion around predictions distributed like q (D0 = sum_j q_j c_j)
 *          that reach 1 - kappa = r (N0 = r D0), with q from the training records, and mix it with
 *          cross-entropy, since an expected cost alone has no gradient where softmax is saturated:
 *              L = (1 - b) [ r + sum_j p_j ((t - j)^2 - r c_j) / D0 ]  -  b log p_t,
 *              r = LOSS_QWK_POINT, b = LOSS_QWK_CE.
 *          Averaged over a batch, the bracket and the paper's N/D have equal value and gradient where
 *          D = D0 and N = N0, and differ to second order away from it; the c_j term is what keeps the
 *          predictions from shrinking to the middle class. */
#ifndef RUBRIC_NN_LOSS_H
#define RUBRIC_NN_LOSS_H

#include <stdbool.h>
#include <stddef.h>

enum loss { LOSS_CE, LOSS_MSE, LOSS_CORAL, LOSS_CORN, LOSS_CLM, LOSS_SOFT, LOSS_QWK };
#define LOSS_NAMES "ce|mse|coral|corn|clm|soft|qwk" /* in the order of the enum */
#define LOSS_SHARPNESS 2.0                          /* of soft: neighbours get 0.13 of the truth's label */
#define LOSS_QWK_POINT 0.5
#define LOSS_QWK_CE 0.5

const char *loss_name(enum loss loss);

/* The loss called `name`; false and `*loss` untouched when there is none. */
bool loss_find(const char *name, enum loss *loss);

/* Whether the loss means something only for classes that have an order: all but ce. */
bool loss_needs_order(enum loss loss);

/* C, the outputs of the head for K classes: K for ce, soft and qwk; K-1 for corn; 1 for the others. */
int loss_outputs(enum loss loss, int classes);

/* E, the parameters a loss owns besides the head: K-1 for coral and clm, else 0. */
int loss_extra_count(enum loss loss, int classes);

/* What is minimised.  The arrays are borrowed. */
struct loss_spec {
    enum loss loss;
    int classes;          /* K; 0 for numbers without classes (mse only) */
    const double *values; /* [K] the classes' values, ascending, for soft; NULL: 0 .. K-1 */
    const double *shares; /* [K] shares of the classes in training, summing to 1, for qwk and for initial
                           * values; NULL, or only one class has a share: uniform */
    double smoothing;     /* a of ce, in [0, 1) */
    double sharpness;     /* of soft, > 0 */
};

/* What an example should have been. */
struct target {
    int class;    /* 0 .. K-1; unused by mse */
    double value; /* the score on the head's own scale (standardised), for mse */
};

/* Loss and gradient of one example.
 *   outputs   [C]   what the head gave
 *   extra     [E]   the loss's own parameters; NULL if E = 0
 *   doutputs  [C]   gradient, overwritten; NULL: not wanted
 *   dextra    [E]   gradient, overwritten; NULL: not wanted, or E = 0 */
double loss_compute(const struct loss_spec *spec, const float *outputs, const float *extra,
                    const struct target *target, float *doutputs, float *dextra);

/* First values of the loss's own parameters [E]: those with which an output of 0 gives each class its share
 * (a share counts as at least 0.001, so that an empty class stays reachable). */
void loss_initial_extra(const struct loss_spec *spec, float *extra);

/* Class probabilities p [K], summing to 1, of every loss but mse (scoring.h has those).
 *   ce, soft, qwk   softmax(f)
 *   coral           differences of P(class > k) = s(f + min(e_0 .. e_k)): the running minimum makes biases
 *                   that training left out of order monotone
 *   corn            P(class > k) = product of s(f_j), j <= k
 *   clm             differences of P(class <= k) */
void loss_probabilities(enum loss loss, int classes, const float *outputs, const float *extra, double *prob);

#endif
