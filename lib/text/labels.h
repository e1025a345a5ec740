/* Labels: which type they have, which classes, and whether a row's label fits.
 *
 * The type is decided from the first rows (tok: 1,000 labels or 1 MiB):
 *   integer  at least nine in ten are whole numbers, and no other number is among them
 *   number   at least nine in ten are numbers (a decimal comma counts as meant for one)
 *   string   otherwise
 * so that a stray "absent" among scores is a bad row that says so, not the end of all arithmetic.  Blanks
 * around a label are not part of it; an empty label is none. */
#ifndef RUBRIC_TEXT_LABELS_H
#define RUBRIC_TEXT_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "stream/stream.h"

#define LABEL_TYPE_NAMES "auto|integer|number|string|none" /* for OPTION_CHOICE */
enum label_wish {
    LABEL_WISH_AUTO,
    LABEL_WISH_INTEGER,
    LABEL_WISH_NUMBER,
    LABEL_WISH_STRING,
    LABEL_WISH_NONE
};

struct labels {
    struct classes classes;                    /* declared, or given to labels_see_class; their type */
    bool given;                                /* --label-type or --classes, not the rows, decided the type */
    bool declared;                             /* --classes: the list is the scale, in its order */
    uint64_t total, integers, numbers, commas; /* what labels_observe has seen */
};

/* `wish` is an enum label_wish, `classes` the value of --classes (NULL: none): "1..5" or "low,mid,high".
 * STATUS_USAGE for a list that cannot be one, or is longer than CLASSES_LIMIT. */
void labels_init(struct labels *l, int wish, const char *classes);
void labels_free(struct labels *l);

/* Counts one label of the first rows. */
void labels_observe(struct labels *l, struct slice text);
/* Decides the type from what was counted, unless it was given. */
void labels_decide(struct labels *l);

enum label_fit { LABEL_FITS, LABEL_MISSING, LABEL_MISFIT };

/* One label; strings are borrowed from `text`.  For a misfit `why` says what was found and expected
 * and names --label-type or --classes. */
enum label_fit labels_parse(const struct labels *l, struct slice text, const char *column,
                            struct label *label, char *why, size_t capacity);

/* Adds a label that fits to the classes, if it is new; when all have been seen, labels_end_classes puts them
 * in order (none are left of numbers that are a measure: classes.h).  For declared classes both do nothing.
 */
void labels_see_class(struct labels *l, struct slice text);
void labels_end_classes(struct labels *l);

/* "integer labels 1, 2, 3" for the account on stderr; appends to `out`. */
void labels_describe(const struct labels *l, struct buffer *out);

/* Whether text reads as a finite number without blanks around it. */
bool label_number(struct slice text, double *out);

/* Without ASCII blanks at both ends. */
struct slice label_trim(struct slice text);

#endif
