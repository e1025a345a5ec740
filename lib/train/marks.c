#include "train/marks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/metrics.h"

const char *monitor_name(enum monitor monitor)
{
    static const char *const names[] = {"qwk", "accuracy", "loss", "macro_f1"};
    return names[monitor];
}

void marks_init(struct marks *marks, size_t k)
{
    *marks = (struct marks){.k = k, .counts = k ? memory_zeroed(k * k, sizeof *marks->counts) : NULL};
}

void marks_free(struct marks *marks) { free(marks->counts); }

void marks_clear(struct marks *marks)
{
    if (marks->k)
        memset(marks->counts, 0, marks->k * marks->k * sizeof *marks->counts);
    marks->n = 0;
    marks->loss = marks->weight = marks->residual_squares = 0;
}

void marks_copy(struct marks *to, const struct marks *from)
{
    uint64_t *counts = to->counts;
    *to = *from;
    to->counts = counts;
    if (from->k)
        memcpy(counts, from->counts, from->k * from->k * sizeof *counts);
}

void marks_add(struct marks *marks, const struct goal *goal, const struct instance *instance,
               const float *outputs, const float *extra, double loss)
{
    struct target target = goal_target(goal, instance);
    struct scored scored = goal_score(goal, outputs, extra, NULL);
    double weight = goal_weight(goal, instance), residual = scored.score - goal_value(goal, instance);
    if (marks->k)
        marks->counts[(size_t)target.class * marks->k + (size_t)scored.class]++;
    marks->n++;
    marks->loss += weight * loss;
    marks->weight += weight;
    marks->residual_squares += residual * residual;
}

double marks_loss(const struct marks *marks) { return marks->weight > 0 ? marks->loss / marks->weight : NAN; }

double marks_accuracy(const struct marks *marks)
{
    return marks->k ? metric_accuracy(marks->counts, marks->k) : NAN;
}

double marks_qwk(const struct marks *marks) { return marks->k ? metric_qwk(marks->counts, marks->k) : NAN; }

double marks_macro_f1(const struct marks *marks)
{
    return marks->k ? metric_macro_f1(marks->counts, marks->k) : NAN;
}

double marks_deviation(const struct marks *marks)
{
    return marks->n ? sqrt(marks->residual_squares / (double)marks->n) : NAN;
}

double marks_monitored(const struct marks *marks, enum monitor monitor)
{
    double value = NAN;
    switch (monitor) {
    case MONITOR_QWK:
        value = marks_qwk(marks);
        break;
    case MONITOR_ACCURACY:
        value = marks_accuracy(marks);
        break;
    case MONITOR_LOSS:
        value = -marks_loss(marks);
        break;
    case MONITOR_MACRO_F1:
        value = marks_macro_f1(marks);
        break;
    }
    return isnan(value) ? -INFINITY : value;
}
