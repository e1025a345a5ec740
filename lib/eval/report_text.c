/* The report for a person. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/terminal.h"
#include "eval/label_text.h"
#include "eval/report.h"

/* Matrices are drawn, and tables have a row for each class, of at most so many. */
enum { MATRIX_CLASSES = 40, TABLE_CLASSES = 256, RULE_LENGTH = 200 };

static void put_metric(FILE *to, double value, int width)
{
    if (isnan(value))
        fprintf(to, "%*s", width, "-");
    else
        fprintf(to, "%*.3f", width, value);
}

static struct label_text class_name(const struct report *report, size_t place)
{
    return label_text_of(&report->labels.labels[place]);
}

static int class_width(const struct report *report, int least)
{
    int width = least;
    for (size_t c = 0; c < report->labels.count; c++) {
        struct label_text s = class_name(report, c);
        width = s.columns > width ? s.columns : width;
    }
    return width;
}

static struct label_text largest_name(const struct report *report, const struct section *s)
{
    return class_name(report, metric_largest(&s->confusion));
}

/* ---- The figures ---- */

static void put_metrics(const struct report *report, const struct section *s, FILE *to)
{
    for (int f = 0; f < METRICS; f++) {
        double value = s->metrics[f];
        bool say = f == METRIC_QWK || (f == METRIC_PEARSON && report->labels.ordered);
        if (isnan(value) && !say)
            continue;
        fprintf(to, "  %-31s ", metric_rows[f].title);
        if (isnan(value))
            fprintf(to, "undefined");
        else
            fprintf(to, "%7.3f", value);
        struct interval i = s->intervals[f];
        if (report->plan.intervals && !isnan(value) && !isnan(i.low))
            fprintf(to, "   %.3f to %.3f", i.low, i.high);
        if (f == METRIC_MAJORITY) {
            struct label_text name = largest_name(report, s);
            fprintf(to, "   (%s)", name.text);
        }
        fputc('\n', to);
    }
    if (report->plan.intervals)
        fprintf(to, "  (the middle 95 %% of %zu bootstrap resamples, seed %llu)\n", report->plan.resamples,
                (unsigned long long)report->plan.seed);
}

static void put_rounding(const struct report *report, FILE *to)
{
    if (report->labels.type == LABEL_STRING || report->labels.measure || !report->rounding)
        return;
    const char *rule = json_string_value(report->rounding);
    char *text = rule ? memory_string(rule) : json_dumps(report->rounding, JSON_ENCODE_ANY | JSON_COMPACT);
    struct slice rule_text = slice_of(text ? text : "");
    bool cut = rule_text.size > RULE_LENGTH;
    rule_text.size = cut ? RULE_LENGTH : rule_text.size;
    char safe[TERMINAL_ESCAPE * RULE_LENGTH];
    size_t size = terminal_escape(safe, sizeof safe, rule_text);
    fprintf(to, "  a score becomes a class by this rule: %.*s%s\n", (int)size, safe, cut ? "..." : "");
    free(text);
}

/* ---- What the figures do not say by themselves ---- */

static void put_never_predicted(const struct report *report, const struct section *s, FILE *to)
{
    size_t never = 0;
    for (size_t i = 0; i < s->confusion.class_count; i++) {
        const struct class_counts *class = &s->confusion.classes[i];
        if (class->support == 0 || class->predicted > 0)
            continue;
        struct label_text name = class_name(report, class->class);
        if (never++ < MATRIX_CLASSES)
            fprintf(to, "%s%s", never > 1 ? ", " : "  Never predicted, though they occur: ", name.text);
    }
    if (never > MATRIX_CLASSES)
        fprintf(to, " and %zu more", never - MATRIX_CLASSES);
    if (never)
        fputs(".\n", to);
}

