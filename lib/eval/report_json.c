/* The report for programs: JSON and tab-separated lines. */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/terminal.h"
#include "eval/report.h"

static void set_metrics(json_t *to, const double metrics[METRICS])
{
    for (int f = 0; f < METRICS; f++)
        json_set(to, metric_rows[f].name, json_finite(metrics[f]));
}

static json_t *classes_json(const struct report *report, const struct confusion_matrix *confusion)
{
    json_t *classes = json_array();
    for (size_t c = 0; c < report->labels.count; c++) {
        struct class_counts counts = confusion_class(confusion, c);
        json_t *class = json_object();
        json_set(class, "label", label_to_plain_json(&report->labels.labels[c]));
        json_set(class, "precision", json_finite(metric_precision(&counts)));
        json_set(class, "recall", json_finite(metric_recall(&counts)));
        json_set(class, "f1", json_finite(metric_f1(&counts)));
        json_set(class, "support", json_count(counts.support));
        json_set(class, "predicted", json_count(counts.predicted));
        json_add(classes, class);
    }
    return classes;
}

static json_t *confusion_json(const struct confusion_matrix *confusion, size_t k)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < k; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < k; j++)
            json_add(row, json_count(confusion_cell(confusion, i, j)));
        json_add(rows, row);
    }
    return rows;
}

/* Only what is not 0: true label, predicted label, count. */
static json_t *cells_json(const struct report *report, const struct confusion_matrix *confusion)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < confusion->cell_count; i++) {
        const struct cell *cell = &confusion->cells[i];
        json_t *triple = json_array();
        json_add(triple, label_to_plain_json(&report->labels.labels[cell->truth]));
        json_add(triple, label_to_plain_json(&report->labels.labels[cell->pred]));
        json_add(triple, json_count(cell->count));
        json_add(cells, triple);
    }
    return cells;
}

/* The matrix of few classes, the cells of many. */
static void put_confusion(const struct report *report, const struct section *s, json_t *to)
{
    enum { MATRIX_CLASSES = 256 };
    size_t k = report->labels.count;
    bool few = k <= MATRIX_CLASSES, measure = report->labels.measure;
    json_set(to, "classes", measure ? json_null() : classes_json(report, &s->confusion));
    json_set(to, "confusion", measure || !few ? json_null() : confusion_json(&s->confusion, k));
    if (!measure && !few)
        json_set(to, "cells", cells_json(report, &s->confusion));
}

static json_t *intervals_json(const struct report *report, const struct interval of[METRICS])
{
    json_t *intervals = json_object();
    for (int f = 0; f < METRICS; f++) {
        struct interval i = of[f];
        json_set(intervals, metric_rows[f].name,
                 isnan(i.low) ? json_null() : json_pack("[f, f]", i.low, i.high));
    }
    json_set(intervals, "resamples", json_count(report->plan.resamples));
    json_set(intervals, "seed", json_count(report->plan.seed));
    return intervals;
}

static json_t *by_json(const struct report *report, const struct section *s)
{
    json_t *by = json_object(), *rows = json_array(), *mean = json_object();
    double metrics[METRICS];
    json_set(by, "field", json_text(slice_of(report->plan.by)));
    for (size_t i = 0; i < s->by.count; i++) {
        json_t *row = json_object();
        json_set(row, "value", json_text(s->by.at[s->by_order[i]]));
        json_set(row, "n", json_count(s->by_agreement[s->by_order[i]].n));
        agreement_figures(&s->by_agreement[s->by_order[i]], &report->labels, metrics);
        set_metrics(row, metrics);
        json_add(rows, row);
    }
    report_by_mean(report, s, metrics);
    set_metrics(mean, metrics);
    json_set(by, "rows", rows);
    json_set(by, "mean", mean);
    return by;
}

