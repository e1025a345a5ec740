/* The labels met while reading, and the classes they make.
 *
 * While the stream is read, labels get numbers in the order they are met.  Afterwards the class list is made:
 * the header's labels, joined by every label met that it lacks (in numeric order for numbers, else behind
 * the others in order of bytes), so that a class which only held-out records have keeps its place. */
#ifndef RUBRIC_TRAIN_CLASSES_H
#define RUBRIC_TRAIN_CLASSES_H

#include "stream/stream.h"

enum { CLASSES_MAX = 256 };

struct classes {
    enum label_type type;
    struct label *found; /* [found_count] in the order met; strings owned */
    size_t found_count;
    bool overflow;      /* more than CLASSES_MAX numbers were met: they are a measure, not classes */
    struct label *list; /* [count] the classes in order, set by classes_settle; strings borrowed */
    size_t count;       /* K; 0: numbers without classes */
    int32_t *of_found;  /* [found_count] class of each label met */
    bool ordered;
};

void classes_init(struct classes *classes, enum label_type type);
void classes_free(struct classes *classes);

/* The number of a label, new or known; -1 once there are more numbers than a list of classes has.
 * More strings than that end the process (STATUS_INPUT). */
int32_t classes_meet(struct classes *classes, const struct label *label);

/* Makes the class list.  Dies with STATUS_INPUT when the header declares ordered strings and a label
 * met is none of them. */
void classes_settle(struct classes *classes, const struct header *header);

#endif
