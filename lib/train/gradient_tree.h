/* Gradients summed in a fixed tree.
 *
 * A batch has shards 0 .. n-1.  Whatever thread computes a shard, and whenever, their sum is that of one
 * binary tree: on each level node 2j takes in node 2j+1 (left += right), a last node without a neighbour
 * moves up as it is.  So the sum's bits depend on the shards only.  A pair is merged by the thread that
 * finishes second, and gradients are reused: at most about threads + log2(n) exist. */
#ifndef RUBRIC_TRAIN_GRADIENT_TREE_H
#define RUBRIC_TRAIN_GRADIENT_TREE_H

#include <stddef.h>

#include "nn/network.h"

struct gradient_tree;

/* For up to `shards` shards. */
struct gradient_tree *gradient_tree_new(const struct layout *layout, size_t shards);
void gradient_tree_free(struct gradient_tree *gradient_tree);

/* Begins a sum of `shards` shards. */
void gradient_tree_start(struct gradient_tree *gradient_tree, size_t shards);

/* A cleared gradient to fill.  Any thread. */
struct gradient *gradient_tree_take(struct gradient_tree *gradient_tree);

/* Hands in shard `shard`, and merges what can be merged.  Any thread. */
void gradient_tree_put(struct gradient_tree *gradient_tree, size_t shard, struct gradient *gradient);

/* The sum, after all shards were handed in; goes back with gradient_tree_return. */
struct gradient *gradient_tree_sum(struct gradient_tree *gradient_tree);
void gradient_tree_return(struct gradient_tree *gradient_tree, struct gradient *gradient);

/* How many gradients were ever made. */
size_t gradient_tree_made(const struct gradient_tree *gradient_tree);

#endif
