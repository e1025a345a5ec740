#include "eval/metrics.h"

#include <float.h>
#include <math.h>

uint64_t metric_total(const uint64_t *counts, size_t k)
{
    uint64_t total = 0;
    for (size_t i = 0; i < k * k; i++)
        total += counts[i];
    return total;
}

uint64_t metric_support(const uint64_t *counts, size_t k, size_t c)
{
    uint64_t sum = 0;
    for (size_t j = 0; j < k; j++)
        sum += counts[c * k + j];
    return sum;
}

uint64_t metric_predicted(const uint64_t *counts, size_t k, size_t c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += counts[i * k + c];
    return sum;
}

/* a / b, undefined for 0/0 (no caller has a > 0 over b = 0). */
static double ratio(double a, double b)
{
    return b == 0 ? NAN : a / b;
}

double metric_accuracy(const uint64_t *counts, size_t k)
{
    uint64_t right = 0;
    for (size_t c = 0; c < k; c++)
        right += counts[c * k + c];
    return ratio((double)right, (double)metric_total(counts, k));
}

double metric_majority(const uint64_t *counts, size_t k)
{
    uint64_t largest = 0;
    for (size_t c = 0; c < k; c++) {
        uint64_t support = metric_support(counts, k, c);
        if (support > largest)
            largest = support;
    }
    return ratio((double)largest, (double)metric_total(counts, k));
}

double metric_precision(const uint64_t *counts, size_t k, size_t c)
{
    return ratio((double)counts[c * k + c], (double)metric_predicted(counts, k, c));
}

double metric_recall(const uint64_t *counts, size_t k, size_t c)
{
    return ratio((double)counts[c * k + c], (double)metric_support(counts, k, c));
}

double metric_f1(const uint64_t *counts, size_t k, size_t c)
{
    return ratio(2 * (double)counts[c * k + c],
                 (double)metric_support(counts, k, c) + (double)metric_predicted(counts, k, c));
}

/* Mean of a per-class metric over the classes where it is defined. */
static double mean_defined(double metric(const uint64_t *, size_t, size_t), const uint64_t *counts, size_t k)
{
    double sum = 0, defined = 0;
    for (size_t c = 0; c < k; c++) {
        double value = metric(counts, k, c);
        if (!isnan(value)) {
            sum += value;
            defined++;
        }
    }
    return ratio(sum, defined);
}

double metric_balanced_accuracy(const uint64_t *counts, size_t k) { return mean_defined(metric_recall, counts, k); }
double metric_macro_f1(const uint64_t *counts, size_t k) { return mean_defined(metric_f1, counts, k); }

double metric_weighted_f1(const uint64_t *counts, size_t k)
{
    double sum = 0;
    for (size_t c = 0; c < k; c++) {
        uint64_t support = metric_support(counts, k, c);
        if (support > 0)
            sum += (double)support * metric_f1(counts, k, c);
    }
    return ratio(sum, (double)metric_total(counts, k));
}

/* 1 - sum w O / sum w E with E from the margins; `weight` is the cost of confusing i with j. */
static double weighted_kappa(const uint64_t *counts, size_t k, double weight(size_t i, size_t j))
{
    double total = (double)metric_total(counts, k), observed = 0, expected = 0;
    for (size_t i = 0; i < k; i++) {
        double row = (double)metric_support(counts, k, i);
        for (size_t j = 0; j < k; j++) {
            double w = weight(i, j);
            observed += w * (double)counts[i * k + j];
            expected += w * row * (double)metric_predicted(counts, k, j);
        }
    }
    return expected == 0 ? NAN : 1 - observed * total / expected;
}

static double squared_distance(size_t i, size_t j)
{
    double d = (double)i - (double)j;
    return d * d;
}

static double any_difference(size_t i, size_t j) { return i != j; }

double metric_qwk(const uint64_t *counts, size_t k) { return weighted_kappa(counts, k, squared_distance); }
double metric_kappa(const uint64_t *counts, size_t k) { return weighted_kappa(counts, k, any_difference); }

double metric_adjacent(const uint64_t *counts, size_t k)
{
    uint64_t near = 0;
    for (size_t i = 0; i < k; i++)
        for (size_t j = i ? i - 1 : 0; j < k && j <= i + 1; j++)
            near += counts[i * k + j];
    return ratio((double)near, (double)metric_total(counts, k));
}

double metric_mae(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(a[i] - b[i]);
    return ratio(sum, (double)n);
}

double metric_rmse(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(ratio(sum, (double)n));
}

/* Means first, then sums of products of deviations: no cancellation of large squares. */
struct moments {
    double mean_a, mean_b, aa, bb, ab;
};

static struct moments moments_of(const double *a, const double *b, size_t n)
{
    struct moments m = {0};
    for (size_t i = 0; i < n; i++) {
        m.mean_a += a[i];
        m.mean_b += b[i];
    }
    m.mean_a /= (double)n;
    m.mean_b /= (double)n;
    for (size_t i = 0; i < n; i++) {
        double da = a[i] - m.mean_a, db = b[i] - m.mean_b;
        m.aa += da * da;
        m.bb += db * db;
        m.ab += da * db;
    }
    return m;
}

double metric_pearson(const double *a, const double *b, size_t n)
{
    if (n == 0)
        return NAN;
    struct moments m = moments_of(a, b, n);
    return m.aa > 0 && m.bb > 0 ? m.ab / sqrt(m.aa) / sqrt(m.bb) : NAN;
}

double metric_smd(const double *a, const double *b, size_t n)
{
    if (n < 2)
        return NAN;
    struct moments m = moments_of(a, b, n);
    return m.aa + m.bb > 0 ? (m.mean_b - m.mean_a) / sqrt((m.aa + m.bb) / 2 / (double)(n - 1)) : NAN;
}

double metric_log_loss(const double *prob, const int *truth, size_t n, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double *p = prob + i * k;
        double total = 0;
        for (size_t c = 0; c < k; c++)
            total += p[c];
        double right = p[truth[i]] / total;
        sum -= log(fmin(fmax(right, DBL_EPSILON), 1 - DBL_EPSILON));
    }
    return ratio(sum, (double)n);
}

double metric_brier(const double *prob, const int *truth, size_t n, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < k; c++) {
            double d = prob[i * k + c] - (truth[i] == (int)c);
            sum += d * d;
        }
    return ratio(sum, (double)n);
}

double metric_rps(const double *prob, const int *truth, size_t n, size_t k)
{
    if (k < 2)
        return NAN;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double cumulative = 0;
        for (size_t c = 0; c + 1 < k; c++) {
            cumulative += prob[i * k + c];
            double d = cumulative - (truth[i] <= (int)c);
            sum += d * d;
        }
    }
    return ratio(sum, (double)n * (double)(k - 1));
}

double metric_calibration(const double *prob, const int *truth, size_t n, size_t k, size_t bins)
{
    double error = 0;
    for (size_t bin = 0; bin < bins; bin++) {
        double low = (double)bin / (double)bins, high = (double)(bin + 1) / (double)bins;
        double confidence = 0, right = 0;
        for (size_t i = 0; i < n; i++) {
            size_t best = 0;
            for (size_t c = 1; c < k; c++)
                if (prob[i * k + c] > prob[i * k + best])
                    best = c;
            double p = prob[i * k + best];
            if (p > low && p <= high) {
                confidence += p;
                right += truth[i] == (int)best;
            }
        }
        error += fabs(confidence - right);
    }
    return ratio(error, (double)n);
}
