/* AdamW (Loshchilov and Hutter 2019, algorithm 2), as torch.optim.AdamW computes it, with decoupled weight
 * decay.
 *
 * Word embedding rows that got no gradient in a step would still move (their moments decay and so do
 * they); dense work for them is skipped and replayed, step by step with the same arithmetic, when
 * the row is next read, so the result is bit-equal to dense updates. */
#ifndef RUBRIC_NN_OPTIMIZER_H
#define RUBRIC_NN_OPTIMIZER_H

#include "base/pool.h"
#include "nn/network.h"

struct optimizer_settings {
    double beta1, beta2, epsilon; /* 0.9 0.999 1e-8 */
    double weight_decay;          /* on tensors whose table row says so */
    double clip;                  /* largest global gradient norm; 0: no clipping */
    double head_rate;             /* factor on the learning rate for pooler and head tensors; 1 */
    double layer_decay;           /* factor on the learning rate for each layer below the head: d for encoder
                                   * layer L-1, d^2 for L-2, ..., d^(L+1) for the embeddings; 1: none */
    int frozen;                   /* as in struct training_step: these tensors are not touched */
};

struct optimizer;
struct optimizer *optimizer_new(const struct layout *layout, const struct optimizer_settings *settings);
void optimizer_free(struct optimizer *o);

/* Brings the rows of the words in `ids` up to date, so that a forward pass may read them. */
void optimizer_catch_up(struct optimizer *o, float *params, const int32_t *ids, size_t count,
                        struct pool *pool);

/* Brings every row up to date (before evaluation, saving). */
void optimizer_catch_up_all(struct optimizer *o, float *params, struct pool *pool);

/* One step with learning rate `rate`; every row with a gradient must be up to date.
 * Returns the gradient's norm before clipping (NAN or infinite: nothing was changed). */
double optimizer_step(struct optimizer *o, float *params, const struct gradient *gradient, double rate,
                      struct pool *pool);

/* State, for checkpoints: both moments mirror the parameter block (catch up all rows first). */
float *optimizer_moments1(struct optimizer *o); /* [layout->size] */
float *optimizer_moments2(struct optimizer *o); /* [layout->size] */
void optimizer_restore(struct optimizer *o, uint64_t steps);

#endif
