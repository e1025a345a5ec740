#include "eval/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct report *report_new(const struct report_plan *plan)
{
    struct report *report = memory_zeroed(1, sizeof *report);
    report->plan = *plan;
    return report;
}

static void section_free(struct section *s)
{
    for (size_t i = 0; i < s->by.count; i++)
        agreement_free(&s->by_agreement[i]);
    free(s->by_agreement);
    free(s->by_order);
    interner_free(&s->by);
    agreement_free(&s->agreement);
    agreement_free(&s->human);
    agreement_free(&s->model);
    errors_free(&s->errors);
    comparison_free(&s->comparison);
    confusion_matrix_free(&s->confusion);
}

void report_free(struct report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->parts.count; i++)
        section_free(&report->sections[i]);
    free(report->sections);
    section_free(&report->total);
    interner_free(&report->parts);
    interner_free(&report->other_parts);
    classes_free(&report->labels);
    classes_free(&report->joint);
    baseline_free(&report->baseline);
    header_free(&report->header);
    json_decref(report->rounding);
    free(report->chosen_by);
    free(report->prob.at);
    buffer_free(&report->text);
    free(report);
}

/* Numbers with a fraction that no header lists are a measure, however few. */
static void declare(struct classes *labels, const struct header *header)
{
    classes_declare(labels, &header->classes);
    if (header->y == LABEL_NUMBER && header->classes.count == 0)
        labels->measure = true;
}

void report_baseline_segment(struct report *report, const struct header *header)
{
    header_free(&report->header);
    report->header = header_copy(header);
    declare(&report->joint, header);
}

void report_segment(struct report *report, const struct header *header)
{
    report_baseline_segment(report, header); /* what any segment is */
    declare(&report->labels, header);
    const char *chosen_by = json_string_value(json_object_get(header->map, "chosen_by"));
    if (chosen_by && !report->chosen_by)
        report->chosen_by = memory_string(chosen_by);
    if (!report->rounding)
        report->rounding = json_incref(json_object_get(header->map, "rounding"));
}

static struct section *section_of(struct report *report, struct slice part)
{
    bool fresh;
    size_t number = interner_add(&report->parts, part, &fresh);
    if (fresh) {
        memory_grow(&report->sections, &report->section_capacity, number + 1, sizeof *report->sections);
        report->sections[number] = (struct section){
            .name = report->parts.at[number],
            .agreement.keep = report->plan.intervals,
            .comparison = {.ours.keep = true, .theirs.keep = true},
            .errors.limit = report->plan.errors,
        };
    }
    return &report->sections[number];
}

static bool is_numeric(const struct report *report)
{
    return report->header.y == LABEL_INTEGER || report->header.y == LABEL_NUMBER;
}

/* What a label counts as: its number, or the place of an ordered string; NAN where there is neither. */
static double value_of(const struct report *report, const struct label *label)
{
    if (is_numeric(report))
        return label->number;
    ptrdiff_t place = report->header.classes.ordered ? classes_find(&report->header.classes, label) : -1;
    return place < 0 ? NAN : (double)place;
}

/* How many of the header's classes lie below the label. */
static size_t classes_below(const struct report *report, const struct label *label, ptrdiff_t class)
{
    if (class >= 0)
        return (size_t) class;
    size_t below = 0;
    for (size_t i = 0; i < report->header.classes.count; i++)
        below += report->header.classes.labels[i].number < label->number;
    return below;
}

static void add_probabilities(struct report *report, const struct record *record, struct pair *pair)
{
    size_t k = report->header.classes.count;
    if (!record_doubles(record, "prob", &report->prob))
        return;
    const double *prob = report->prob.at;
    if (report->prob.count != k || k == 0)
        die(STATUS_BROKEN, "record %s has %zu probabilities, but its header %zu classes", record_name(record),
            report->prob.count, k);
    double sum = 0;
    size_t best = 0;
    for (size_t c = 0; c < k; c++) {
        if (!(prob[c] >= 0 && prob[c] <= 1 + 1e-6))
            die(STATUS_BROKEN, "record %s has the probability %g: expected 0 to 1", record_name(record),
                prob[c]);
        sum += prob[c];
        if (prob[c] > prob[best])
            best = c;
    }
    if (!(fabs(sum - 1) < 1e-3))
        die(STATUS_BROKEN, "record %s has probabilities that add up to %g: expected 1", record_name(record),
            sum);
    ptrdiff_t class = classes_find(&report->header.classes, &record->y);
    pair->log_loss = metric_log_loss(prob, k, class);
    pair->brier = metric_brier(prob, k, class);
    pair->rps = NAN;
    if (class >= 0 || is_numeric(report))
        pair->rps = metric_rps(prob, k, classes_below(report, &record->y, class));
    pair->confidence = prob[best];
    pair->right = class == (ptrdiff_t)best;
}

