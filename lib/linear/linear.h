/* Linear heads on vectors: fitted in closed form or by L-BFGS, in double, to the global optimum.
 *
 * Letters: n records, X inputs, K classes, C outputs; x_i [X] the vectors, w_i the records' weights, W their
 * sum.  Columns are centred (weighted mean) and, where asked, divided by their weighted standard deviation (a
 * column that does not vary is only centred); u_i is x_i after that.
 *
 *   ridge     Hoerl and Kennard 1970, C = 1:
 *                 minimise  sum_i w_i (y_i - b - u_i . v)^2 + penalty |v|^2.
 *             The penalty has the least weighted mean square of the leave-one-out residuals, which one
 *             eigendecomposition gives for all candidates (Allen 1974; Golub, Heath and Wahba 1979): with
 *             h_i = w_i / W + w_i u_i . (U + penalty)^-1 u_i and U = sum_i w_i u_i u_i^T, record i's residual
 *             when it is left out is (y_i - b - u_i . v) / (1 - h_i), the columns' deviations staying those
 *             of all.
 *   logistic  multinomial, C = K:
 *                 minimise  sum_i w_i ce(V u_i + b, t_i) + penalty / 2 |V|^2.
 *   ordinal   proportional odds (McCullagh 1980), C = 1, E = K-1:
 *                 minimise  sum_i w_i clm(u_i . v, e, t_i) + penalty / 2 |v|^2.
 *             The thresholds are parametrised as in the loss clm (loss.h).
 *   Intercepts and thresholds are not penalised.  The penalty of logistic and ordinal has the least weighted
 *   mean loss of records that are left out, each scored by the minimum of the sum above over the records of
 *   the other folds, under the same penalty and with the columns of all; then all records are fitted with it.
 *   Folds are stratified and drawn with `seed`: one for each of less than 50 records, 5 of more (fewer where
 *   the heads of all folds would be large).  The only record of its class is never left out; where no class
 *   has two, the middle candidate is taken.  A tie takes the larger penalty.
 *
 * Without `penalties`, the candidates are scale * 10^g with scale = sum_i w_i |u_i|^2 / X (W, when
 * standardised): g = 3, 2.75, ... -5 for ridge; g = 1, 0.5, ... -3 for the others, until the loss has risen
 * twice.
 *
 * The result is the same bits whatever the pool's size: sums run over fixed runs of records and are merged
 * in order.  Products and the eigendecomposition are OpenBLAS's and LAPACK's, one thread each. */
#ifndef RUBRIC_LINEAR_LINEAR_H
#define RUBRIC_LINEAR_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "nn/loss.h"

enum linear_kind { LINEAR_RIDGE, LINEAR_LOGISTIC, LINEAR_ORDINAL };
#define LINEAR_NAMES "ridge|logistic|ordinal" /* in the order of the enum */

/* What a head is fitted to; borrowed. */
struct linear_data {
    const float *x;        /* [n, X] */
    size_t count, width;   /* n >= 2, X >= 1 */
    const double *values;  /* [n] y, for ridge */
    const int *classes;    /* [n] t, 0 .. K-1, for logistic and ordinal */
    int class_count;       /* K */
    const double *weights; /* [n] at least 0, some positive; NULL: 1 */
};

struct linear_options {
    enum linear_kind kind;
    bool standardise;
    const double *penalties; /* candidates, each > 0; one: it is taken */
    size_t penalty_count;    /* 0: those above */
    uint64_t seed;           /* of the folds */
};

/* A fitted head, for vectors as they came: standardisation is folded into weight and bias.  It fits the
 * layout's head (head_weight, head_bias, extra) and is scored as the loss `loss`: ridge mse, logistic ce,
 * ordinal clm. */
struct linear_head {
    enum loss loss;
    int outputs, extras; /* C, E */
    size_t width;        /* X */
    float *weight;       /* [C, X] */
    float *bias;         /* [C] */
    float *extra;        /* [E]; NULL when E = 0 */
    double *mean;        /* [X] what was taken from the columns, */
    double *deviation;   /* [X] and what they were divided by (1 where not standardised) */
    double penalty;
    double score;     /* of that penalty: mean square leave-one-out residual, or mean loss of records left
                       * out (NAN where there was no choice) */
    double *left_out; /* [n] ridge: prediction of each record by the head of all others; else NULL */
    int iterations;   /* of the last L-BFGS run; 0 for ridge */
};

/* Fits a head.  Dies with STATUS_INPUT when the data cannot be fitted (fewer than 2 records, a number in them
 * that is not finite). */
struct linear_head *linear_fit(const struct linear_data *data, const struct linear_options *options,
                               struct pool *pool);
void linear_free(struct linear_head *head);

/* Bytes that a fit takes at most, besides the data and with the candidates above, on a pool of `threads`.
 * `classes` is K; ridge does not read it. */
uint64_t linear_memory(enum linear_kind kind, size_t count, size_t width, size_t classes, int threads);

#endif
