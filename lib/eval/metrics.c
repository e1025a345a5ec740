#include "eval/metrics.h"

#include <float.h>
#include <math.h>

/* a / b, undefined for 0/0 (no caller has a > 0 over b = 0). */
static double ratio(double a, double b) { return b == 0 ? NAN : a / b; }

double metric_accuracy(const struct confusion_matrix *m)
{
    uint64_t right = 0;
    for (size_t i = 0; i < m->class_count; i++)
        right += m->classes[i].right;
    return ratio((double)right, (double)m->total);
}

/* The counts of the largest true class; all 0 without records. */
static struct class_counts largest(const struct confusion_matrix *m)
{
    struct class_counts most = {0};
    for (size_t i = 0; i < m->class_count; i++)
        if (m->classes[i].support > most.support)
            most = m->classes[i];
    return most;
}

size_t metric_largest(const struct confusion_matrix *m) { return largest(m).class; }

double metric_majority(const struct confusion_matrix *m)
{
    return ratio((double)largest(m).support, (double)m->total);
}

double metric_precision(const struct class_counts *class)
{
    return ratio((double)class->right, (double)class->predicted);
}

double metric_recall(const struct class_counts *class)
{
    return ratio((double)class->right, (double)class->support);
}

double metric_f1(const struct class_counts *class)
{
    return ratio(2 * (double)class->right, (double)class->support + (double)class->predicted);
}

/* Mean of a metric over the classes where it is defined. */
static double mean_defined(double metric(const struct class_counts *), const struct confusion_matrix *m)
{
    double sum = 0, defined = 0;
    for (size_t i = 0; i < m->class_count; i++) {
        double value = metric(&m->classes[i]);
        if (!isnan(value)) {
            sum += value;
            defined++;
        }
    }
    return ratio(sum, defined);
}

double metric_balanced_accuracy(const struct confusion_matrix *m) { return mean_defined(metric_recall, m); }

double metric_macro_f1(const struct confusion_matrix *m) { return mean_defined(metric_f1, m); }

double metric_weighted_f1(const struct confusion_matrix *m)
{
    double sum = 0;
    for (size_t i = 0; i < m->class_count; i++)
        sum += (double)m->classes[i].support * metric_f1(&m->classes[i]);
    return ratio(sum, (double)m->total);
}

/* With O the counts, r and c their margins and N their sum, kappa is 1 - N sum w O / sum w r c. */
static double kappa(double observed, double expected, const struct confusion_matrix *m)
{
    return expected == 0 ? NAN : 1 - observed * (double)m->total / expected;
}

/* w = [i != j]: sum w r c = sum_i r_i (N - c_i). */
double metric_kappa(const struct confusion_matrix *m)
{
    double observed = 0, expected = 0;
    for (size_t i = 0; i < m->class_count; i++) {
        const struct class_counts *class = &m->classes[i];
        observed += (double)(class->support - class->right);
        expected += (double)class->support * (double)(m->total - class->predicted);
    }
    return kappa(observed, expected, m);
}

/* w = (i - j)^2.  From any origin, sum w r c = N sum_i i^2 (r_i + c_i) - 2 (sum_i i r_i) (sum_i i c_i); from
 * the middle of rows and columns together the second term takes next to nothing away. */
double metric_qwk(const struct confusion_matrix *m)
{
    double observed = 0, sum = 0, squares = 0, rows = 0, columns = 0;
    for (size_t i = 0; i < m->cell_count; i++) {
        double d = (double)m->cells[i].truth - (double)m->cells[i].pred;
        observed += d * d * (double)m->cells[i].count;
        sum += ((double)m->cells[i].truth + (double)m->cells[i].pred) * (double)m->cells[i].count;
    }
    double middle = m->total ? round(sum / 2 / (double)m->total) : 0;
    for (size_t i = 0; i < m->class_count; i++) {
        const struct class_counts *class = &m->classes[i];
        double place = (double)class->class - middle;
        squares += place * place * (double)(class->support + class->predicted);
        rows += place * (double)class->support;
        columns += place * (double)class->predicted;
    }
    return kappa(observed, (double)m->total * squares - 2 * rows * columns, m);
}

double metric_adjacent(const struct confusion_matrix *m)
{
    uint64_t near = 0;
    for (size_t i = 0; i < m->cell_count; i++)
        if (m->cells[i].truth <= m->cells[i].pred + 1 && m->cells[i].pred <= m->cells[i].truth + 1)
            near += m->cells[i].count;
    return ratio((double)near, (double)m->total);
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
