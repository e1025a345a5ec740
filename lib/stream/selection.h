/* Which records of a stream are wanted: by place, by id, by a field's value, at most so many. */
#ifndef RUBRIC_STREAM_SELECTION_H
#define RUBRIC_STREAM_SELECTION_H

#include "stream/stream.h"

struct selection {
    uint64_t at;    /* the record of this number, from 1, over all segments; 0: any */
    const char *id; /* NULL: any */
    int64_t limit;  /* at most so many; negative: all */
    char *name;     /* the record_text() of this name is `value` (empty: it has none); NULL: any */
    const char *value;
    uint64_t seen, taken;
    struct buffer text;
};

/* Splits NAME=VALUE; false when it is not of this form. */
bool selection_where(struct selection *selection, const char *where);
void selection_free(struct selection *selection);

/* Whether the next record is wanted; to be asked once for each record, in order. */
bool selection_wants(struct selection *selection, const struct record *record);

/* Whether no later record can be wanted. */
bool selection_done(const struct selection *selection);

/* At the end of the input: dies with STATUS_INPUT when a record that was asked for by id or place was not
 * there. */
void selection_check(const struct selection *selection);

#endif
