/* Marks of a run of predictions, added one at a time: loss, confusion matrix, residuals.  The order of adding
 * is the caller's to fix: sums are rounded in that order. */
#ifndef RUBRIC_TRAIN_MARKS_H
#define RUBRIC_TRAIN_MARKS_H

#include "train/goal.h"

enum monitor { MONITOR_QWK, MONITOR_ACCURACY, MONITOR_LOSS, MONITOR_MACRO_F1 };
#define MONITOR_CHOICES "qwk|accuracy|loss|macro_f1"
const char *monitor_name(enum monitor monitor);

struct marks {
    size_t k;
    uint64_t *counts;        /* [k, k] rows true, columns predicted; NULL when k = 0 */
    uint64_t n;
    double loss, weight;     /* sums of weight times loss, and of weights */
    double residual_squares; /* sum of (score - label)^2 */
};

void marks_init(struct marks *marks, size_t k);
void marks_free(struct marks *marks);
void marks_clear(struct marks *marks);
void marks_copy(struct marks *to, const struct marks *from);

/* One prediction; `loss` is the example's, unweighted. */
void marks_add(struct marks *marks, const struct goal *goal, const struct instance *instance,
               const float *outputs, const float *extra, double loss);

/* Means; NAN where undefined (no records, no classes). */
double marks_loss(const struct marks *marks);
double marks_accuracy(const struct marks *marks);
double marks_qwk(const struct marks *marks);
double marks_macro_f1(const struct marks *marks);
/* Root of the mean squared residual, in label units. */
double marks_deviation(const struct marks *marks);

/* The monitored figure, turned so that more is better; -INFINITY where undefined. */
double marks_monitored(const struct marks *marks, enum monitor monitor);

#endif
