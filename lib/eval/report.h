/* The report on predictions that `evalm` prints, and `fit` on a terminal.
 *
 *     struct report *report = report_new(&plan);
 *     report_segment(report, &header);            // once for each segment, before its records
 *     report_add(report, record);                 // y, pred, score, prob, part, meta as the plan needs
 *     report_settle(report);                      // after the last record, before any output
 *     report_text(report, stdout, columns, colour);
 *     report_free(report);
 *
 * Records without y or pred are counted and left out.  Memory grows with the classes, the parts and the
 * values of `by`, and with the records only under `intervals` and `against`. */
#ifndef RUBRIC_EVAL_REPORT_H
#define RUBRIC_EVAL_REPORT_H

#include <stdio.h>

#include "base/options.h"
#include "eval/bootstrap.h"
#include "eval/comparison.h"
#include "eval/errors.h"
#include "eval/agreement.h"
#include "stream/stream.h"

struct report_plan {
    const char *part;    /* only records of this part; NULL: all, parts apart */
    const char *by;      /* a field: one row for each of its values; NULL: none */
    const char *rater;   /* a field with a second human's label; NULL: none */
    size_t errors;       /* how many of the largest disagreements are kept */
    bool intervals;      /* bootstrap intervals of the figures */
    const char *against; /* the name of other predictions, given with report_baseline_*; NULL: none */
    size_t resamples;    /* of both */
    uint64_t seed;
};

/* One part's records. */
struct section {
    struct slice name; /* the part; empty: records without one */
    struct agreement agreement;
    uint64_t without_y, without_pred;
    struct interner by;             /* values of the field */
    struct agreement *by_agreement; /* [by.count] */
    size_t by_capacity;
    uint32_t *by_order; /* [by.count] rows as they are shown: in order of bytes, 2 before 10 */
    struct agreement human,
        model; /* on records with a second human: true label and theirs; and the model's */
    struct errors errors;
    struct comparison comparison; /* with `against` */
    /* After report_settle, with by_order: */
    double metrics[METRICS];
    struct confusion_matrix confusion;  /* empty when labels are a measure */
    struct interval intervals[METRICS]; /* with `intervals` */
};

struct report {
    struct report_plan plan;
    struct classes labels;
    struct classes joint; /* those, and what the second human and the other predictions add */
    struct interner parts;
    struct section *sections; /* [parts.count] in the order met */
    size_t section_capacity;
    size_t shown;                /* after report_settle: the sections with pairs, which then come first */
    struct section total;        /* all sections together: counts and figures only */
    struct interner other_parts; /* parts that were not asked for */
    char *chosen_by;             /* the header's: what chose the model; NULL: not said */
    json_t *rounding;            /* the header's: how `pred` comes from `score`; NULL: not said */
    bool by_met, rater_met;      /* some record had the field */
    uint64_t compared;           /* records that both predictions have */
    struct header header;        /* of the segment being read */
    struct baseline baseline;    /* with `against` */
    struct double_array prob;
    struct buffer text;
};

struct report *report_new(const struct report_plan *plan);
void report_free(struct report *report);

/* Copies what it needs of the header.  Dies with STATUS_BROKEN when label types of segments differ. */
void report_segment(struct report *report, const struct header *header);

/* The other predictions, before the first of these: as report_segment and report_add.  Dies with
 * STATUS_INPUT when an id comes twice. */
void report_baseline_segment(struct report *report, const struct header *header);
void report_baseline_add(struct report *report, const struct record *record);

/* Dies with STATUS_INPUT on a field of `by` or a rater's label that is not what it should be, with
 * STATUS_BROKEN on probabilities that do not fit the header's classes. */
void report_add(struct report *report, const struct record *record);

/* Dies with STATUS_INPUT when no record had both a label and a prediction. */
void report_settle(struct report *report);

/* The plain mean of each figure over the rows of `by`: NAN where it is undefined in any. */
void report_by_mean(const struct report *report, const struct section *section, double mean[METRICS]);

/* What a person reads; on a colour terminal the confusion matrix is shaded. */
void report_text(const struct report *report, FILE *to, int columns, bool colour);
/* "NAME<TAB>VALUE" lines; undefined is empty. */
void report_tsv(const struct report *report, FILE *to);
/* The whole report; the caller owns it. */
json_t *report_json(const struct report *report);

/* A gate "FIGURE=BOUND": the bound is the least that will do, of errors and losses the most.  Dies with
 * STATUS_USAGE on an unknown figure. */
enum metric report_parse_gate(const char *text, double *bound);

/* How many gates are not met, in whichever section; names each with warn().  An undefined one meets none. */
size_t report_check_gates(const struct report *report, const struct text_list *gates);

#endif
