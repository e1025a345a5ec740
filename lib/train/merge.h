/* Gradients summed in a fixed tree.
 *
 * A batch has leaves 0 .. n-1.  Whatever thread computes a leaf, and whenever, their sum is that of one
 * binary tree: on each level node 2j takes in node 2j+1 (left += right), a last node without a neighbour
 * moves up as it is.  So the sum's bits depend on the leaves only.  A pair is merged by the thread that
 * finishes second, and gradients are reused: at most about threads + log2(n) exist. */
#ifndef RUBRIC_TRAIN_MERGE_H
#define RUBRIC_TRAIN_MERGE_H

#include <stddef.h>

#include "nn/network.h"

struct merger;

/* For up to `leaves` leaves. */
struct merger *merger_new(const struct layout *layout, size_t leaves);
void merger_free(struct merger *merger);

/* Begins a sum of `leaves` leaves. */
void merger_start(struct merger *merger, size_t leaves);

/* A cleared gradient to fill.  Any thread. */
struct gradient *merger_take(struct merger *merger);

/* Hands in leaf `leaf`, and merges what can be merged.  Any thread. */
void merger_put(struct merger *merger, size_t leaf, struct gradient *gradient);

/* The sum, after all leaves were handed in; goes back with merger_return. */
struct gradient *merger_sum(struct merger *merger);
void merger_return(struct merger *merger, struct gradient *gradient);

/* How many gradients were ever made. */
size_t merger_made(const struct merger *merger);

#endif
