/* How well a network does on a run of examples: loss, confusion matrix, residuals.
 *
 * Predictions are added one at a time.  Sums are rounded in the order of adding, so callers add in an order
 * that does not depend on threads. */
#ifndef RUBRIC_TRAIN_METRICS_H
#define RUBRIC_TRAIN_METRICS_H

#include "base/pool.h"
#include "eval/confusion.h"
#include "train/config.h"
#include "train/dataset.h"
#include "train/objective.h"

struct metrics {
    size_t k; /* classes; 0: none */
    struct confusion confusion;
    uint64_t n;
    double loss, weight;     /* sums of weight times loss, and of weights */
    double residual_squares; /* sum of (score - label)^2 */
};

void metrics_init(struct metrics *metrics, size_t k);
void metrics_free(struct metrics *metrics);
void metrics_clear(struct metrics *metrics);
struct metrics metrics_copy(const struct metrics *from);

/* One prediction; `loss` is the example's, unweighted. */
void metrics_add(struct metrics *metrics, const struct objective *objective, const struct example *example,
                 const float *outputs, const float *extra, double loss);

/* The confusion matrix; the caller frees it. */
struct confusion_matrix metrics_confusion(const struct metrics *metrics);

/* Means; NAN where undefined (no records, no classes). */
double metrics_loss(const struct metrics *metrics);
double metrics_accuracy(const struct metrics *metrics);
double metrics_qwk(const struct metrics *metrics);
double metrics_macro_f1(const struct metrics *metrics);
/* Root of the mean squared residual, in label units. */
double metrics_deviation(const struct metrics *metrics);

/* The figure to select by, turned so that more is better; -INFINITY where undefined. */
double metrics_monitored(const struct metrics *metrics, enum monitor monitor);

/* ---- What training came to ---- */

struct outcome {
    uint64_t steps, epochs;   /* taken */
    uint64_t kept_epoch;      /* 1 .. */
    uint64_t best_epoch;      /* by the selection records; 0: there are none */
    bool selected;            /* records that were not trained on selected, or were watched */
    struct metrics training;  /* of the last epoch, as its steps saw it; or as linear_head.h says */
    struct metrics selection; /* of the kept parameters, on the selection records */
    bool overfitted;          /* after the best epoch the training loss fell further, the other rose */
    double seconds;
};
void outcome_free(struct outcome *outcome);

/* ---- Evaluating a network ---- */

/* A network as it is evaluated; all borrowed.  The workspaces must be idle: between steps, not during one. */
struct evaluation {
    const struct layout *layout;
    const float *params;
    struct pool *pool;
    struct workspace **workspaces; /* [threads], using weights packed from `params` if they use packed ones */
    const struct objective *objective;
    /* Called by the calling thread every 64 examples or fewer, unless NULL; may end the process. */
    void (*between)(void *context);
    void *context;
};

/* Clears `metrics`, which was initialised for the objective's classes, and adds every example of `source`:
 * computed by all threads without dropout, added in the examples' order. */
void evaluate(const struct evaluation *evaluation, const struct source *source, struct metrics *metrics);

/* The same of `count` examples only, whose numbers are in `picks` (NULL: the first ones); `scores` [count]
 * takes each one's score (NULL: not wanted). */
void evaluate_picked(const struct evaluation *evaluation, const struct source *source, const uint64_t *picks,
                     uint64_t count, struct metrics *metrics, double *scores);

#endif
