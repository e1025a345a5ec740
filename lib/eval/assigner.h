/* The rules of `split`: from a record to the name of its part, or the number of its fold.
 *
 * Numbers without classes are stratified by bins whose edges come from the first SPLIT_BIN_SAMPLE
 * labels, so records may be held back: put records in, take marked records out, in the same order. */
#ifndef RUBRIC_EVAL_ASSIGNER_H
#define RUBRIC_EVAL_ASSIGNER_H

#include <stdbool.h>

#include "eval/splitter.h"
#include "stream/stream.h"

enum {
    SPLIT_BIN_SAMPLE = 1000,
    SPLIT_SCALE = 25, /* numbers with more classes than this are put into bins */
};

enum split_mode {
    SPLIT_EXACT,    /* all records are one stratum */
    SPLIT_STRATIFY, /* each label, or bin of labels, is a stratum */
    SPLIT_RANDOM,   /* each record is drawn by itself */
    SPLIT_BY_FIELD, /* keyed hash of a field: all that share its value go together */
    SPLIT_FROM,     /* a file names each id's part */
};

enum split_marked { MARKED_REFUSE, MARKED_KEEP, MARKED_REPLACE };

struct split_plan {
    enum split_mode mode;
    struct split_shares shares;
    uint64_t seed;
    bool folds;                /* write `fold` 0 .. P-1 instead of `part` */
    enum split_marked marked;  /* what to do with records that have a part or fold already */
    const char *field;         /* SPLIT_BY_FIELD */
    const char *from;          /* SPLIT_FROM: CSV or TSV with a header line, columns id and part (or fold) */
    char *hold_field;          /* records whose field has hold_value become "test"; NULL: none */
    const char *hold_value;
    bool divide_rest;          /* the others are divided by `shares`; false: all are "train" */
    int bins;                  /* quantile bins; 0: five, for numbers that are no scale */
    double *edges;             /* [edge_count] ascending, instead of bins; NULL: none */
    size_t edge_count;
};

struct assigner;
struct assigner *assigner_new(const struct split_plan *plan);
void assigner_free(struct assigner *a);

/* Tells what the coming records' labels are; call once for each segment.  Dies with STATUS_INPUT when they
 * are strings and the plan has bins or edges. */
void assigner_begin(struct assigner *a, const struct header *header);

/* Takes a record in (copied if it must wait). */
void assigner_put(struct assigner *a, struct record *record);
/* No more records in this segment: what waits can come out. */
void assigner_end(struct assigner *a);
/* The next marked record, valid until the next call; NULL when there is none yet. */
struct record *assigner_take(struct assigner *a);

/* After the last record, before the last trailer: dies with STATUS_INPUT when SPLIT_FROM named ids that never
 * came, or nothing was held out. */
void assigner_finish(const struct assigner *a);

/* Says on stderr how many records of each class went where, and which classes have fewer members than
 * there are parts. */
void assigner_report(struct assigner *a);

#endif
