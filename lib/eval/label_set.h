/* The classes of an evaluation: labels get numbers as they are met, and an order at the end.
 *
 * Each segment declares its header's classes; segments may differ (folds), and labels may come that no
 * header has.  Numbers are ordered by value.  Strings keep the declared order: what a later segment adds goes
 * behind its predecessor there, what nobody declared goes to the end in order of bytes. */
#ifndef RUBRIC_EVAL_LABEL_SET_H
#define RUBRIC_EVAL_LABEL_SET_H

#include "base/interner.h"
#include "stream/stream.h"

enum {
    LABEL_SET_NUMBERS = 256, /* more different numbers are a measure, not classes */
    LABEL_SET_STRINGS = 4096,
};

/* Start with {0}; release with label_set_free. */
struct label_set {
    enum label_type type;
    bool lenient; /* set by the caller: numbers nobody declared are classes while they are few */
    bool begun;
    bool measure;        /* numbers without classes: label_set_number gives no numbers */
    bool declared_order; /* so far every segment declared an order of its strings */
    struct interner texts;  /* a label's text, as label_print writes it -> its number */
    double *values;      /* [texts.count] a number's value */
    size_t value_capacity;
    uint32_t *order; /* [declared] numbers of the declared labels in order */
    size_t declared, order_capacity;

    /* After label_set_settle: */
    size_t count;     /* classes */
    uint32_t *sorted; /* [count] the number of the class at each place */
    bool ordered;
};

#define LABEL_SET_NONE INTERNER_NONE

/* A segment's classes; dies with STATUS_BROKEN when its label type is another. */
void label_set_declare(struct label_set *set, const struct header *header);

/* The number of a label, new or known; LABEL_SET_NONE when labels are a measure.  Dies with STATUS_INPUT
 * beyond LABEL_SET_STRINGS strings. */
size_t label_set_number(struct label_set *set, const struct label *label);

/* Fixes the order of the classes; may be called again after more labels came. */
void label_set_settle(struct label_set *set);

/* The text of the class at a place of the settled order, and its value: its number, else its place. */
struct slice label_set_text(const struct label_set *set, size_t place);
double label_set_value(const struct label_set *set, size_t place);

void label_set_free(struct label_set *set);

#endif
