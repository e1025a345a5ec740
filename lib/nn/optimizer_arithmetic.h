/* The arithmetic of one AdamW step on runs of numbers, in float32, element by element in one fixed order of
 * roundings: no sum crosses elements, and +, *, / and sqrt are exactly rounded, so the result has the same
 * bits at any vector width. */
#ifndef RUBRIC_NN_OPTIMIZER_ARITHMETIC_H
#define RUBRIC_NN_OPTIMIZER_ARITHMETIC_H

#include <stddef.h>

/* What is common to all elements of a tensor in one step t with rate r:
 *     p = decay p                              decay = 1 - r weight_decay
 *     g = scale g                              the clipping factor
 *     m = m + new1 (g - m)                     new1 = 1 - beta1
 *     v = keep2 v + (new2 g) g                 keep2 = beta2, new2 = 1 - beta2
 *     p = p + (-rate m) / (sqrt(v) / root + epsilon)
 *                                              rate = r / (1 - beta1^t), root = sqrt(1 - beta2^t)
 * A first moment below 2^-90 in magnitude, and a second below 2^-120, become 0: they move nothing and would
 * decay into denormal numbers, which are slow. */
struct step_factors {
    float decay, rate, root;          /* of the step */
    float new1, keep2, new2, epsilon; /* of the run */
};

/* One step on `count` elements: p, m and v are updated from g. */
void adamw_update(float *p, float *m, float *v, const float *g, size_t count,
                  const struct step_factors *factors, float scale);

/* `steps` steps with gradient 0: the same bits as that many calls of adamw_update with zeros for g. */
void adamw_replay(float *p, float *m, float *v, size_t count, const struct step_factors *factors,
                  size_t steps);

/* Sum of squares, in double and in an order that depends on `count` only. */
double sum_of_squares(const float *x, size_t count);

#endif
