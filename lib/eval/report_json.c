/* The report for programs: JSON and tab-separated lines. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/terminal.h"
#include "eval/report.h"

static void set(json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        die(STATUS_SYSTEM, "out of memory");
}

static void append(json_t *array, json_t *value)
{
    if (!value || json_array_append_new(array, value) != 0)
        die(STATUS_SYSTEM, "out of memory");
}

/* Bytes that are no UTF-8 are escaped. */
static json_t *text_json(struct slice text)
{
    json_t *value = json_stringn(text.size ? text.at : "", text.size);
    if (value)
        return value;
    char *escaped = memory_new(text.size, 4);
    value = json_stringn(escaped, terminal_escape(escaped, 4 * text.size, text.at, text.size));
    free(escaped);
    return value;
}

static json_t *number_json(double value) { return isnan(value) ? json_null() : json_real(value); }
static json_t *count_json(uint64_t n) { return json_integer((json_int_t)n); }

static void set_figures(json_t *to, const double figures[FIGURES])
{
    for (int f = 0; f < FIGURES; f++)
        set(to, figure_rows[f].name, number_json(figures[f]));
}

/* A class: as a number where labels are numbers. */
static json_t *class_json(const struct label_set *labels, size_t place)
{
    if (labels->type == LABEL_STRING)
        return text_json(label_set_text(labels, place));
    double value = label_set_value(labels, place);
    return value == floor(value) && fabs(value) < 0x1p53 ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *classes_json(const struct report *report, const uint64_t *counts)
{
    size_t k = report->labels.count;
    json_t *classes = json_array();
    for (size_t c = 0; c < k; c++) {
        json_t *class = json_object();
        set(class, "label", class_json(&report->labels, c));
        set(class, "precision", number_json(metric_precision(counts, k, c)));
        set(class, "recall", number_json(metric_recall(counts, k, c)));
        set(class, "f1", number_json(metric_f1(counts, k, c)));
        set(class, "support", count_json(metric_support(counts, k, c)));
        set(class, "predicted", count_json(metric_predicted(counts, k, c)));
        append(classes, class);
    }
    return classes;
}

static json_t *confusion_json(const uint64_t *counts, size_t k)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < k; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < k; j++)
            append(row, count_json(counts[i * k + j]));
        append(rows, row);
    }
    return rows;
}

static json_t *intervals_json(const struct report *report, const struct section *s)
{
    json_t *intervals = json_object();
    for (int f = 0; f < FIGURES; f++) {
        struct interval i = s->intervals[f];
        set(intervals, figure_rows[f].name,
            isnan(i.low) ? json_null() : json_pack("[f, f]", i.low, i.high));
    }
    set(intervals, "resamples", count_json(report->plan.resamples));
    set(intervals, "seed", count_json(report->plan.seed));
    return intervals;
}

static json_t *by_json(const struct report *report, const struct section *s)
{
    json_t *by = json_object(), *rows = json_array(), *mean = json_object();
    double figures[FIGURES];
    set(by, "field", text_json(slice_of(report->plan.by)));
    for (size_t i = 0; i < s->by.count; i++) {
        json_t *row = json_object();
        set(row, "value", text_json(s->by.at[s->by_order[i]]));
        set(row, "n", count_json(s->by_pairs[s->by_order[i]].n));
        pairs_figures(&s->by_pairs[s->by_order[i]], &report->labels, figures);
        set_figures(row, figures);
        append(rows, row);
    }
    report_by_mean(report, s, figures);
    set_figures(mean, figures);
    set(by, "rows", rows);
    set(by, "mean", mean);
    return by;
}

static json_t *rater_json(const struct report *report, const struct section *s)
{
    double human[FIGURES], model[FIGURES], difference[FIGURES];
    pairs_figures(&s->human, &report->labels, human);
    pairs_figures(&s->model, &report->labels, model);
    for (int f = 0; f < FIGURES; f++)
        difference[f] = model[f] - human[f];
    json_t *rater = json_object(), *one = json_object(), *other = json_object(), *last = json_object();
    set_figures(one, human);
    set_figures(other, model);
    set_figures(last, difference);
    set(rater, "field", text_json(slice_of(report->plan.rater)));
    set(rater, "n", count_json(s->human.n));
    set(rater, "human", one);
    set(rater, "model", other);
    set(rater, "difference", last);
    return rater;
}

static json_t *errors_json(const struct section *s)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < s->errors.count; i++) {
        const struct disagreement *d = &s->errors.at[i];
        json_t *error = json_object();
        set(error, "id", text_json(slice_of(d->id)));
        set(error, "y", text_json(slice_of(d->truth)));
        set(error, "pred", text_json(slice_of(d->pred)));
        set(error, "score", number_json(d->score));
        append(errors, error);
    }
    return errors;
}

