#include "train/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/metrics.h"

const char *monitor_name(enum monitor monitor)
{
    static const char *const names[] = {"qwk", "accuracy", "loss", "macro_f1"};
    return names[monitor];
}

void metrics_init(struct metrics *metrics, size_t k)
{
    *metrics = (struct metrics){.k = k, .counts = k ? memory_zeroed(k * k, sizeof *metrics->counts) : NULL};
}

void metrics_free(struct metrics *metrics) { free(metrics->counts); }

void metrics_clear(struct metrics *metrics)
{
    if (metrics->k)
        memset(metrics->counts, 0, metrics->k * metrics->k * sizeof *metrics->counts);
    metrics->n = 0;
    metrics->loss = metrics->weight = metrics->residual_squares = 0;
}

void metrics_copy(struct metrics *to, const struct metrics *from)
{
    uint64_t *counts = to->counts;
    *to = *from;
    to->counts = counts;
    if (from->k)
        memcpy(counts, from->counts, from->k * from->k * sizeof *counts);
}

void metrics_add(struct metrics *metrics, const struct objective *objective, const struct example *example,
                 const float *outputs, const float *extra, double loss)
{
    struct target target = objective_target(objective, example);
    struct scored scored = objective_score(objective, outputs, extra, NULL);
    double weight = objective_weight(objective, example),
           residual = scored.score - objective_value(objective, example);
    if (metrics->k)
        metrics->counts[(size_t)target.class * metrics->k + (size_t)scored.class]++;
    metrics->n++;
    metrics->loss += weight * loss;
    metrics->weight += weight;
    metrics->residual_squares += residual * residual;
}

double metrics_loss(const struct metrics *metrics)
{
    return metrics->weight > 0 ? metrics->loss / metrics->weight : NAN;
}

double metrics_accuracy(const struct metrics *metrics)
{
    return metrics->k ? metric_accuracy(metrics->counts, metrics->k) : NAN;
}

double metrics_qwk(const struct metrics *metrics)
{
    return metrics->k ? metric_qwk(metrics->counts, metrics->k) : NAN;
}

double metrics_macro_f1(const struct metrics *metrics)
{
    return metrics->k ? metric_macro_f1(metrics->counts, metrics->k) : NAN;
}

double metrics_deviation(const struct metrics *metrics)
{
    return metrics->n ? sqrt(metrics->residual_squares / (double)metrics->n) : NAN;
}

double metrics_monitored(const struct metrics *metrics, enum monitor monitor)
{
    double value = NAN;
    switch (monitor) {
    case MONITOR_QWK:
        value = metrics_qwk(metrics);
        break;
    case MONITOR_ACCURACY:
        value = metrics_accuracy(metrics);
        break;
    case MONITOR_LOSS:
        value = -metrics_loss(metrics);
        break;
    case MONITOR_MACRO_F1:
        value = metrics_macro_f1(metrics);
        break;
    }
    return isnan(value) ? -INFINITY : value;
}