static struct pair pair_of(struct report *report, struct classes *labels, const struct record *record,
                           const struct label *pred)
{
    if (is_numeric(report) && pred->type == LABEL_STRING)
        die(STATUS_BROKEN, "record %s is predicted '%.*s': expected a number, as its label is",
            record_name(record), (int)pred->string.size, pred->string.at);
    if (!is_numeric(report) && pred->type != LABEL_STRING)
        die(STATUS_BROKEN, "record %s is predicted %g: expected a string, as its label is",
            record_name(record), pred->number);
    struct pair pair = {
        .truth = classes_meet(labels, &record->y),
        .pred = classes_meet(labels, pred),
        .value = value_of(report, &record->y),
        .pred_value = value_of(report, pred),
        .score = NAN,
        .log_loss = NAN,
    };
    record_number(record, "score", &pair.score);
    add_probabilities(report, record, &pair);
    return pair;
}

/* The same pair, numbered among the labels that a second human and other predictions bring as well. */
static struct pair joint_pair(struct report *report, const struct record *record, const struct label *pred,
                              const struct pair *pair)
{
    struct pair joint = *pair;
    joint.truth = classes_meet(&report->joint, &record->y);
    joint.pred = classes_meet(&report->joint, pred);
    return joint;
}

/* A field's text in report->text; empty where the record has none. */
static bool field_text(struct report *report, const struct record *record, const char *field)
{
    report->text.size = 0;
    return record_text(record, field, &report->text);
}

static void add_by(struct report *report, struct section *s, const struct record *record,
                   const struct pair *pair)
{
    if (!report->plan.by)
        return;
    report->by_met |= field_text(report, record, report->plan.by);
    bool fresh;
    size_t row = interner_add(&s->by, (struct slice){report->text.at, report->text.size}, &fresh);
    if (fresh) {
        memory_grow(&s->by_agreement, &s->by_capacity, row + 1, sizeof *s->by_agreement);
        s->by_agreement[row] = (struct agreement){0};
    }
    agreement_add(&s->by_agreement[row], pair);
}

/* The second human's label, from text. */
static struct label rater_label(const struct report *report, const struct record *record)
{
    struct label label = {.type = report->header.y, .string = {report->text.at, report->text.size}};
    if (!is_numeric(report))
        return label;
    char *text = slice_string(label.string);
    if (!parse_number(text, -1e300, 1e300, &label.number))
        die(STATUS_INPUT, "record %s: field '%s' is '%s': expected a number, as the label is",
            record_name(record), report->plan.rater, text);
    free(text);
    label.type = LABEL_NUMBER;
    return label;
}

static void add_rater(struct report *report, struct section *s, const struct record *record,
                      const struct label *pred, const struct pair *pair)
{
    if (!report->plan.rater || !field_text(report, record, report->plan.rater))
        return;
    report->rater_met = true;
    if (report->text.size == 0)
        return;
    struct label rater = rater_label(report, record);
    struct pair model = joint_pair(report, record, pred, pair);
    struct pair human = {
        .truth = model.truth,
        .pred = classes_meet(&report->joint, &rater),
        .value = pair->value,
        .pred_value = value_of(report, &rater),
        .log_loss = NAN,
    };
    human.score = human.pred_value;
    agreement_add(&s->human, &human);
    agreement_add(&s->model, &model);
}

/* How far prediction and truth lie apart: of numbers and ordered classes the distance, else how much surer
 * the model was of the wrong class. */
