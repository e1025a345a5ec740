#include "nn/loss.h"

#include <math.h>
#include <string.h>

#include "nn/loss_math.h"

static const char *const names[] = {"ce", "mse", "coral", "corn", "clm", "soft", "qwk"};
enum { LOSS_COUNT = sizeof names / sizeof *names };

const char *loss_name(enum loss loss) { return names[loss]; }

bool loss_find(const char *name, enum loss *loss)
{
    for (int i = 0; i < LOSS_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *loss = (enum loss)i;
            return true;
        }
    return false;
}

bool loss_needs_order(enum loss loss) { return loss != LOSS_CE; }

int loss_outputs(enum loss loss, int classes)
{
    switch (loss) {
    case LOSS_CE:
    case LOSS_SOFT:
    case LOSS_QWK:
        return classes;
    case LOSS_CORN:
        return classes - 1;
    default:
        return 1;
    }
}

int loss_extra_count(enum loss loss, int classes)
{
    return loss == LOSS_CORAL || loss == LOSS_CLM ? classes - 1 : 0;
}

/* A gradient that no one wants is NULL. */
static void put(float *gradient, int at, double value)
{
    if (gradient)
        gradient[at] = (float)value;
}

/* log sum_k exp(f_k) */
static double log_sum_exp(const float *f, int n)
{
    double most = f[0];
    for (int k = 1; k < n; k++)
        most = fmax(most, f[k]);
    double sum = 0;
    for (int k = 0; k < n; k++)
        sum += exp(f[k] - most);
    return most + log(sum);
}

/* d/df_k = p_k - y_k, as the labels y sum to 1. */
static double ce(const struct loss_spec *o, const float *f, int t, float *df)
{
    int K = o->classes;
    double norm = log_sum_exp(f, K), loss = 0;
    for (int k = 0; k < K; k++) {
        double log_p = f[k] - norm;
        double y = (k == t ? 1 - o->smoothing : 0) + o->smoothing / K;
        loss -= y > 0 ? y * log_p : 0;
        put(df, k, exp(log_p) - y);
    }
    return loss;
}

static double mse(const float *f, double value, float *df)
{
    double off = f[0] - value;
    put(df, 0, 2 * off);
    return off * off;
}

/* Cost of a yes (or no) where logistic(x) is the probability of yes, and its derivative by x. */
static double binary(double x, bool yes, double *dx)
{
    *dx = logistic(x) - yes;
    return softplus(yes ? -x : x);
}

static double coral(int K, const float *f, const float *e, int t, float *df, float *de)
{
    double loss = 0, sum = 0;
    for (int k = 0; k < K - 1; k++) {
        double dx;
        loss += binary((double)f[0] + e[k], t > k, &dx);
        put(de, k, dx);
        sum += dx;
    }
    put(df, 0, sum);
    return loss;
}

static double corn(int K, const float *f, int t, float *df)
{
    double loss = 0;
    for (int k = 0; k < K - 1; k++) {
        double dx = 0;
        if (k <= t)
            loss += binary(f[k], t > k, &dx);
        put(df, k, dx);
    }
    return loss;
}

/* h_k depends on e_0 with derivative 1 and on e_j, 1 <= j <= k, with s(e_j). */
static double clm(int K, const float *f, const float *e, int t, float *df, float *de)
{
    double below = (double)e[0] - f[0]; /* h_{t-1} - f, or h_0 - f where t = 0 */
    for (int k = 1; k < t; k++)
        below += softplus(e[k]);
    bool inner = t > 0 && t < K - 1;
    double both, above;
    double loss = interval_cost(below, inner ? softplus(e[t]) : 0, t == 0, t == K - 1, &both, &above);
    put(df, 0, -both);
    put(de, 0, both);
    for (int j = 1; j < K - 1; j++)
        put(de, j, (j < t ? both : j == t ? above : 0) * logistic(e[j]));
    return loss;
}

static double soft(const struct loss_spec *o, const float *f, int t, float *df)
{
    int K = o->classes;
    const double *v = o->values;
    double spacing = v ? (v[K - 1] - v[0]) / (K - 1) : 1;
    double norm = log_sum_exp(f, K), labels = 0, loss = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < K; k++) {
            double distance = (v ? v[t] - v[k] : t - k) / spacing;
            double y = exp(-o->sharpness * distance * distance);
            if (pass == 0) {
                labels += y;
                continue;
            }
            double log_p = f[k] - norm;
            loss -= y > 0 ? y / labels * log_p : 0;
            put(df, k, exp(log_p) - y / labels);
        }
    return loss;
}

/* Mean and mean square of the class numbers under the shares; false when they do not vary. */
static bool share_moments(const double *shares, int K, double *mean, double *square)
{
    *mean = *square = 0;
    for (int k = 0; k < K; k++) {
        *mean += shares[k] * k;
        *square += shares[k] * k * k;
    }
    return *square - *mean * *mean > 1e-9;
}

/* c_j = j^2 - 2 j mean + square and D0 = 2 (square - mean^2).  With a_j the bracket's factor of p_j,
 * d/df_j sum_i a_i p_i = p_j (a_j - sum_i a_i p_i). */
static double qwk(const struct loss_spec *o, const float *f, int t, float *df)
{
    int K = o->classes;
    double mean, square;
    if (!o->shares || !share_moments(o->shares, K, &mean, &square)) {
        mean = (K - 1) / 2.0;
        square = (K - 1) * (2 * K - 1) / 6.0;
    }
    double expected = 2 * (square - mean * mean);
    double norm = log_sum_exp(f, K), cost = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < K; j++) {
            double p = exp(f[j] - norm);
            double chance = (double)j * j - 2 * j * mean + square;
            double a = ((double)(t - j) * (t - j) - LOSS_QWK_POINT * chance) / expected;
            if (pass == 0)
                cost += a * p;
            else
                put(df, j, (1 - LOSS_QWK_CE) * p * (a - cost) + LOSS_QWK_CE * (p - (j == t)));
        }
    return (1 - LOSS_QWK_CE) * (LOSS_QWK_POINT + cost) + LOSS_QWK_CE * (norm - f[t]);
}

double loss_compute(const struct loss_spec *o, const float *outputs, const float *extra,
                    const struct target *target, float *doutputs, float *dextra)
{
    switch (o->loss) {
    case LOSS_CE:
        return ce(o, outputs, target->class, doutputs);
    case LOSS_MSE:
        return mse(outputs, target->value, doutputs);
    case LOSS_CORAL:
        return coral(o->classes, outputs, extra, target->class, doutputs, dextra);
    case LOSS_CORN:
        return corn(o->classes, outputs, target->class, doutputs);
    case LOSS_CLM:
        return clm(o->classes, outputs, extra, target->class, doutputs, dextra);
    case LOSS_SOFT:
        return soft(o, outputs, target->class, doutputs);
    case LOSS_QWK:
        return qwk(o, outputs, target->class, doutputs);
    }
    return NAN;
}
