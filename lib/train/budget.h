/* --memory: what a run takes besides its examples, and what it leaves for these. */
#ifndef RUBRIC_TRAIN_BUDGET_H
#define RUBRIC_TRAIN_BUDGET_H

#include <stdint.h>

#include "train/initial_model.h"

struct budget {
    uint64_t memory; /* a limit for the whole run, in bytes; 0: none */
    int threads;
};

/* What memory depends on of what has been read. */
struct extent {
    size_t tokens, windows; /* of the longest text */
    uint64_t records;       /* to train on */
    size_t labels;          /* different ones */
    bool whole;             /* nothing more comes */
};

/* From now on large blocks are given back to the system when they are freed, so that memory is what is in
 * use.  Called before the first of them. */
void budget_begin(void);

/* How many bytes of examples may stay in memory.  Dies with STATUS_USAGE, naming the least that will do, when
 * the limit is below what is needed anyhow: of tokens once the longest text is known, of vectors as soon as
 * those that have come are too many. */
uint64_t budget_examples(const struct budget *budget, const struct initial_model *initial,
                         const struct extent *extent);

#endif
