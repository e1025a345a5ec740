/* One optimizer step over one batch.
 *
 * A batch of B examples is cut into min(B, STEP_SHARDS) shards, or down to half as many where it has few
 * tokens.  Which example goes to which shard depends on the batch only: longest first, dealt out to and fro,
 * so that shards cost about the same; inside a shard examples are computed in that order into one gradient;
 * shards are summed by gradient_tree.h's tree.  Threads take shards as they become free.  So a step has the same bits
 * for any number of threads. */
#ifndef RUBRIC_TRAIN_STEP_H
#define RUBRIC_TRAIN_STEP_H

#include "base/pool.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "train/objective.h"
#include "train/example.h"
#include "train/metrics.h"

enum { STEP_SHARDS = 8 };

/* What a run of steps shares; borrowed from the caller. */
struct step_setup {
    const struct layout *layout;
    float *params;
    struct optimizer *optimizer;
    struct pool *pool;
    struct workspace **workspaces; /* [threads] */
    const struct objective *objective;
    uint64_t seed;
    bool dropout;
    int frozen;
};

struct stepper;
struct stepper *stepper_new(const struct step_setup *setup, size_t batch);
void stepper_free(struct stepper *stepper);

/* Where the next batch's examples go: [batch], each with its store. */
struct batch_slot {
    struct example_store store;
    struct example example;
};
struct batch_slot *stepper_slots(struct stepper *stepper);

struct step_result {
    double loss; /* weighted mean over the batch */
    double norm; /* of the gradient before clipping */
    uint64_t tokens;
    bool finite; /* false: nothing was changed */
};

/* Takes optimizer step number `step` on the first `count` slots; adds their marks, in the batch's order. */
struct step_result stepper_run(struct stepper *stepper, size_t count, uint64_t step, double rate,
                               struct metrics *metrics);

/* After a step that was not finite: the ids of its records (those whose loss is not finite, else all),
 * appended as text. */
void stepper_blame(const struct stepper *stepper, struct buffer *out);

#endif