/* What sections and their total have in common. */
static json_t *counts_json(const struct report *report, const struct section *s)
{
    json_t *to = json_object();
    set(to, "n", count_json(s->pairs.n));
    set_figures(to, s->figures);
    set(to, "classes", s->confusion ? classes_json(report, s->confusion) : json_null());
    set(to, "confusion", s->confusion ? confusion_json(s->confusion, report->labels.count) : json_null());
    set(to, "without_label", count_json(s->without_y));
    set(to, "without_prediction", count_json(s->without_pred));
    return to;
}

static json_t *section_json(const struct report *report, const struct section *s)
{
    json_t *to = counts_json(report, s);
    set(to, "part", s->name.size ? text_json(s->name) : json_null());
    if (report->plan.resamples > 0)
        set(to, "intervals", intervals_json(report, s));
    if (report->plan.by)
        set(to, "by", by_json(report, s));
    if (report->plan.rater)
        set(to, "rater", rater_json(report, s));
    if (report->plan.errors > 0)
        set(to, "errors", errors_json(s));
    return to;
}

json_t *report_json(const struct report *report)
{
    json_t *all;
    if (report->shown == 1) {
        all = section_json(report, &report->sections[0]);
        set(all, "without_label", count_json(report->total.without_y));
        set(all, "without_prediction", count_json(report->total.without_pred));
    } else {
        json_t *parts = json_object();
        all = counts_json(report, &report->total);
        set(all, "part", json_null());
        for (size_t i = 0; i < report->shown; i++) {
            char *name = slice_string(report->sections[i].name);
            set(parts, name, section_json(report, &report->sections[i]));
            free(name);
        }
        set(all, "parts", parts);
    }
    set(all, "ordered", json_boolean(report->labels.ordered));
    set(all, "chosen_by", report->chosen_by ? text_json(slice_of(report->chosen_by)) : json_null());
    set(all, "rounding", report->rounding ? json_incref(report->rounding) : json_null());
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

static void put_figures(FILE *to, const char *prefix, uint64_t n, const double figures[FIGURES])
{
    fprintf(to, "%sn\t%llu\n", prefix, (unsigned long long)n);
    for (int f = 0; f < FIGURES; f++)
        put_line(to, prefix, figure_rows[f].name, "", figures[f]);
}

/* "PREFIX" + "MIDDLE" + TEXT + ".", the text made safe for a line of a table. */
static char *prefix_of(const char *prefix, const char *middle, struct slice text)
{
    char *escaped = memory_new(text.size + 1, 4);
    size_t size = terminal_escape(escaped, 4 * text.size, text.size ? text.at : "", text.size);
    char *whole = memory_format("%s%s%.*s.", prefix, middle, (int)size, escaped);
    free(escaped);
    return whole;
}

static void put_section(const struct report *report, const struct section *s, FILE *to, const char *prefix)
{
    double figures[FIGURES];
    put_figures(to, prefix, s->pairs.n, s->figures);
    for (int f = 0; f < FIGURES && report->plan.resamples > 0; f++) {
        put_line(to, prefix, figure_rows[f].name, "_low", s->intervals[f].low);
        put_line(to, prefix, figure_rows[f].name, "_high", s->intervals[f].high);
    }
    for (size_t i = 0; i < s->by.count; i++) {
        const struct pairs *pairs = &s->by_pairs[s->by_order[i]];
        char *row = prefix_of(prefix, "by.", s->by.at[s->by_order[i]]);
        pairs_figures(pairs, &report->labels, figures);
        put_figures(to, row, pairs->n, figures);
        free(row);
    }
    if (report->plan.by) {
        report_by_mean(report, s, figures);
        for (int f = 0; f < FIGURES; f++) {
            fputs(prefix, to);
            put_line(to, "mean.", figure_rows[f].name, "", figures[f]);
        }
    }
    if (report->plan.rater) {
        char *human = prefix_of(prefix, "", SLICE("human")), *model = prefix_of(prefix, "", SLICE("model"));
        pairs_figures(&s->human, &report->labels, figures);
        put_figures(to, human, s->human.n, figures);
        pairs_figures(&s->model, &report->labels, figures);
        put_figures(to, model, s->model.n, figures);
        free(human);
        free(model);
    }
}

void report_tsv(const struct report *report, FILE *to)
{
    if (report->shown == 1) {
        put_section(report, &report->sections[0], to, "");
        return;
    }
    put_figures(to, "", report->total.pairs.n, report->total.figures);
    for (size_t i = 0; i < report->shown; i++) {
        char *prefix = prefix_of("", "", report->sections[i].name);
        put_section(report, &report->sections[i], to, prefix);
        free(prefix);
    }
}
