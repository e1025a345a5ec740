#include "eval/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void cells_add(struct cells *cells, size_t truth, size_t pred)
{
    size_t need = (truth > pred ? truth : pred) + 1;
    if (need > cells->side) {
        size_t side = 2 * cells->side > need ? 2 * cells->side : need;
        uint64_t *counts = memory_zeroed(side * side, sizeof *counts);
        for (size_t i = 0; i < cells->side; i++)
            memcpy(counts + i * side, cells->counts + i * cells->side, cells->side * sizeof *counts);
        free(cells->counts);
        cells->counts = counts;
        cells->side = side;
    }
    cells->counts[truth * cells->side + pred]++;
}

void pairs_add(struct pairs *p, const struct pair *pair)
{
    if (pair->truth != LABEL_SET_NONE && pair->pred != LABEL_SET_NONE)
        cells_add(&p->cells, pair->truth, pair->pred);
    if (!isnan(pair->value) && !isnan(pair->pred_value))
        moments_add(&p->labels, pair->value, pair->pred_value);
    if (!isnan(pair->value) && !isnan(pair->score))
        moments_add(&p->scores, pair->value, pair->score);
    if (!isnan(pair->log_loss)) {
        p->with_prob++;
        p->log_loss += pair->log_loss;
        p->brier += pair->brier;
        p->rps += pair->rps;
        calibration_add(&p->calibration, pair->confidence, pair->right);
    }
    if (p->keep) {
        memory_grow(&p->samples, &p->sample_capacity, p->n + 1, sizeof *p->samples);
        p->samples[p->n] = *pair;
    }
    p->n++;
}

void pairs_clear(struct pairs *p)
{
    struct cells cells = p->cells;
    if (cells.side)
        memset(cells.counts, 0, cells.side * cells.side * sizeof *cells.counts);
    *p = (struct pairs){.cells = cells, .keep = p->keep, .samples = p->samples,
                        .sample_capacity = p->sample_capacity};
}

void pairs_free(struct pairs *p)
{
    free(p->cells.counts);
    free(p->samples);
    *p = (struct pairs){0};
}

const struct figure_row figure_rows[FIGURES] = {
    [FIGURE_ACCURACY] = {"accuracy", "accuracy", FIGURE_MORE},
    [FIGURE_MAJORITY] = {"majority", "always the largest class", FIGURE_NEITHER},
    [FIGURE_BALANCED] = {"balanced_accuracy", "balanced accuracy", FIGURE_MORE},
    [FIGURE_MACRO_F1] = {"macro_f1", "macro F1", FIGURE_MORE},
    [FIGURE_WEIGHTED_F1] = {"weighted_f1", "weighted F1", FIGURE_MORE},
    [FIGURE_QWK] = {"qwk", "quadratic weighted kappa", FIGURE_MORE},
    [FIGURE_KAPPA] = {"kappa", "kappa, unweighted", FIGURE_MORE},
    [FIGURE_ADJACENT] = {"adjacent", "at most one class off", FIGURE_MORE},
    [FIGURE_MAE] = {"mae", "mean absolute error", FIGURE_LESS},
    [FIGURE_PEARSON] = {"pearson", "Pearson correlation", FIGURE_MORE},
    [FIGURE_RMSE] = {"rmse", "RMSE of the score", FIGURE_LESS},
    [FIGURE_PEARSON_SCORE] = {"pearson_score", "Pearson of the score", FIGURE_MORE},
    [FIGURE_SMD] = {"smd", "mean difference, standardised", FIGURE_NEITHER},
    [FIGURE_LOG_LOSS] = {"log_loss", "log loss", FIGURE_LESS},
    [FIGURE_BRIER] = {"brier", "Brier score", FIGURE_LESS},
    [FIGURE_RPS] = {"rps", "ranked probability score", FIGURE_LESS},
    [FIGURE_CALIBRATION] = {"calibration", "calibration error", FIGURE_LESS},
};

enum figure figure_find(const char *name)
{
    enum figure f = 0;
    while (f < FIGURES && strcmp(figure_rows[f].name, name) != 0)
        f++;
    return f;
}

uint64_t *pairs_confusion(const struct pairs *p, const struct label_set *labels)
{
    size_t k = labels->count, side = p->cells.side;
    uint64_t *counts = memory_zeroed(k * k, sizeof *counts);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            size_t truth = labels->sorted[i], pred = labels->sorted[j];
            if (truth < side && pred < side)
                counts[i * k + j] = p->cells.counts[truth * side + pred];
        }
    return counts;
}

/* True and predicted values of classes that have an order, from the counts. */
static struct moments class_moments(const uint64_t *counts, const struct label_set *labels)
{
    struct moments m = {0};
    size_t k = labels->count;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            moments_add_times(&m, label_set_value(labels, i), label_set_value(labels, j), counts[i * k + j]);
    return m;
}

static double mean(double sum, uint64_t n) { return n ? sum / (double)n : NAN; }

void pairs_figures(const struct pairs *p, const struct label_set *labels, double f[FIGURES])
{
    for (int i = 0; i < FIGURES; i++)
        f[i] = NAN;
    struct moments classes = p->labels;
    if (!labels->measure) {
        size_t k = labels->count;
        uint64_t *counts = pairs_confusion(p, labels);
        f[FIGURE_ACCURACY] = metric_accuracy(counts, k);
        f[FIGURE_MAJORITY] = metric_majority(counts, k);
        f[FIGURE_BALANCED] = metric_balanced_accuracy(counts, k);
        f[FIGURE_MACRO_F1] = metric_macro_f1(counts, k);
        f[FIGURE_WEIGHTED_F1] = metric_weighted_f1(counts, k);
        f[FIGURE_KAPPA] = metric_kappa(counts, k);
        if (labels->ordered) {
            f[FIGURE_QWK] = metric_qwk(counts, k);
            f[FIGURE_ADJACENT] = metric_adjacent(counts, k);
        }
        classes = class_moments(counts, labels);
        free(counts);
    }
    if (labels->ordered) {
        f[FIGURE_MAE] = moments_mae(&classes);
        f[FIGURE_PEARSON] = moments_pearson(&classes);
        f[FIGURE_RMSE] = moments_rmse(&p->scores);
        f[FIGURE_PEARSON_SCORE] = moments_pearson(&p->scores);
        f[FIGURE_SMD] = moments_smd(&p->scores);
        f[FIGURE_RPS] = mean(p->rps, p->with_prob);
    }
    f[FIGURE_LOG_LOSS] = mean(p->log_loss, p->with_prob);
    f[FIGURE_BRIER] = mean(p->brier, p->with_prob);
    f[FIGURE_CALIBRATION] = calibration_error(&p->calibration);
}
