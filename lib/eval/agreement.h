/* What an evaluation keeps of a group of records: counts of (true, predicted) classes and sums.  Memory grows
 * with the pairs of classes that occur, not with the records, unless samples are kept for bootstrapping. */
#ifndef RUBRIC_EVAL_AGREEMENT_H
#define RUBRIC_EVAL_AGREEMENT_H

#include <stdbool.h>

#include "eval/confusion.h"
#include "eval/metrics.h"
#include "eval/moments.h"
#include "stream/classes.h"

/* One record as it is added.  Losses are NAN without probabilities. */
struct pair {
    ptrdiff_t truth, pred; /* the labels' numbers as they were met (classes.h); -1: none, of a measure */
    double value;          /* the true label's number (its place, of ordered strings), NAN without one */
    double pred_value;     /* the predicted label's number, NAN without one */
    double score;          /* NAN without one */
    double log_loss, brier, rps;
    double confidence; /* the largest probability */
    bool right;        /* whether the true class has it */
};

/* Start with {0}; release with agreement_free. */
struct agreement {
    uint64_t n;
    struct confusion confusion;
    struct moments labels; /* true and predicted numbers */
    struct moments scores; /* true numbers and scores */
    uint64_t with_prob;
    double log_loss, brier, rps; /* sums */
    struct calibration calibration;
    bool keep;            /* keep samples */
    struct pair *samples; /* [n] */
    size_t sample_capacity;
};

void agreement_add(struct agreement *agreement, const struct pair *pair);
void agreement_clear(struct agreement *agreement);
void agreement_free(struct agreement *agreement);

/* ---- Figures: everything that is one number ---- */

enum metric {
    METRIC_ACCURACY,
    METRIC_MAJORITY,
    METRIC_BALANCED,
    METRIC_MACRO_F1,
    METRIC_WEIGHTED_F1,
    METRIC_QWK,
    METRIC_KAPPA,
    METRIC_ADJACENT,
    METRIC_MAE,
    METRIC_PEARSON,
    METRIC_RMSE,
    METRIC_PEARSON_SCORE,
    METRIC_SMD,
    METRIC_LOG_LOSS,
    METRIC_BRIER,
    METRIC_RPS,
    METRIC_CALIBRATION,
    METRICS
};

/* One row for each: what --json, --tsv and --min call it, and what a person reads. */
struct metric_row {
    const char *name, *title;
    enum { METRIC_MORE, METRIC_LESS, METRIC_NEITHER } better;
};
extern const struct metric_row metric_rows[METRICS];

/* The figure of that name, or FIGURES. */
enum metric metric_find(const char *name);

/* The confusion matrix in the order of the settled classes, which are no measure; the caller frees it. */
struct confusion_matrix agreement_confusion(const struct agreement *agreement, const struct classes *classes);

/* All figures; NAN where undefined. */
void agreement_figures(const struct agreement *agreement, const struct classes *classes,
                       double metrics[METRICS]);

#endif
