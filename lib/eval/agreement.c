#include "eval/agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void confusion_add(struct confusion *confusion, size_t truth, size_t pred)
{
    size_t need = (truth > pred ? truth : pred) + 1;
    if (need > confusion->side) {
        size_t side = 2 * confusion->side > need ? 2 * confusion->side : need;
        uint64_t *counts = memory_zeroed(side * side, sizeof *counts);
        for (size_t i = 0; i < confusion->side; i++)
            memcpy(counts + i * side, confusion->counts + i * confusion->side,
                   confusion->side * sizeof *counts);
        free(confusion->counts);
        confusion->counts = counts;
        confusion->side = side;
    }
    confusion->counts[truth * confusion->side + pred]++;
}

void agreement_add(struct agreement *p, const struct pair *pair)
{
    if (pair->truth != LABEL_SET_NONE && pair->pred != LABEL_SET_NONE)
        confusion_add(&p->confusion, pair->truth, pair->pred);
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

void agreement_clear(struct agreement *p)
{
    struct confusion confusion = p->confusion;
    if (confusion.side)
        memset(confusion.counts, 0, confusion.side * confusion.side * sizeof *confusion.counts);
    *p = (struct agreement){.confusion = confusion,
                            .keep = p->keep,
                            .samples = p->samples,
                            .sample_capacity = p->sample_capacity};
}

void agreement_free(struct agreement *p)
{
    free(p->confusion.counts);
    free(p->samples);
    *p = (struct agreement){0};
}

const struct metric_row metric_rows[METRICS] = {
    [METRIC_ACCURACY] = {"accuracy", "accuracy", METRIC_MORE},
    [METRIC_MAJORITY] = {"majority", "always the largest class", METRIC_NEITHER},
    [METRIC_BALANCED] = {"balanced_accuracy", "balanced accuracy", METRIC_MORE},
    [METRIC_MACRO_F1] = {"macro_f1", "macro F1", METRIC_MORE},
    [METRIC_WEIGHTED_F1] = {"weighted_f1", "weighted F1", METRIC_MORE},
    [METRIC_QWK] = {"qwk", "quadratic weighted kappa", METRIC_MORE},
    [METRIC_KAPPA] = {"kappa", "kappa, unweighted", METRIC_MORE},
    [METRIC_ADJACENT] = {"adjacent", "at most one class off", METRIC_MORE},
    [METRIC_MAE] = {"mae", "mean absolute error", METRIC_LESS},
    [METRIC_PEARSON] = {"pearson", "Pearson correlation", METRIC_MORE},
    [METRIC_RMSE] = {"rmse", "RMSE of the score", METRIC_LESS},
    [METRIC_PEARSON_SCORE] = {"pearson_score", "Pearson of the score", METRIC_MORE},
    [METRIC_SMD] = {"smd", "mean difference, standardised", METRIC_NEITHER},
    [METRIC_LOG_LOSS] = {"log_loss", "log loss", METRIC_LESS},
    [METRIC_BRIER] = {"brier", "Brier score", METRIC_LESS},
    [METRIC_RPS] = {"rps", "ranked probability score", METRIC_LESS},
    [METRIC_CALIBRATION] = {"calibration", "calibration error", METRIC_LESS},
};

enum metric metric_find(const char *name)
{
    enum metric f = 0;
    while (f < METRICS && strcmp(metric_rows[f].name, name) != 0)
        f++;
    return f;
}

uint64_t *agreement_confusion(const struct agreement *p, const struct label_set *labels)
{
    size_t k = labels->count, side = p->confusion.side;
    uint64_t *counts = memory_zeroed(k * k, sizeof *counts);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            size_t truth = labels->sorted[i], pred = labels->sorted[j];
            if (truth < side && pred < side)
                counts[i * k + j] = p->confusion.counts[truth * side + pred];
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

void agreement_figures(const struct agreement *p, const struct label_set *labels, double f[METRICS])
{
    for (int i = 0; i < METRICS; i++)
        f[i] = NAN;
    struct moments classes = p->labels;
    if (!labels->measure) {
        size_t k = labels->count;
        uint64_t *counts = agreement_confusion(p, labels);
        f[METRIC_ACCURACY] = metric_accuracy(counts, k);
        f[METRIC_MAJORITY] = metric_majority(counts, k);
        f[METRIC_BALANCED] = metric_balanced_accuracy(counts, k);
        f[METRIC_MACRO_F1] = metric_macro_f1(counts, k);
        f[METRIC_WEIGHTED_F1] = metric_weighted_f1(counts, k);
        f[METRIC_KAPPA] = metric_kappa(counts, k);
        if (labels->ordered) {
            f[METRIC_QWK] = metric_qwk(counts, k);
            f[METRIC_ADJACENT] = metric_adjacent(counts, k);
        }
        classes = class_moments(counts, labels);
        free(counts);
    }
    if (labels->ordered) {
        f[METRIC_MAE] = moments_mae(&classes);
        f[METRIC_PEARSON] = moments_pearson(&classes);
        f[METRIC_RMSE] = moments_rmse(&p->scores);
        f[METRIC_PEARSON_SCORE] = moments_pearson(&p->scores);
        f[METRIC_SMD] = moments_smd(&p->scores);
        f[METRIC_RPS] = mean(p->rps, p->with_prob);
    }
    f[METRIC_LOG_LOSS] = mean(p->log_loss, p->with_prob);
    f[METRIC_BRIER] = mean(p->brier, p->with_prob);
    f[METRIC_CALIBRATION] = calibration_error(&p->calibration);
}