static double disagreement(const struct report *report, const struct record *record, const struct label *pred,
                           const struct pair *pair)
{
    if (!isnan(pair->value) && !isnan(pair->score))
        return fabs(pair->score - pair->value);
    if (!isnan(pair->value) && !isnan(pair->pred_value))
        return fabs(pair->pred_value - pair->value);
    if (pair->truth == pair->pred)
        return 0;
    ptrdiff_t truth = classes_find(&report->header.classes, &record->y),
              guess = classes_find(&report->header.classes, pred);
    bool known = !isnan(pair->log_loss) && guess >= 0;
    return known ? 1 + report->prob.at[guess] - (truth >= 0 ? report->prob.at[truth] : 0) : 1;
}

static char *label_text(const struct label *label)
{
    struct buffer text = {0};
    label_print(&text, label);
    buffer_byte(&text, 0);
    return text.at;
}

static void add_error(struct report *report, struct section *s, const struct record *record,
                      const struct label *pred, const struct pair *pair)
{
    struct disagreement d = {.number = report->total.agreement.n, .score = pair->score};
    if (s->errors.limit == 0)
        return;
    d.size = disagreement(report, record, pred, pair);
    if (!errors_wanted(&s->errors, d.size, d.number))
        return;
    d.id = slice_string(record->id);
    d.truth = label_text(&record->y);
    d.pred = label_text(pred);
    errors_add(&s->errors, &d);
}

void report_baseline_add(struct report *report, const struct record *record)
{
    struct label pred;
    if (record->y.type == LABEL_NONE || !record_label(record, "pred", &pred))
        return;
    struct pair pair = pair_of(report, &report->joint, record, &pred);
    if (!baseline_add(&report->baseline, record->id, &pair))
        die(STATUS_INPUT, "%s has record %s twice: records are joined by id", report->plan.against,
            record_name(record));
}

static void add_comparison(struct report *report, struct section *s, const struct record *record,
                           const struct label *pred, const struct pair *pair)
{
    if (!report->plan.against)
        return;
    const struct pair *other = baseline_find(&report->baseline, record->id);
    if (!other) {
        s->comparison.only_ours++;
        return;
    }
    struct pair ours = joint_pair(report, record, pred, pair);
    if (other->truth != ours.truth || (!isnan(pair->value) && other->value != pair->value))
        die(STATUS_INPUT, "record %s has another label in %s", record_name(record), report->plan.against);
    comparison_add(&s->comparison, &ours, other);
    report->compared++;
}

void report_add(struct report *report, const struct record *record)
{
    if (report->plan.part && !slice_is(record->part, report->plan.part)) {
        interner_add(&report->other_parts, record->part, NULL);
        return;
    }
    struct section *s = section_of(report, record->part);
    struct label pred;
    if (record->y.type == LABEL_NONE) {
        s->without_y++;
        report->total.without_y++;
        return;
    }
    if (!record_label(record, "pred", &pred)) {
        s->without_pred++;
        report->total.without_pred++;
        return;
    }
    struct pair pair = pair_of(report, &report->labels, record, &pred);
    add_error(report, s, record, &pred, &pair);
    agreement_add(&s->agreement, &pair);
    agreement_add(&report->total.agreement, &pair);
    add_by(report, s, record, &pair);
    add_rater(report, s, record, &pred, &pair);
    add_comparison(report, s, record, &pred, &pair);
}

/* Names joined for a message. */
static char *joined(const struct interner *names)
{
    struct buffer text = {0};
    for (size_t i = 0; i < names->count; i++) {
        struct slice name = names->at[i];
        buffer_format(&text, "%s%.*s", i ? ", " : "", name.size ? (int)name.size : 6,
                      name.size ? name.at : "(none)");
    }
    buffer_byte(&text, 0);
    return text.at;
}

static void check_input(const struct report *report)
{
    const struct section *total = &report->total;
    if (report->parts.count == 0 && report->other_parts.count > 0)
        die(STATUS_INPUT, "no record is of part '%s': expected one of %s", report->plan.part,
            joined(&report->other_parts));
    if (total->agreement.n == 0)
        die(STATUS_INPUT,
            "no record has both a label and a prediction (%llu have no label, %llu no prediction)",
            (unsigned long long)total->without_y, (unsigned long long)total->without_pred);
    if (report->plan.by && !report->by_met)
        die(STATUS_INPUT, "no record has a field '%s' (tok --keep %s keeps an input column)", report->plan.by,
            report->plan.by);
    if (report->plan.against && report->compared == 0)
        die(STATUS_INPUT, "no record is in %s: records are joined by id", report->plan.against);
    if (report->plan.rater && !report->rater_met)
        die(STATUS_INPUT, "no record has a field '%s' (tok --keep %s keeps an input column)",
            report->plan.rater, report->plan.rater);
}

