/* What a run needs in memory besides its essays, so that --memory can hold a line. */
#ifndef RUBRIC_TRAIN_BUDGET_H
#define RUBRIC_TRAIN_BUDGET_H

#include <stdint.h>

#include "nn/network.h"
#include "train/plan.h"

/* From now on large blocks are given back to the system when they are freed, so that memory is what is in
 * use.  Called before the first of them. */
void budget_begin(void);

/* Bytes of parameters, moments, gradients, packed weights, average, and each worker's scratch memory for one
 * text of the model's full length. */
uint64_t budget_fixed(const struct shape *shape, const struct plan *plan, int threads);

/* How much of the essays may stay in memory under a line of `line` bytes for everything (0: no line, 1 GiB of
 * essays). Dies with STATUS_USAGE, naming the least that will do, when the line is below what is needed
 * anyhow. */
uint64_t budget_spool(uint64_t line, const struct shape *shape, const struct plan *plan, int threads);

#endif