static void put_words(const struct report *report, const struct section *s, FILE *to)
{
    if (!report->labels.measure && s->metrics[METRIC_ACCURACY] <= s->metrics[METRIC_MAJORITY]) {
        struct label_text name = largest_name(report, s);
        fprintf(to, "  Accuracy is no better than always guessing %s.\n", name.text);
    }
    put_never_predicted(report, s, to);
    if (report->labels.measure)
        fputs("  These labels are a measure, not classes: tok --classes declares a scale of classes.\n", to);
    else if (!report->labels.ordered)
        fputs("  The classes have no order, so kappa with quadratic weights, distances and correlations are\n"
              "  undefined: tok --classes low,mid,high declares one.\n",
              to);
    else if (isnan(s->metrics[METRIC_QWK]))
        fputs("  Kappa is undefined: one class is all that occurs, in truth and in prediction.\n", to);
    if (slice_is(s->name, "train"))
        fputs("  A model is trained on the part train: if this one was, the figures are too good.\n", to);
    else if (report->chosen_by && slice_is(s->name, report->chosen_by))
        fprintf(to, "  These records chose the model (fit --select %s): the figures are too good.\n",
                report->chosen_by);
}

/* ---- Tables ---- */

static void put_class(const struct report *report, const struct class_counts *counts, FILE *to, int width)
{
    struct label_text name = class_name(report, counts->class);
    fputs("  ", to);
    label_text_left(to, &name, width);
    put_metric(to, metric_precision(counts), 11);
    put_metric(to, metric_recall(counts), 8);
    put_metric(to, metric_f1(counts), 8);
    fprintf(to, "%9llu%11llu\n", (unsigned long long)counts->support, (unsigned long long)counts->predicted);
}

/* A row for each class; of very many, for the first that occur. */
static void put_classes(const struct report *report, const struct section *s, FILE *to)
{
    const struct confusion_matrix *m = &s->confusion;
    int width = class_width(report, 5);
    fprintf(to, "\n  %-*s  precision  recall      F1  support  predicted\n", width, "class");
    if (report->labels.count <= TABLE_CLASSES) {
        for (size_t c = 0; c < report->labels.count; c++) {
            struct class_counts counts = confusion_class(m, c);
            put_class(report, &counts, to, width);
        }
        return;
    }
    for (size_t i = 0; i < m->class_count && i < TABLE_CLASSES; i++)
        put_class(report, &m->classes[i], to, width);
    if (m->class_count > TABLE_CLASSES)
        fprintf(to, "  ... and %zu more classes that occur (--json has all)\n",
                m->class_count - TABLE_CLASSES);
}

/* Shades of a cell by its share of the row: greys of the 256-colour palette, which both light and dark
 * terminals have, with the text's colour set against it. */
static void shade(FILE *to, bool colour, double share)
{
    if (!colour || !(share > 0))
        return;
    int step = (int)lround(share * 19);
    fprintf(to, "\033[48;5;%d;38;5;%dm", 235 + step, step < 10 ? 255 : 16);
}

static void put_column_names(const struct report *report, FILE *to, int width)
{
    for (size_t c = 0; c < report->labels.count; c++) {
        struct label_text name = class_name(report, c);
        label_text_right(to, &name, width);
    }
}

static void put_confusion_row(const struct report *report, const struct section *s, size_t row, bool percent,
                              FILE *to, int width, bool colour)
{
    double support = (double)confusion_class(&s->confusion, row).support;
    for (size_t c = 0; c < report->labels.count; c++) {
        uint64_t count = confusion_cell(&s->confusion, row, c);
        double share = support > 0 ? (double)count / support : NAN;
        shade(to, colour, share);
        if (!percent)
            fprintf(to, "%*llu", width, (unsigned long long)count);
        else if (isnan(share))
            fprintf(to, "%*s", width, "-");
        else
            fprintf(to, "%*.0f", width, 100 * share);
        if (colour && share > 0)
            fputs("\033[0m", to);
    }
}

static int digits(uint64_t n)
{
    int d = 1;
    for (; n >= 10; n /= 10)
        d++;
    return d;
}

