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
static double ratio(double a, double b) { return b == 0 ? NAN : a / b; }

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

double metric_balanced_accuracy(const uint64_t *counts, size_t k)
{
    return mean_defined(metric_recall, counts, k);
}

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

double metric_log_loss(const double *prob, size_t k, ptrdiff_t truth)
{
    double total = 0;
    for (size_t c = 0; c < k; c++)
        total += prob[c];
    double right = truth < 0 ? 0 : prob[truth] / total;
    return -log(fmin(fmax(right, DBL_EPSILON), 1 - DBL_EPSILON));
}

double metric_brier(const double *prob, size_t k, ptrdiff_t truth)
{
    double sum = truth < 0;
    for (size_t c = 0; c < k; c++) {
        double d = prob[c] - ((ptrdiff_t)c == truth);
        sum += d * d;
    }
    return sum;
}

double metric_rps(const double *prob, size_t k, size_t below)
{
    double sum = 0, cumulative = 0;
    for (size_t c = 0; c + 1 < k; c++) {
        cumulative += prob[c];
        double d = cumulative - (below <= c);
        sum += d * d;
    }
    return k < 2 ? NAN : sum / (double)(k - 1);
}

void calibration_add(struct calibration *c, double confidence, bool right)
{
    double bin = ceil(confidence * CALIBRATION_BINS) - 1;
    size_t b = bin > 0 ? (size_t)fmin(bin, CALIBRATION_BINS - 1) : 0;
    c->confidence[b] += confidence;
    c->right[b] += right;
    c->n++;
}

double calibration_error(const struct calibration *c)
{
    double error = 0;
    for (size_t b = 0; b < CALIBRATION_BINS; b++)
        error += fabs(c->confidence[b] - c->right[b]);
    return ratio(error, (double)c->n);
}