static json_t *rater_json(const struct report *report, const struct section *s)
{
    double human[METRICS], model[METRICS], difference[METRICS];
    agreement_figures(&s->human, &report->joint, human);
    agreement_figures(&s->model, &report->joint, model);
    for (int f = 0; f < METRICS; f++)
        difference[f] = model[f] - human[f];
    json_t *rater = json_object(), *one = json_object(), *other = json_object(), *last = json_object();
    set_metrics(one, human);
    set_metrics(other, model);
    set_metrics(last, difference);
    json_set(rater, "field", json_text(slice_of(report->plan.rater)));
    json_set(rater, "n", json_count(s->human.n));
    json_set(rater, "human", one);
    json_set(rater, "model", other);
    json_set(rater, "difference", last);
    return rater;
}

static json_t *comparison_json(const struct report *report, const struct comparison *c)
{
    json_t *to = json_object(), *ours = json_object(), *theirs = json_object(), *difference = json_object();
    json_set(to, "file", json_text(slice_of(report->plan.against)));
    json_set(to, "n", json_count(c->ours.n));
    json_set(to, "without_other", json_count(c->only_ours));
    json_set(to, "only_these_right", json_count(c->we_right));
    json_set(to, "only_those_right", json_count(c->they_right));
    if (c->ours.n > 0) {
        double differences[METRICS];
        for (int f = 0; f < METRICS; f++)
            differences[f] = c->our_metrics[f] - c->their_metrics[f];
        set_metrics(ours, c->our_metrics);
        set_metrics(theirs, c->their_metrics);
        set_metrics(difference, differences);
        json_set(to, "mcnemar", json_finite(c->mcnemar));
        json_set(to, "intervals", intervals_json(report, c->differences));
    }
    json_set(to, "these", ours);
    json_set(to, "those", theirs);
    json_set(to, "difference", difference);
    return to;
}

static json_t *errors_json(const struct section *s)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < s->errors.count; i++) {
        const struct disagreement *d = &s->errors.at[i];
        json_t *error = json_object();
        json_set(error, "id", json_text(slice_of(d->id)));
        json_set(error, "y", json_text(slice_of(d->truth)));
        json_set(error, "pred", json_text(slice_of(d->pred)));
        json_set(error, "score", json_finite(d->score));
        json_add(errors, error);
    }
    return errors;
}

/* What sections and their total have in common. */
static json_t *counts_json(const struct report *report, const struct section *s)
{
    json_t *to = json_object();
    json_set(to, "n", json_count(s->agreement.n));
    set_metrics(to, s->metrics);
    put_confusion(report, s, to);
    json_set(to, "without_label", json_count(s->without_y));
    json_set(to, "without_prediction", json_count(s->without_pred));
    return to;
}

static json_t *section_json(const struct report *report, const struct section *s)
{
    json_t *to = counts_json(report, s);
    json_set(to, "part", s->name.size ? json_text(s->name) : json_null());
    if (report->plan.intervals)
        json_set(to, "intervals", intervals_json(report, s->intervals));
    if (report->plan.by)
        json_set(to, "by", by_json(report, s));
    if (report->plan.rater)
        json_set(to, "rater", rater_json(report, s));
    if (report->plan.against)
        json_set(to, "against", comparison_json(report, &s->comparison));
    if (report->plan.errors > 0)
        json_set(to, "errors", errors_json(s));
    return to;
}

json_t *report_json(const struct report *report)
{
    json_t *all;
    if (report->shown == 1) {
        all = section_json(report, &report->sections[0]);
        json_set(all, "without_label", json_count(report->total.without_y));
        json_set(all, "without_prediction", json_count(report->total.without_pred));
    } else {
        json_t *parts = json_object();
        all = counts_json(report, &report->total);
        json_set(all, "part", json_null());
        for (size_t i = 0; i < report->shown; i++) {
            json_t *name = json_text(report->sections[i].name);
            json_set(parts, json_string_value(name), section_json(report, &report->sections[i]));
            json_decref(name);
        }
        json_set(all, "parts", parts);
    }
    json_set(all, "ordered", json_boolean(report->labels.ordered));
    json_set(all, "chosen_by", report->chosen_by ? json_text(slice_of(report->chosen_by)) : json_null());
    json_set(all, "rounding", report->rounding ? json_incref(report->rounding) : json_null());
    return all;
}