/* One matrix, or counts and percentages side by side. */
static void put_matrix(const struct report *report, const struct section *s, FILE *to, bool counts,
                       bool percent, int width, bool colour)
{
    int names = class_width(report, 4), block = width * (int)report->labels.count;
    fprintf(to, "  %-*s", names, "");
    if (counts)
        fprintf(to, "  %-*s", block, "predicted");
    if (percent)
        fprintf(to, "%s%-s", counts ? "    " : "  ", "percent of the row");
    fprintf(to, "\n  %-*s", names, "true");
    if (counts) {
        fputs("  ", to);
        put_column_names(report, to, width);
    }
    if (percent) {
        fputs(counts ? "    " : "  ", to);
        put_column_names(report, to, width);
    }
    fputc('\n', to);
    for (size_t row = 0; row < report->labels.count; row++) {
        struct label_text name = class_name(report, row);
        fputs("  ", to);
        label_text_left(to, &name, names);
        if (counts) {
            fputs("  ", to);
            put_confusion_row(report, s, row, false, to, width, colour);
        }
        if (percent) {
            fputs(counts ? "    " : "  ", to);
            put_confusion_row(report, s, row, true, to, width, colour);
        }
        fputc('\n', to);
    }
}

static void put_confusion(const struct report *report, const struct section *s, FILE *to, int columns,
                          bool colour)
{
    size_t k = report->labels.count;
    if (k > MATRIX_CLASSES) {
        fprintf(to, "  The confusion matrix of %zu classes is not drawn; --json has it.\n", k);
        return;
    }
    int width = class_width(report, 4);
    if (digits(s->agreement.n) > width)
        width = digits(s->agreement.n);
    width++;
    int together = 2 + class_width(report, 4) + 2 + 4 + 2 * width * (int)k;
    if (together <= columns) {
        put_matrix(report, s, to, true, true, width, colour);
    } else {
        put_matrix(report, s, to, true, false, width, colour);
        fputc('\n', to);
        put_matrix(report, s, to, false, true, width, colour);
    }
}

/* Figures of the rows of --by, which their plain mean closes. */
static const enum metric by_figures[] = {METRIC_ACCURACY, METRIC_MAJORITY, METRIC_MACRO_F1, METRIC_QWK,
                                         METRIC_MAE};
static const char *const by_titles[] = {"accuracy", "largest", "macro F1", "kappa", "MAE"};
enum { BY_METRICS = sizeof by_figures / sizeof *by_figures };

static void put_by_row(FILE *to, const struct label_text *name, int width, const char *n,
                       const double metrics[METRICS])
{
    fputs("  ", to);
    label_text_left(to, name, width);
    fprintf(to, "%9s", n);
    for (size_t f = 0; f < BY_METRICS; f++)
        put_metric(to, metrics[by_figures[f]], 10);
    fputc('\n', to);
}

static void put_by(const struct report *report, const struct section *s, FILE *to)
{
    struct label_text field = label_text(slice_of(report->plan.by), "");
    int width = field.columns > 4 ? field.columns : 4;
    for (size_t i = 0; i < s->by.count; i++) {
        struct label_text name = label_text(s->by.at[i], "(none)");
        width = name.columns > width ? name.columns : width;
    }
    fputs("\n  ", to);
    label_text_left(to, &field, width);
    fprintf(to, "%9s", "n");
    for (size_t f = 0; f < BY_METRICS; f++)
        fprintf(to, "%10s", by_titles[f]);
    fputc('\n', to);
    double metrics[METRICS], mean[METRICS];
    for (size_t i = 0; i < s->by.count; i++) {
        size_t row = s->by_order[i];
        char n[24];
        snprintf(n, sizeof n, "%llu", (unsigned long long)s->by_agreement[row].n);
        struct label_text name = label_text(s->by.at[row], "(none)");
        agreement_figures(&s->by_agreement[row], &report->labels, metrics);
        put_by_row(to, &name, width, n, metrics);
    }
    report_by_mean(report, s, mean);
    struct label_text name = label_text(SLICE("mean"), "");
    put_by_row(to, &name, width, "", mean);
}

static void put_rater(const struct report *report, const struct section *s, FILE *to)
{
    static const enum metric shown[] = {METRIC_ACCURACY, METRIC_QWK,     METRIC_ADJACENT,
                                        METRIC_MAE,      METRIC_PEARSON, METRIC_SMD};
    double human[METRICS], model[METRICS];
    struct label_text field = label_text(slice_of(report->plan.rater), "");
    if (s->human.n == 0) {
        fprintf(to, "\n  No record here has a label in '%s'.\n", field.text);
        return;
    }
    agreement_figures(&s->human, &report->joint, human);
    agreement_figures(&s->model, &report->joint, model);
    fprintf(to, "\n  %llu records with a second human (%s), held against the true label\n",
            (unsigned long long)s->human.n, field.text);
    fprintf(to, "  %-31s %9s %9s %11s\n", "", "human", "model", "difference");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        enum metric f = shown[i];
        fprintf(to, "  %-31s", metric_rows[f].title);
        put_metric(to, human[f], 10);
        put_metric(to, model[f], 10);
        put_metric(to, model[f] - human[f], 12);
        fputc('\n', to);
    }
}

