#include <math.h>

#include "nn/loss.h"
#include "nn/loss_math.h"

static void softmax(int K, const float *f, double *prob)
{
    double most = f[0], sum = 0;
    for (int k = 1; k < K; k++)
        most = fmax(most, f[k]);
    for (int k = 0; k < K; k++)
        sum += prob[k] = exp(f[k] - most);
    for (int k = 0; k < K; k++)
        prob[k] /= sum;
}

static void coral(int K, const float *f, const float *e, double *prob)
{
    double above = (double)f[0] + e[0]; /* logit of P(class > k) */
    prob[0] = logistic(-above);
    for (int k = 1; k < K - 1; k++) {
        double next = fmin(above, (double)f[0] + e[k]);
        prob[k] = logistic_gap(next, above - next);
        above = next;
    }
    prob[K - 1] = logistic(above);
}

static void corn(int K, const float *f, double *prob)
{
    double above = 1; /* P(class > k-1) */
    for (int k = 0; k < K - 1; k++) {
        prob[k] = above * logistic(-f[k]);
        above *= logistic(f[k]);
    }
    prob[K - 1] = above;
}

static void clm(int K, const float *f, const float *e, double *prob)
{
    double below = (double)e[0] - f[0];
    prob[0] = logistic(below);
    for (int k = 1; k < K - 1; k++) {
        double gap = softplus(e[k]);
        prob[k] = logistic_gap(below, gap);
        below += gap;
    }
    prob[K - 1] = logistic(-below);
}

void loss_probabilities(enum loss loss, int classes, const float *outputs, const float *extra, double *prob)
{
    switch (loss) {
    case LOSS_CORAL:
        coral(classes, outputs, extra, prob);
        break;
    case LOSS_CORN:
        corn(classes, outputs, prob);
        break;
    case LOSS_CLM:
        clm(classes, outputs, extra, prob);
        break;
    default:
        softmax(classes, outputs, prob);
        break;
    }
}

void loss_initial_extra(const struct loss_spec *o, float *extra)
{
    int K = o->classes;
    double total = 0, below = 0, before = 0;
    for (int k = 0; k < K; k++)
        total += o->shares ? fmax(o->shares[k], 1e-3) : 1;
    for (int k = 0; k < loss_extra_count(o->loss, K); k++) {
        below += (o->shares ? fmax(o->shares[k], 1e-3) : 1) / total;
        double logit = log(below / (1 - below));
        if (o->loss == LOSS_CORAL)
            extra[k] = (float)-logit;
        else
            extra[k] = (float)(k == 0 ? logit : softplus_inverse(logit - before));
        before = logit;
    }
}
