#include "train/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

static const char *selection_name(const struct fit_config *config)
{
    return config->select == SELECT_VAL ? "val" : "slice";
}

/* The same as the object of a sentence. */
static const char *selection_records(const struct fit_config *config)
{
    return config->select == SELECT_VAL ? "val" : "the slice";
}

/* ---- Before the first step ---- */

static void print_classes(struct buffer *to, const struct classes *classes)
{
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

static void log_data(const struct fit_config *config, const struct dataset *dataset)
{
    struct source source = training_source(config, dataset);
    struct buffer line = {0};
    print_classes(&line, &dataset->classes);
    note("training on %" PRIu64 " records, %.*s, %.0f tokens each on average", source_count(&source),
         (int)line.size, line.at, (double)dataset->tokens / (double)dataset_trainable(dataset));
    buffer_free(&line);
}

static void log_selection(const struct fit_config *config, const struct dataset *dataset)
{
    struct source selection;
    bool selects = selection_source(config, dataset, &selection);
    const char *what = config->keep == KEEP_LAST ? "are only watched" : "select the epoch",
               *monitor = monitor_name((enum monitor)config->monitor);
    if (config->select == SELECT_NONE)
        note("training on every record and keeping the last epoch (--keep best holds out a tenth to select "
             "the epoch)");
    else if (!selects)
        warn("too few records of each class to hold out a tenth: nothing selects, the last epoch is kept");
    else if (config->select == SELECT_SLICE)
        note("%" PRIu64 " of the training records, drawn by class, are not trained on: they %s (by %s)",
             source_count(&selection), what, monitor);
    else
        note("the %" PRIu64 " records of val %s (by %s)%s", source_count(&selection), what, monitor,
             dataset_val_selects(dataset) ? "; only the other parts are output"
                                          : " AND are output: figures on them are optimistic");
}

static void log_split(const struct fit_config *config, const struct dataset *dataset)
{
    if (dataset->with_part == 0 && config->fold < 0)
        note("no train/val split: training on all labelled records, which leaves none to evaluate on (split "
             "holds some out)");
    if (dataset->with_fold && config->fold < 0)
        note("the records have folds, and --fold holds none out: training on all of them");
}

static void log_model(const struct fit_config *config, const struct model *model, int threads)
{
    const struct shape *s = &model->layout->shape;
    char length[64];
    if (config->max_steps > 0)
        snprintf(length, sizeof length, "at most %" PRId64 " step%s", config->max_steps,
                 plural(config->max_steps));
    else
        snprintf(length, sizeof length, "%" PRId64 " epoch%s", config->epochs, plural(config->epochs));
    note("%s: %d layer%s, hidden size %d, %zu parameters; %s, %s, batch %" PRId64
         ", learning rate %g, %d thread%s",
         config->scratch ? "random weights" : model->directory, s->L, plural(s->L), s->H, model->layout->size,
         loss_name((enum loss)config->loss), length, config->batch, config->rate, threads, plural(threads));
    if (!model->pretrained)
        note("starting from random weights: a pretrained model learns much more from few essays (see -m)");
}

void log_run(const struct fit_config *config, const struct dataset *dataset, const struct model *model,
             int threads)
{
    log_data(config, dataset);
    log_selection(config, dataset);
    log_split(config, dataset);
    log_model(config, model, threads);
}

/* ---- The tables ---- */

void log_open(struct log *log, const struct output *output, uint64_t steps_size, uint64_t epochs_size)
{
    char *steps = output ? output_path(output, "log.csv") : NULL;
    char *epochs = output ? output_path(output, "epochs.csv") : NULL;
    csv_log_open(&log->steps, steps, "step,epoch,loss,rate,norm,tokens,tokens_per_second,seconds",
                 steps_size);
    csv_log_open(&log->epochs, epochs,
                 "epoch,step,train_loss,train_accuracy,train_qwk,train_macro_f1,loss,accuracy,qwk,macro_f1,"
                 "seconds",
                 epochs_size);
    free(steps);
    free(epochs);
}

void log_close(struct log *log)
{
    csv_log_close(&log->steps);
    csv_log_close(&log->epochs);
}

void log_sync(struct log *log)
{
    csv_log_sync(&log->steps);
    csv_log_sync(&log->epochs);
}

static double milliseconds(double seconds) { return round(seconds * 1000) / 1000; }

void log_step(struct log *log, uint64_t step, uint64_t epoch, const struct step_result *result, double rate,
              double step_seconds, double seconds)
{
    csv_log_integer(&log->steps, step);
    csv_log_integer(&log->steps, epoch);
    csv_log_number(&log->steps, result->loss);
    csv_log_number(&log->steps, rate);
    csv_log_number(&log->steps, result->norm);
    csv_log_integer(&log->steps, result->tokens);
    csv_log_integer(&log->steps, (uint64_t)((double)result->tokens / (step_seconds + 1e-9)));
    csv_log_number(&log->steps, milliseconds(seconds));
    csv_log_end_row(&log->steps);
}

static void add_metrics(struct csv_log *table, const struct metrics *metrics)
{
    csv_log_number(table, metrics ? metrics_loss(metrics) : NAN);
    csv_log_number(table, metrics ? metrics_accuracy(metrics) : NAN);
    csv_log_number(table, metrics ? metrics_qwk(metrics) : NAN);
    csv_log_number(table, metrics ? metrics_macro_f1(metrics) : NAN);
}

/* ---- After an epoch ---- */

static void note_epoch(const struct fit_config *config, uint64_t epoch, const struct metrics *running,
                       const struct metrics *selection, bool best, double seconds)
{
    struct buffer line = {0};
    print_metrics(&line, running);
    if (selection) {
        buffer_format(&line, " | %s: ", selection_name(config));
        print_metrics(&line, selection);
        if (best)
            buffer_text(&line, " (best)");
    }
    note("epoch %" PRIu64 "/%" PRId64 " | train: %.*s | %.1f s", epoch, config->epochs, (int)line.size,
         line.at, seconds);
    buffer_free(&line);
}

void log_epoch(struct log *log, const struct fit_config *config, uint64_t step, uint64_t epoch,
               const struct metrics *running, const struct metrics *selection, bool best, double seconds)
{
    note_epoch(config, epoch, running, selection, best, seconds);
    csv_log_integer(&log->epochs, epoch);
    csv_log_integer(&log->epochs, step);
    add_metrics(&log->epochs, running);
    add_metrics(&log->epochs, selection);
    csv_log_number(&log->epochs, milliseconds(seconds));
    csv_log_end_row(&log->epochs);
}

/* ---- At the end ---- */

void log_calibration(double mean)
{
    note("corrected a mean offset of %+.3f in the scores (dropout shifts them in training)", mean);
}

static void print_recall(struct buffer *to, const struct classes *classes, const struct class_counts *counts)
{
    label_print(to, &classes->labels[counts->class]);
    if (counts->support)
        buffer_format(to, ": %" PRIu64 " of %" PRIu64, counts->right, counts->support);
    else
        buffer_text(to, ": has none");
    if (counts->support && !counts->predicted)
        buffer_text(to, " (never predicted)");
}

/* How much of each class was found: what class weights and sampling are for.  A long scale is not listed. */
static void log_recall(const struct fit_config *config, const struct classes *classes,
                       const struct metrics *metrics)
{
    enum { LISTED = 20 };
    if (metrics->k > LISTED)
        return;
    struct buffer line = {0};
    struct confusion_matrix matrix = metrics_confusion(metrics);
    for (size_t c = 0; c < metrics->k; c++) {
        struct class_counts counts = confusion_class(&matrix, c);
        buffer_text(&line, c ? "; " : "");
        print_recall(&line, classes, &counts);
    }
    note("recall on %s: class %.*s", selection_records(config), (int)line.size, line.at);
    confusion_matrix_free(&matrix);
    buffer_free(&line);
}

void log_outcome(const struct fit_config *config, const struct classes *classes,
                 const struct outcome *outcome)
{
    if (!outcome->selected)
        return;
    struct buffer line = {0};
    print_metrics(&line, &outcome->selection);
    note("kept epoch %" PRIu64 " of %" PRIu64 " (%s: %.*s)", outcome->kept_epoch, outcome->epochs,
         selection_name(config), (int)line.size, line.at);
    buffer_free(&line);
    if (outcome->overfitted)
        note("overfitting after epoch %" PRIu64
             ": the training loss went on falling while that of %s rose (fewer epochs, a lower --lr "
             "or more --dropout may help)",
             outcome->best_epoch, selection_records(config));
    if (outcome->selection.k > 0)
        log_recall(config, classes, &outcome->selection);
}
