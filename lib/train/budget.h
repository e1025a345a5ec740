/* What a run needs in memory besides its essays, so that --memory can hold a line. */
#ifndef RUBRIC_TRAIN_BUDGET_H
#define RUBRIC_TRAIN_BUDGET_H

#include <stdint.h>

#include "linear/linear.h"
#include "nn/network.h"
#include "train/config.h"

/* What memory depends on of what has been read. */
struct extent {
    size_t tokens, windows; /* of the longest text */
    uint64_t records;       /* that are learned from */
    size_t labels;          /* different ones */
    bool whole;             /* nothing more comes */
};

/* Of essays, or of vectors, that may stay in memory: at least, and where there is no line. */
#define BUDGET_LEAST_SPOOL (UINT64_C(1) << 20)
#define BUDGET_SPOOL (UINT64_C(1) << 30)

/* From now on large blocks are given back to the system when they are freed, so that memory is what is in
 * use.  Called before the first of them. */
void budget_begin(void);

/* Bytes of parameters, moments, gradients, packed weights, average, a batch of texts as long as the longest,
 * and each worker's scratch memory for as many windows of the model's full length as are kept at a time. */
uint64_t budget_training(const struct shape *shape, const struct fit_config *config, int threads,
                         const struct extent *extent);

/* Bytes of a linear head's fit: all vectors, each of `width` numbers, what solves it, then the encoder with
 * its `parameters`, which is saved with it, and the records' scores. */
uint64_t budget_head(enum linear_kind kind, size_t width, size_t parameters, int threads,
                     const struct extent *extent);

#endif