static int compare_rows(const void *a, const void *b, void *by)
{
    const struct slice *at = ((const struct interner *)by)->at;
    struct slice x = at[*(const uint32_t *)a], y = at[*(const uint32_t *)b];
    return strverscmp(x.at, y.at); /* names are terminated */
}

static void sort_rows(struct section *s)
{
    s->by_order = memory_new(s->by.count, sizeof *s->by_order);
    for (size_t i = 0; i < s->by.count; i++)
        s->by_order[i] = (uint32_t)i;
    qsort_r(s->by_order, s->by.count, sizeof *s->by_order, compare_rows, &s->by);
}

static void settle_section(const struct report *report, struct section *s)
{
    agreement_figures(&s->agreement, &report->labels, s->metrics);
    if (!report->labels.measure)
        s->confusion = agreement_confusion(&s->agreement, &report->labels);
    if (s->agreement.keep)
        bootstrap_intervals(&s->agreement, &report->labels, report->plan.resamples, report->plan.seed,
                            s->intervals);
    if (s->comparison.ours.n > 0)
        comparison_settle(&s->comparison, &report->joint, report->plan.resamples, report->plan.seed);
    errors_sort(&s->errors);
    sort_rows(s);
}

/* Moves sections without pairs (say, unlabelled records that `fit` passed on) behind the others. */
static void sort_sections(struct report *report)
{
    for (size_t i = 0; i < report->parts.count; i++) {
        if (report->sections[i].agreement.n == 0)
            continue;
        struct section kept = report->sections[i];
        memmove(report->sections + report->shown + 1, report->sections + report->shown,
                (i - report->shown) * sizeof *report->sections);
        report->sections[report->shown++] = kept;
    }
}

void report_settle(struct report *report)
{
    check_input(report);
    classes_settle(&report->labels);
    classes_settle(&report->joint);
    sort_sections(report);
    for (size_t i = 0; i < report->shown; i++)
        settle_section(report, &report->sections[i]);
    settle_section(report, &report->total);
}

void report_by_mean(const struct report *report, const struct section *s, double mean[METRICS])
{
    double metrics[METRICS];
    for (int f = 0; f < METRICS; f++)
        mean[f] = 0;
    for (size_t i = 0; i < s->by.count; i++) {
        agreement_figures(&s->by_agreement[i], &report->labels, metrics);
        for (int f = 0; f < METRICS; f++)
            mean[f] += metrics[f] / (double)s->by.count;
    }
}

/* Whether a gate holds in a section, and a message where it does not. */
static bool gate_holds(const struct section *s, enum metric f, double bound)
{
    double value = s->metrics[f];
    bool holds = metric_rows[f].better == METRIC_LESS ? value <= bound : value >= bound; /* NAN fails */
    if (!holds) {
        char got[32] = "undefined";
        if (!isnan(value))
            snprintf(got, sizeof got, "%.4f", value);
        warn("%.*s%s%s is %s: expected at %s %g", (int)s->name.size, s->name.size ? s->name.at : "",
             s->name.size ? ": " : "", metric_rows[f].name, got,
             metric_rows[f].better == METRIC_LESS ? "most" : "least", bound);
    }
    return holds;
}

size_t report_check_gates(const struct report *report, const struct text_list *gates)
{
    size_t failed = 0;
    for (size_t g = 0; g < gates->count; g++) {
        double bound;
        enum metric f = report_parse_gate(gates->at[g], &bound);
        for (size_t i = 0; i < report->shown; i++)
            failed += !gate_holds(&report->sections[i], f, bound);
    }
    return failed;
}

enum metric report_parse_gate(const char *text, double *bound)
{
    const char *equals = strchr(text, '=');
    char *name = equals ? slice_string((struct slice){text, (size_t)(equals - text)}) : NULL;
    enum metric f = name ? metric_find(name) : METRICS;
    free(name);
    if (f == METRICS || !parse_number(equals + 1, -1e300, 1e300, bound))
        die(STATUS_USAGE,
            "gate '%s': expected FIGURE=NUMBER, such as qwk=0.6 (the figures have the names of --json)",
            text);
    return f;
}
