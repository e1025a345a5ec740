/* Marks of a run of predictions, added one at a time: loss, confusion matrix, residuals.  The order of adding
 * is the caller's to fix: sums are rounded in that order. */
#ifndef RUBRIC_TRAIN_METRICS_H
#define RUBRIC_TRAIN_METRICS_H

#include "train/objective.h"

enum monitor { MONITOR_QWK, MONITOR_ACCURACY, MONITOR_LOSS, MONITOR_MACRO_F1 };
#define MONITOR_CHOICES "qwk|accuracy|loss|macro_f1"
const char *monitor_name(enum monitor monitor);

struct metrics {
    size_t k;
    uint64_t *counts; /* [k, k] rows true, columns predicted; NULL when k = 0 */
    uint64_t n;
    double loss, weight;     /* sums of weight times loss, and of weights */
    double residual_squares; /* sum of (score - label)^2 */
};

void metrics_init(struct metrics *metrics, size_t k);
void metrics_free(struct metrics *metrics);
void metrics_clear(struct metrics *metrics);
void metrics_copy(struct metrics *to, const struct metrics *from);

/* One prediction; `loss` is the example's, unweighted. */
void metrics_add(struct metrics *metrics, const struct objective *objective, const struct example *example,
                 const float *outputs, const float *extra, double loss);

/* Means; NAN where undefined (no records, no classes). */
double metrics_loss(const struct metrics *metrics);
double metrics_accuracy(const struct metrics *metrics);
double metrics_qwk(const struct metrics *metrics);
double metrics_macro_f1(const struct metrics *metrics);
/* Root of the mean squared residual, in label units. */
double metrics_deviation(const struct metrics *metrics);

/* The monitored figure, turned so that more is better; -INFINITY where undefined. */
double metrics_monitored(const struct metrics *metrics, enum monitor monitor);

#endif
