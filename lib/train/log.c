#include "train/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "eval/metrics.h"

static void print_metric(struct buffer *to, const char *name, double value)
{
    if (isnan(value))
        buffer_format(to, ", %s undefined", name);
    else
        buffer_format(to, ", %s %.3f", name, value);
}

static void print_metrics(struct buffer *to, const struct metrics *metrics)
{
    buffer_format(to, "loss %.4f", metrics_loss(metrics));
    if (metrics->k) {
        print_metric(to, "accuracy", metrics_accuracy(metrics));
        print_metric(to, "kappa", metrics_qwk(metrics));
    } else {
        print_metric(to, "root mean squared error", metrics_deviation(metrics));
    }
}

static const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

static const char *chooser_name(const struct fit_config *config)
{
    return config->select == CHOOSE_VAL ? "val" : "slice";
}

static void log_classes(const struct training *t, struct buffer *to)
{
    const struct classes *classes = &t->dataset->classes;
    if (classes->count == 0) {
        buffer_text(to, "numbers, no classes");
        return;
    }
    buffer_format(to, "%zu classes (", classes->count);
    for (size_t c = 0; c < classes->count && c < 12; c++) {
        if (c)
            buffer_text(to, ", ");
        label_print(to, &classes->labels[c]);
    }
    buffer_text(to, classes->count > 12 ? ", ...)" : ")");
}

static void log_choice(const struct training *t)
{
    struct source choosing;
    bool chooses = choosing_source(t->config, t->dataset, &choosing);
    if (!chooses && t->config->select == CHOOSE_SLICE)
        warn("too few records of each class to hold a tenth back: nothing chooses, the last epoch is kept");
    if (!chooses) {
        note("all of them are learned from, and the last epoch is kept%s",
             t->config->select == CHOOSE_NOTHING ? " (--keep best has a tenth choose it)" : "");
        return;
    }
    const char *what = t->config->keep == KEEP_LAST ? "are watched" : "choose the epoch";
    if (t->config->select == CHOOSE_SLICE)
        note("%" PRIu64 " of the training records, drawn by class, are not trained on: they %s (by %s)",
             source_count(&choosing), what, monitor_name((enum monitor)t->config->monitor));
    else
        note("the %" PRIu64 " records of val %s (by %s)%s", source_count(&choosing), what,
             monitor_name((enum monitor)t->config->monitor),
             dataset_val_chooses(t->dataset) ? "; only the other parts pass on"
                                             : " AND pass on: their figures are not honest");
}

void log_plan(const struct training *t)
{
    const struct fit_config *config = t->config;
    struct source source = training_source(config, t->dataset);
    struct buffer line = {0};
    log_classes(t, &line);
    note("training on %" PRIu64 " records, %.*s, %.0f tokens each on average", source_count(&source),
         (int)line.size, line.at,
         (double)t->dataset->tokens / (double)(t->dataset->train_sums.n + t->dataset->slice_sums.n));
    buffer_free(&line);
    log_choice(t);
    if (t->dataset->with_part == 0 && config->fold < 0)
        note("the records carry no parts: all that have a label are trained on, and none of them passes on "
             "(split marks some as val)");
    if (t->dataset->folds_seen && config->fold < 0)
        note("the records carry folds and none is held out (--fold K would): training on all of them");
    const struct shape *s = &t->model->layout->shape;
    char length[64];
    if (config->max_steps > 0)
        snprintf(length, sizeof length, "at most %" PRId64 " step%s", config->max_steps,
                 plural(config->max_steps));
    else
        snprintf(length, sizeof length, "%" PRId64 " epoch%s", config->epochs, plural(config->epochs));
    note("%s: %d layer%s, hidden size %d, %zu parameters%s; %s, %s, batch %" PRId64
         ", learning rate %g, %d thread%s",
         config->scratch ? "random weights" : t->model->directory, s->L, plural(s->L), s->H,
         t->model->layout->size,
         t->model->pretrained ? ""
                              : " that were never pretrained (a model that was learns more from few essays)",
         loss_name((enum loss)config->loss), length, config->batch, config->rate, pool_threads(t->pool),
         plural(pool_threads(t->pool)));
}

void log_epoch(const struct training *t, uint64_t epoch, const struct metrics *running,
               const struct metrics *choosing, bool best, double seconds)
{
    struct buffer line = {0};
    print_metrics(&line, running);
    if (choosing) {
        buffer_format(&line, " | %s: ", chooser_name(t->config));
        print_metrics(&line, choosing);
        if (best)
            buffer_text(&line, " (best)");
    }
    note("epoch %" PRIu64 "/%" PRId64 " | train: %.*s | %.1f s", epoch, t->config->epochs, (int)line.size,
         line.at, seconds);
    buffer_free(&line);
}

static void print_recall(struct buffer *to, const struct classes *classes, const struct class_counts *counts)
{
    label_print(to, &classes->labels[counts->class]);
    if (!counts->support)
        buffer_text(to, " has none");
    else if (counts->predicted)
        buffer_format(to, " %.0f %% of %" PRIu64, 100 * metric_recall(counts), counts->support);
    else
        buffer_format(to, " none of %" PRIu64 " (never predicted)", counts->support);
}

/* How much of each class was found: what class weights and sampling are for.  A long scale is not listed. */
static void log_recall(const struct training *t, const struct metrics *metrics)
{
    enum { LISTED = 40 };
    if (metrics->k > LISTED)
        return;
    struct buffer line = {0};
    struct confusion_matrix matrix = metrics_confusion(metrics);
    for (size_t c = 0; c < metrics->k; c++) {
        struct class_counts counts = confusion_class(&matrix, c);
        if (c)
            buffer_text(&line, ", ");
        print_recall(&line, &t->dataset->classes, &counts);
    }
    note("of the records that chose, found by class: %.*s", (int)line.size, line.at);
    confusion_matrix_free(&matrix);
    buffer_free(&line);
}

void log_calibration(double off)
{
    note("without dropout the scores of training records were %+.3f off on average: put right", off);
}

void log_outcome(const struct training *t, const struct outcome *o)
{
    if (!o->chose)
        return;
    struct buffer line = {0};
    print_metrics(&line, &o->choosing);
    note("kept epoch %" PRIu64 " of %" PRIu64 " (%s: %.*s)", o->kept_epoch, o->epochs,
         chooser_name(t->config), (int)line.size, line.at);
    buffer_free(&line);
    if (o->overfitted)
        note("after epoch %" PRIu64 " the loss in training went on falling while that of the %s rose: "
             "the model began to learn the essays by heart (fewer epochs, a lower --lr or more --dropout may "
             "help)",
             o->best_epoch, chooser_name(t->config));
    if (o->choosing.k > 0 && o->choosing.k <= 20)
        log_recall(t, &o->choosing);
}
