/* One optimizer step over one batch.
 *
 * A batch of B examples is divided into min(B, BATCH_SHARDS) shards, or down to half as many where it has few
 * tokens.  Which example goes to which shard depends on the batch only: longest first, dealt out to and fro,
 * so that shards cost about the same; inside a shard examples are computed in that order into one gradient;
 * shards are summed by the tree below.  Threads take shards as they become free.  So a step has the
 * same bits for any number of threads. */
#ifndef RUBRIC_TRAIN_STEP_H
#define RUBRIC_TRAIN_STEP_H

#include "base/pool.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "train/metrics.h"

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

/* Takes optimizer step number `step` on the first `count` slots; adds their predictions to `metrics`, in
 * the batch's order. */
struct step_result stepper_run(struct stepper *stepper, size_t count, uint64_t step, double rate,
                               struct metrics *metrics);

/* After a step that was not finite: the ids of its records (those whose loss is not finite, else all),
 * appended as text. */
void stepper_not_finite(const struct stepper *stepper, struct buffer *out);

/* ---- The sum of shards ---- */

/* Gradients summed in a fixed tree.
 *
 * A batch has shards 0 .. n-1.  Whatever thread computes a shard, and whenever, their sum is that of one
 * binary tree: on each level node 2j takes in node 2j+1 (left += right), a last node without a neighbour
 * moves up as it is.  So the sum's bits depend on the shards only.  A pair is merged by the thread that
 * finishes second, and gradients are reused: at most about threads + log2(n) exist. */
struct gradient_tree;

/* For up to `shards` shards. */
struct gradient_tree *gradient_tree_new(const struct layout *layout, size_t shards);
void gradient_tree_free(struct gradient_tree *tree);

/* Begins a sum of `shards` shards. */
void gradient_tree_start(struct gradient_tree *tree, size_t shards);

/* A cleared gradient to fill.  Any thread. */
struct gradient *gradient_tree_take(struct gradient_tree *tree);

/* Hands in shard `shard`, and merges what can be merged.  Any thread. */
void gradient_tree_put(struct gradient_tree *tree, size_t shard, struct gradient *gradient);

/* The sum, after all shards were handed in; goes back with gradient_tree_return. */
struct gradient *gradient_tree_sum(struct gradient_tree *tree);
void gradient_tree_return(struct gradient_tree *tree, struct gradient *gradient);

#endif
