/* Reading the stream to its verified end, and sorting its records by what fit does with them.
 *
 *   train   labelled records of the training part (or of the folds that are not held out): learned from
 *   slice   a tenth of those, stratified and seeded: each class gives one in every ten of its records, which
 *           one is drawn (so a class has its tenth in the slice, rounded down or up).  They choose the epoch
 *           where that is asked for, else they are learned from like the others
 *   val     labelled records whose part is "val": they choose, or pass on
 *   rest    everything else passes on: other parts, the held-out fold, records without a label
 *
 * Memory grows with the number of classes and segments only: all records go to spools. */
#ifndef RUBRIC_TRAIN_DATASET_H
#define RUBRIC_TRAIN_DATASET_H

#include "stream/stream.h"
#include "train/budget.h"
#include "train/objective.h"
#include "train/example.h"
#include "train/spool.h"

/* One in so many training records is in the slice. */
enum { SLICE_SHARE = 10 };

struct dataset {
    struct header *headers; /* [segments] as read */
    size_t segments, capacity;
    struct classes classes;
    struct spool *train, *slice; /* compact examples */
    struct spool *val, *rest;    /* struct kept, then the packed record */
    struct label_sums train_sums, slice_sums;
    uint64_t unlabelled, held_fold, without_part, with_part, test, folds_seen;
    bool vectors;         /* the stream carries vectors, not tokens */
    struct extent extent; /* what memory depends on, so far */
    uint64_t tokens;      /* of train and slice */
    uint64_t hash;        /* XXH3-64 of what is learned from, chosen by and passed on, in order */
};

struct dataset_request {
    char *const *paths; /* files, "-": standard input */
    size_t path_count;
    int64_t fold; /* held out; -1: no folds */
    uint64_t seed;
    /* How many bytes of all spools may stay in memory: asked after the first check_header, whenever the
     * extent has grown, and at the end; refuses a line that is too low. */
    uint64_t (*room)(void *context, const struct extent *extent);
    int64_t records;           /* exactly so many must come; -1: any number */
    const struct shape *shape; /* what ids must fit; set by check_header */
    const size_t *width;       /* what vectors must have; set by check_header */
    void (*check_header)(void *context, const struct header *header); /* called for each segment's */
    void *context;
};

/* Dies with STATUS_BROKEN when the stream is cut short, STATUS_INPUT when there is nothing to learn from. */
struct dataset *dataset_read(const struct dataset_request *request);
void dataset_free(struct dataset *dataset);

/* What is known of the labels of train and slice; the caller frees. */
struct label_sums dataset_sums(const struct dataset *dataset);
/* The number of records of train and slice. */
uint64_t dataset_learnable(const struct dataset *dataset);

/* Whether the stream has a test part beside val: then val chooses, and does not pass on. */
bool dataset_val_chooses(const struct dataset *dataset);

/* ---- A numbered run of examples, whatever spool it lies in ---- */

enum source_kind { SOURCE_TRAIN, SOURCE_TRAIN_AND_SLICE, SOURCE_SLICE, SOURCE_VAL };
struct source {
    struct dataset *dataset;
    enum source_kind kind;
};
uint64_t source_count(const struct source *source);
/* Instance `index`.  Different threads may call it with different stores. */
void source_get(const struct source *source, uint64_t index, struct example_store *store,
                struct example *out);

/* ---- Passing on, in input order ---- */

/* Calls `write` for every record that passes on; with `val`, those of val too. */
void dataset_pass_on(struct dataset *dataset, bool val,
                     void (*write)(void *context, size_t segment, const struct record *record),
                     void *context);

#endif