/* ---- Lines ---- */

static void put_line(FILE *to, const char *prefix, const char *name, const char *suffix, double value)
{
    struct buffer number = {0};
    if (!isnan(value))
        buffer_number(&number, value);
    fprintf(to, "%s%s%s\t%.*s\n", prefix, name, suffix, (int)number.size, number.size ? number.at : "");
    buffer_free(&number);
}

static void put_metrics(FILE *to, const char *prefix, uint64_t n, const double metrics[METRICS])
{
    fprintf(to, "%sn\t%llu\n", prefix, (unsigned long long)n);
    for (int f = 0; f < METRICS; f++)
        put_line(to, prefix, metric_rows[f].name, "", metrics[f]);
}

/* "PREFIX" + "MIDDLE" + TEXT + ".", the text made safe for a line of a table. */
static char *prefix_of(const char *prefix, const char *middle, struct slice text)
{
    struct buffer whole = {0};
    buffer_format(&whole, "%s%s", prefix, middle);
    terminal_put(&whole, text);
    buffer_append(&whole, ".", 2);
    return whole.at;
}

static void put_comparison(const struct comparison *c, FILE *to, const char *prefix)
{
    char *other = prefix_of(prefix, "", SLICE("those"));
    char *difference = prefix_of(prefix, "", SLICE("difference"));
    put_metrics(to, other, c->theirs.n, c->their_metrics);
    for (int f = 0; f < METRICS; f++) {
        put_line(to, difference, metric_rows[f].name, "", c->our_metrics[f] - c->their_metrics[f]);
        put_line(to, difference, metric_rows[f].name, "_low", c->differences[f].low);
        put_line(to, difference, metric_rows[f].name, "_high", c->differences[f].high);
    }
    put_line(to, prefix, "mcnemar", "", c->mcnemar);
    free(other);
    free(difference);
}

static void put_section(const struct report *report, const struct section *s, FILE *to, const char *prefix)
{
    double metrics[METRICS];
    put_metrics(to, prefix, s->agreement.n, s->metrics);
    for (int f = 0; f < METRICS && report->plan.intervals; f++) {
        put_line(to, prefix, metric_rows[f].name, "_low", s->intervals[f].low);
        put_line(to, prefix, metric_rows[f].name, "_high", s->intervals[f].high);
    }
    for (size_t i = 0; i < s->by.count; i++) {
        const struct agreement *agreement = &s->by_agreement[s->by_order[i]];
        char *row = prefix_of(prefix, "by.", s->by.at[s->by_order[i]]);
        agreement_figures(agreement, &report->labels, metrics);
        put_metrics(to, row, agreement->n, metrics);
        free(row);
    }
    if (report->plan.by) {
        report_by_mean(report, s, metrics);
        for (int f = 0; f < METRICS; f++) {
            fputs(prefix, to);
            put_line(to, "mean.", metric_rows[f].name, "", metrics[f]);
        }
    }
    if (report->plan.rater) {
        char *human = prefix_of(prefix, "", SLICE("human")), *model = prefix_of(prefix, "", SLICE("model"));
        agreement_figures(&s->human, &report->joint, metrics);
        put_metrics(to, human, s->human.n, metrics);
        agreement_figures(&s->model, &report->joint, metrics);
        put_metrics(to, model, s->model.n, metrics);
        free(human);
        free(model);
    }
    if (s->comparison.ours.n > 0)
        put_comparison(&s->comparison, to, prefix);
}

void report_tsv(const struct report *report, FILE *to)
{
    if (report->shown == 1) {
        put_section(report, &report->sections[0], to, "");
        return;
    }
    put_metrics(to, "", report->total.agreement.n, report->total.metrics);
    for (size_t i = 0; i < report->shown; i++) {
        char *prefix = prefix_of("", "", report->sections[i].name);
        put_section(report, &report->sections[i], to, prefix);
        free(prefix);
    }
}
