/* The rules of `split`: from a record to the name of its part, or the number of its fold.
 *
 * Numbers without classes are stratified by bins whose edges come from the first SPLIT_BIN_SAMPLE
 * labels, so records may be held back: put records in, take marked records out, in the same order. */
#ifndef RUBRIC_CORPUS_SPLIT_RULES_H
#define RUBRIC_CORPUS_SPLIT_RULES_H

#include <stdbool.h>

#include "corpus/splitter.h"
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
    bool folds;               /* write `fold` 0 .. P-1 instead of `part` */
    enum split_marked marked; /* what to do with records that have a part or fold already */
    const char *field;        /* SPLIT_BY_FIELD */
    const char *from;         /* SPLIT_FROM: CSV or TSV with a header line, columns id and part (or fold) */
    char *hold_field;         /* records whose field has hold_value become "test"; NULL: none */
    const char *hold_value;
    bool divide_rest; /* the others are divided by `shares`; false: all are "train" */
    int bins;         /* quantile bins; 0: five, for numbers that are no scale */
    double *edges;    /* [edge_count] ascending, instead of bins; NULL: none */
    size_t edge_count;
};

struct split_rules;
struct split_rules *split_rules_new(const struct split_plan *plan);
void split_rules_free(struct split_rules *a);

/* Tells what the coming records' labels are; call once for each segment.  Dies with STATUS_INPUT when they
 * are strings and the plan has bins or edges. */
void split_rules_begin(struct split_rules *a, const struct header *header);

/* Takes a record in (copied if it must wait). */
void split_rules_put(struct split_rules *a, struct record *record);
/* No more records in this segment: what waits can come out. */
void split_rules_end(struct split_rules *a);
/* The next marked record, valid until the next call; NULL when there is none yet. */
struct record *split_rules_take(struct split_rules *a);

/* After the last record, before the last trailer: dies with STATUS_INPUT when SPLIT_FROM named ids that never
 * came, or nothing was held out. */
void split_rules_finish(const struct split_rules *a);

/* Says on stderr how many records of each class went where, and which classes have fewer members than
 * there are parts. */
void split_rules_report(struct split_rules *a);

#endif
