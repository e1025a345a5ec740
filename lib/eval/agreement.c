#include "eval/agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void agreement_add(struct agreement *p, const struct pair *pair)
{
    if (pair->truth >= 0 && pair->pred >= 0)
        confusion_add(&p->confusion, (size_t)pair->truth, (size_t)pair->pred, 1);
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
    confusion_clear(&p->confusion);
    *p = (struct agreement){.confusion = p->confusion,
                            .keep = p->keep,
                            .samples = p->samples,
                            .sample_capacity = p->sample_capacity};
}

void agreement_free(struct agreement *p)
{
    confusion_free(&p->confusion);
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

struct confusion_matrix agreement_confusion(const struct agreement *p, const struct classes *classes)
{
    return confusion_matrix(&p->confusion, classes->places);
}

/* True and predicted values of classes that have an order. */
static struct moments class_moments(const struct confusion_matrix *matrix, const struct classes *classes)
{
    struct moments m = {0};
    for (size_t i = 0; i < matrix->cell_count; i++) {
        const struct cell *cell = &matrix->cells[i];
        moments_add_times(&m, classes_value(classes, cell->truth), classes_value(classes, cell->pred),
                          cell->count);
    }
    return m;
}

static double mean(double sum, uint64_t n) { return n ? sum / (double)n : NAN; }

static void class_figures(const struct confusion_matrix *matrix, bool ordered, double f[METRICS])
{
    f[METRIC_ACCURACY] = metric_accuracy(matrix);
    f[METRIC_MAJORITY] = metric_majority(matrix);
    f[METRIC_BALANCED] = metric_balanced_accuracy(matrix);
    f[METRIC_MACRO_F1] = metric_macro_f1(matrix);
    f[METRIC_WEIGHTED_F1] = metric_weighted_f1(matrix);
    f[METRIC_KAPPA] = metric_kappa(matrix);
    if (!ordered)
        return;
    f[METRIC_QWK] = metric_qwk(matrix);
    f[METRIC_ADJACENT] = metric_adjacent(matrix);
}

void agreement_figures(const struct agreement *p, const struct classes *classes, double f[METRICS])
{
    for (int i = 0; i < METRICS; i++)
        f[i] = NAN;
    struct moments values = p->labels;
    if (!classes->measure) {
        struct confusion_matrix matrix = agreement_confusion(p, classes);
        class_figures(&matrix, classes->ordered, f);
        values = class_moments(&matrix, classes);
        confusion_matrix_free(&matrix);
    }
    if (classes->ordered) {
        f[METRIC_MAE] = moments_mae(&values);
        f[METRIC_PEARSON] = moments_pearson(&values);
        f[METRIC_RMSE] = moments_rmse(&p->scores);
        f[METRIC_PEARSON_SCORE] = moments_pearson(&p->scores);
        f[METRIC_SMD] = moments_smd(&p->scores);
        f[METRIC_RPS] = mean(p->rps, p->with_prob);
    }
    f[METRIC_LOG_LOSS] = mean(p->log_loss, p->with_prob);
    f[METRIC_BRIER] = mean(p->brier, p->with_prob);
    f[METRIC_CALIBRATION] = calibration_error(&p->calibration);
}
