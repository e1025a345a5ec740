/* Classes: different labels in an order.  One list serves the header of a stream, a model, tok --classes, a
 * training run, an evaluation and a tally.
 *
 * A list that is given keeps its order and is filled with classes_add.  Classes that are found among records
 * are met one by one, each label getting a number, and are put in order at the end:
 *
 *     struct classes classes = {0};
 *     classes_declare(&classes, &header.classes);      // for each segment, before its records
 *     number = classes_meet(&classes, &record->y);     // 0, 1, 2, ... in the order they are met
 *     classes_settle(&classes);                        // after the last record
 *     place = classes.places[number];                  // classes.labels[place] is that label
 *
 * The order: numbers by value; strings as declared, then those that nobody declared in order of their bytes.
 * A string that only a later segment declares follows the one before it there.  A declared class has its
 * place whether a record has it or not.
 *
 * Labels are compared exactly: whole numbers as integers of 64 bits (3 and 3.0 are one), other numbers as
 * doubles, strings by their bytes.  A label is found by hash, in any list.
 *
 * The limit of every list is CLASSES_LIMIT.  More strings are an error; more numbers are not classes but a
 * measure.  Numbers are a measure, too, when there are
 *     more than CLASSES_FOUND, and no list of more than that was declared;
 *     more than CLASSES_FOUND_DECIMALS of type number, and no list was declared. */
#ifndef RUBRIC_STREAM_CLASSES_H
#define RUBRIC_STREAM_CLASSES_H

#include "base/interner.h"
#include "stream/label.h"

enum {
    CLASSES_LIMIT = 10000,      /* the most classes of a list */
    CLASSES_FOUND = 256,        /* the most that numbers make without being declared: whole numbers, */
    CLASSES_FOUND_DECIMALS = 64 /* and numbers of type number */
};

/* Start with {0}; release with classes_free. */
struct classes {
    enum label_type type; /* of the records' labels; LABEL_NONE: they have none */
    bool ordered;         /* the classes have an order: numbers do, strings may */
    bool measure; /* the labels are a measure: no new one gets a number, and no class is left at the end */
    size_t count;
    struct label *labels; /* [count] by number, after classes_settle by place; strings are owned */
    uint32_t *places; /* after classes_settle: the place of each number; NULL: a measure, or not settled */

    struct classes *declared; /* what classes_declare has taken, in order; NULL: nothing */
    struct interner names;    /* a label's key -> its number */
    size_t capacity;
};

/* Appends a label to a list that is given; false when the list has it already.  A list holds strings or
 * numbers, not both, and at most CLASSES_LIMIT: the caller sees to that, and says which list it is. */
bool classes_add(struct classes *classes, const struct label *label);

/* The number of a label, new or known; -1 for a new one when labels are a measure.  Dies with STATUS_INPUT
 * beyond CLASSES_LIMIT strings. */
ptrdiff_t classes_meet(struct classes *classes, const struct label *label);

/* The number of a label, after classes_settle its place; -1 when the list does not have it. */
ptrdiff_t classes_find(const struct classes *classes, const struct label *label);

/* Takes over the type of a list, and its labels into the declared order.  Where lists contradict each other,
 * their strings have no order.  Dies with STATUS_BROKEN when an earlier list was of another type. */
void classes_declare(struct classes *classes, const struct classes *list);

/* Joins the labels that were met and those that were declared, and puts them in order.  Afterwards the list
 * is as one that was given. */
void classes_settle(struct classes *classes);

/* A list of its own with the same type, labels and order. */
struct classes classes_copy(const struct classes *classes);
void classes_free(struct classes *classes);

/* What a class counts as: its number; of strings their place. */
double classes_value(const struct classes *classes, size_t place);

#endif
