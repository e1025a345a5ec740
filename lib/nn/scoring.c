#include "nn/scoring.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"

static double value_of(const struct scoring *s, int k) { return s->values ? s->values[k] : k; }

static double halfway(const struct scoring *s, int k) { return (value_of(s, k) + value_of(s, k + 1)) / 2; }

static int class_of(const struct scoring *s, double score)
{
    int class = 0;
    for (int k = 0; k < s->classes - 1; k++)
        class += (s->thresholds ? s->thresholds[k] : halfway(s, k)) < score;
    return class;
}

/* P(z1 < Z < z2) of a standard normal; both tails through erfc, which keeps their digits. */
static double normal_between(double z1, double z2)
{
    if (z1 > 0)
        return (erfc(z1 * M_SQRT1_2) - erfc(z2 * M_SQRT1_2)) / 2;
    return (erfc(-z2 * M_SQRT1_2) - erfc(-z1 * M_SQRT1_2)) / 2;
}

/* The thresholds have no part in this: they may lie where they make the most of scores that shrink to the
 * mean, and the residuals are those of the scores as they are. */
static void normal_probabilities(const struct scoring *s, double score, double *prob)
{
    double below = -INFINITY;
    for (int k = 0; k < s->classes; k++) {
        double above = k < s->classes - 1 ? (halfway(s, k) - score) / s->deviation : INFINITY;
        prob[k] = normal_between(below, above);
        below = above;
    }
}

static int most_probable(const double *prob, int classes)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (prob[k] > prob[best])
            best = k;
    return best;
}

static struct scored score_number(const struct scoring *s, double score, double *prob)
{
    struct scored scored = {.class = -1, .score = score};
    if (s->classes > 0)
        scored.class = class_of(s, score);
    if (s->classes > 0 && s->deviation > 0 && prob) {
        normal_probabilities(s, score, prob);
        scored.has_prob = true;
    }
    return scored;
}

struct scored scoring_apply(const struct scoring *s, const float *outputs, const float *extra, double *prob)
{
    if (s->loss == LOSS_MSE)
        return score_number(s, outputs[0], prob);
    double few[16], *p = prob;
    double *many = NULL;
    if (!p)
        p = s->classes <= 16 ? few : (many = memory_new((size_t)s->classes, sizeof *many));
    loss_probabilities(s->loss, s->classes, outputs, extra, p);
    struct scored scored = {.has_prob = prob != NULL};
    for (int k = 0; k < s->classes; k++)
        scored.score += p[k] * value_of(s, k);
    scored.class = s->thresholds ? class_of(s, scored.score) : most_probable(p, s->classes);
    free(many);
    return scored;
}

void scoring_free(struct scoring *s)
{
    free(s->values);
    free(s->thresholds);
    s->values = s->thresholds = NULL;
}
