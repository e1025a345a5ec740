/* What an evaluation keeps of a group of records: counts of (true, predicted) labels and sums.  Memory
 * grows with the labels, not with the records, unless samples are kept for bootstrapping. */
#ifndef RUBRIC_EVAL_PAIRS_H
#define RUBRIC_EVAL_PAIRS_H

#include <stdbool.h>

#include "eval/label_set.h"
#include "eval/metrics.h"
#include "eval/moments.h"

/* Counts by label numbers [side, side], rows true; grows as numbers come. */
struct cells {
    uint64_t *counts;
    size_t side;
};
void cells_add(struct cells *cells, size_t truth, size_t pred);

/* One record as it is added.  Losses are NAN without probabilities. */
struct pair {
    size_t truth, pred;  /* label numbers; LABEL_SET_NONE when labels are a measure */
    double value;        /* the true label's number (its place, of ordered strings), NAN without one */
    double pred_value;   /* the predicted label's number, NAN without one */
    double score;        /* NAN without one */
    double log_loss, brier, rps;
    double confidence;   /* the largest probability */
    bool right;          /* whether the true class has it */
};

/* Start with {0}; release with pairs_free. */
struct pairs {
    uint64_t n;
    struct cells cells;
    struct moments labels;  /* true and predicted numbers */
    struct moments scores;  /* true numbers and scores */
    uint64_t with_prob;
    double log_loss, brier, rps; /* sums */
    struct calibration calibration;
    bool keep;              /* keep samples */
    struct pair *samples;   /* [n] */
    size_t sample_capacity;
};

void pairs_add(struct pairs *pairs, const struct pair *pair);
void pairs_clear(struct pairs *pairs);
void pairs_free(struct pairs *pairs);

/* ---- Figures: everything that is one number ---- */

enum figure {
    FIGURE_ACCURACY, FIGURE_MAJORITY, FIGURE_BALANCED, FIGURE_MACRO_F1, FIGURE_WEIGHTED_F1, FIGURE_QWK,
    FIGURE_KAPPA, FIGURE_ADJACENT, FIGURE_MAE, FIGURE_PEARSON, FIGURE_RMSE, FIGURE_PEARSON_SCORE, FIGURE_SMD,
    FIGURE_LOG_LOSS, FIGURE_BRIER, FIGURE_RPS, FIGURE_CALIBRATION,
    FIGURES
};

/* One row for each: what --json, --tsv and --min call it, and what a person reads. */
struct figure_row {
    const char *name, *title;
    enum { FIGURE_MORE, FIGURE_LESS, FIGURE_NEITHER } better;
};
extern const struct figure_row figure_rows[FIGURES];

/* The figure of that name, or FIGURES. */
enum figure figure_find(const char *name);

/* The confusion matrix in the settled order of the classes, [count, count]; the caller frees. */
uint64_t *pairs_confusion(const struct pairs *pairs, const struct label_set *labels);

/* All figures; NAN where undefined. */
void pairs_figures(const struct pairs *pairs, const struct label_set *labels, double figures[FIGURES]);

#endif