static void put_comparison(const struct report *report, const struct comparison *c, FILE *to)
{
    struct label_text name = label_text(slice_of(report->plan.against), "");
    fprintf(to, "\n  %llu records are also in %s", (unsigned long long)c->ours.n, name.text);
    if (c->only_ours)
        fprintf(to, ", %llu are not", (unsigned long long)c->only_ours);
    if (c->ours.n == 0) {
        fputc('\n', to);
        return;
    }
    fprintf(to, "\n  %-31s %9s %9s %11s\n", "", "these", "those", "difference");
    for (int f = 0; f < METRICS; f++) {
        double ours = c->our_metrics[f], theirs = c->their_metrics[f];
        if (metric_rows[f].better == METRIC_NEITHER || isnan(ours) || isnan(theirs))
            continue;
        fprintf(to, "  %-31s", metric_rows[f].title);
        put_metric(to, ours, 10);
        put_metric(to, theirs, 10);
        put_metric(to, ours - theirs, 12);
        if (!isnan(c->differences[f].low))
            fprintf(to, "   %.3f to %.3f", c->differences[f].low, c->differences[f].high);
        fputc('\n', to);
    }
    fprintf(to, "  (the middle 95 %% of the differences of %zu paired resamples, seed %llu)\n",
            report->plan.resamples, (unsigned long long)report->plan.seed);
    fprintf(to, "  Only these are right: %llu; only those: %llu; McNemar's exact p = %.3g\n",
            (unsigned long long)c->we_right, (unsigned long long)c->they_right, c->mcnemar);
}

static void put_errors(const struct section *s, FILE *to)
{
    fprintf(to, "\n  largest disagreements\n  %-24s  %-12s  %-12s  score\n", "id", "true", "predicted");
    for (size_t i = 0; i < s->errors.count; i++) {
        const struct disagreement *d = &s->errors.at[i];
        struct label_text id = label_text(slice_of(d->id), "(none)");
        struct label_text truth = label_text(slice_of(d->truth), "(empty)"),
                          pred = label_text(slice_of(d->pred), "(empty)");
        fputs("  ", to);
        label_text_left(to, &id, 24);
        fputs("  ", to);
        label_text_left(to, &truth, 12);
        fputs("  ", to);
        label_text_left(to, &pred, 12);
        put_metric(to, d->score, 7);
        fputc('\n', to);
    }
}

static void put_section(const struct report *report, const struct section *s, FILE *to, int columns,
                        bool colour)
{
    struct label_text name = label_text(s->name, "all");
    fprintf(to, "%s: %llu records", name.text, (unsigned long long)s->agreement.n);
    if (s->without_y)
        fprintf(to, ", %llu without a label left out", (unsigned long long)s->without_y);
    if (s->without_pred)
        fprintf(to, ", %llu without a prediction left out", (unsigned long long)s->without_pred);
    fputs("\n\n", to);
    if (!report->labels.measure) {
        put_confusion(report, s, to, columns, colour);
        put_classes(report, s, to);
        fputc('\n', to);
    }
    put_metrics(report, s, to);
    put_rounding(report, to);
    put_words(report, s, to);
    if (report->plan.by)
        put_by(report, s, to);
    if (report->plan.rater)
        put_rater(report, s, to);
    if (report->plan.against)
        put_comparison(report, &s->comparison, to);
    if (s->errors.count)
        put_errors(s, to);
}

void report_text(const struct report *report, FILE *to, int columns, bool colour)
{
    for (size_t i = 0; i < report->shown; i++) {
        if (i)
            fputc('\n', to);
        put_section(report, &report->sections[i], to, columns, colour);
    }
}
