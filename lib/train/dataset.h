/* The data of a run: a stream read to its verified end, its records sorted by what fit does with them.
 *
 *   train   labelled records of the training part (or of the folds that are not held out): trained on
 *   slice   a tenth of those, stratified and seeded: each class gives one in every ten of its records, which
 *           one is drawn (so a class has its tenth in the slice, rounded down or up).  They select the epoch
 *           where that is asked for, else they are trained on like the others
 *   val     labelled records whose part is "val": they select, or are held out
 *   rest    everything else is held out: other parts, the held-out fold, records without a label
 *
 * Held-out records are fit's output.  Reading goes in two steps, for the first header says which model
 * training starts from, and the model what the records must be like:
 *
 *     struct dataset *dataset = dataset_open(paths, count);
 *     initial_model_find(&initial, option, &dataset->headers[0], config);
 *     dataset_read(dataset, &initial, &budget, expected);
 *
 * Memory grows with the number of classes and segments only: all records go to spools. */
#ifndef RUBRIC_TRAIN_DATASET_H
#define RUBRIC_TRAIN_DATASET_H

#include "stream/stream.h"
#include "train/budget.h"
#include "train/example.h"
#include "train/initial_model.h"
#include "train/objective.h"
#include "train/spool.h"

/* One in so many training records is in the slice. */
enum { SLICE_SHARE = 10 };

struct dataset {
    struct stream_reader *reader; /* NULL after dataset_read */
    struct header *headers;       /* [segments] as read */
    size_t segments, segment_capacity;
    struct classes classes;
    struct spool *train, *slice; /* packed examples */
    struct spool *val, *rest;    /* packed records, each behind its place in the input */
    struct label_sums train_sums, slice_sums;
    uint64_t unlabelled, with_part, without_part, test_part, with_fold, in_held_out_fold; /* records */
    bool vectors;         /* the stream carries vectors, not tokens */
    struct extent extent; /* what memory depends on, so far */
    uint64_t tokens;      /* of train and slice */
    uint64_t hash;        /* XXH3-64 of what is trained on, selected by and held out, in order */
};

/* Opens the files ("-", or none: standard input) and reads the first header.  Dies with STATUS_BROKEN when
 * there is none. */
struct dataset *dataset_open(char *const *paths, size_t path_count);

/* Reads the records.  `initial` says what they must be like, its config which fold is held out and the seed
 * of the slice; `budget` how much of them may stay in memory.  Dies with STATUS_BROKEN when the stream is cut
 * short, does not fit the model, or has another number of records than `expected` (-1: any); with
 * STATUS_INPUT when there is nothing to learn from; with STATUS_USAGE when the budget is too small. */
void dataset_read(struct dataset *dataset, const struct initial_model *initial, const struct budget *budget,
                  int64_t expected);
void dataset_free(struct dataset *dataset);

/* Of train and slice: how many records, and what is known of their labels (the caller
 * frees). */
struct label_sums dataset_label_sums(const struct dataset *dataset);
uint64_t dataset_trainable(const struct dataset *dataset);

/* Whether the stream has a test part beside val: then val selects by default, and is not held out. */
bool dataset_val_selects(const struct dataset *dataset);

/* ---- A numbered run of examples, whatever spool it lies in ---- */

enum source_kind { SOURCE_TRAIN, SOURCE_TRAIN_AND_SLICE, SOURCE_SLICE, SOURCE_VAL };
struct source {
    const struct dataset *dataset;
    enum source_kind kind;
};

/* The examples that are trained on under a resolved config, and those that select; false when none do. */
struct source training_source(const struct fit_config *config, const struct dataset *dataset);
bool selection_source(const struct fit_config *config, const struct dataset *dataset, struct source *source);

uint64_t source_count(const struct source *source);
/* Example `index`.  Different threads may call it with different stores. */
void source_get(const struct source *source, uint64_t index, struct example_store *store,
                struct example *out);

/* ---- The held-out records, in input order ---- */

/* How many: rest, and val unless it selected and there is a test part beside it. */
uint64_t held_out_count(const struct fit_config *config, const struct dataset *dataset);

struct held_out;
struct held_out *held_out_open(const struct fit_config *config, const struct dataset *dataset);
/* The next one, if it is of the segment with this number (ask for each in turn); it lives until the next
 * call. NULL: that was the segment's last. */
struct record *held_out_read(struct held_out *held_out, size_t segment);
void held_out_close(struct held_out *held_out);

#endif
