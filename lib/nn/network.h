/* The network: BERT (Devlin et al. 2019), a pooling of its token vectors, and a linear head.
 *
 * Letters used throughout this room: T tokens of one sequence, L layers, H hidden size, A heads,
 * D = H/A, F feed-forward size, V vocabulary, P positions, C outputs of the head, X = inputs of the
 * head.  All matrices are row-major float32; a linear layer is y = x W^T + b with W [out, in], as
 * in the Hugging Face files.
 *
 * All parameters lie in one block, described by one table; gradients and moments mirror it.  The word
 * embeddings come first, so that everything behind them is one dense run.
 *
 * Nothing here owns what is passed in; what *_new returns is released by *_free.  Everything here may be
 * called from several threads at a time, each with a workspace of its own. */
#ifndef RUBRIC_NN_NETWORK_H
#define RUBRIC_NN_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

enum pooling { POOL_CLS, POOL_MEAN, POOL_MAX, POOL_ATTENTION, POOL_POOLER, POOL_NONE };
/* POOL_CLS     the first token's vector, raw (no pooler)
 * POOL_POOLER  the first token's vector through the pooler, tanh(W h + b): what Hugging Face's
 *              sequence classifier reads; what users call "--pool cls" in `fit`
 * POOL_MEAN    mean over all tokens, special ones included
 * POOL_MAX     maximum of each component over all tokens
 * POOL_ATTENTION  sum of softmax(h . a) h, one learned vector a [H]
 * POOL_NONE    every token's vector (embed only) */

enum activation { ACTIVATION_GELU, ACTIVATION_GELU_TANH, ACTIVATION_RELU };

enum { MAX_TAPS = 16 };

struct shape {
    int L, H, A, F, V, P;
    int types; /* token types, normally 2 */
    int C;     /* outputs of the head; 0: no head (embed) */
    int E;     /* further parameters of the loss (thresholds of coral and clm); 0: none */
    enum activation activation;
    float layer_norm_eps;
    int pad; /* id of [PAD]: its embedding row gets no gradient; -1: none */
    enum pooling pool;
    int taps[MAX_TAPS]; /* layers the head reads, 1 .. L, ascending (0: the embeddings' output); */
    int tap_count;      /* X = tap_count * H; normally one tap, L */
    float hidden_dropout, attention_dropout, head_dropout;
};

/* One tensor. */
struct parameter {
    char name[80];  /* as in Hugging Face's BertForSequenceClassification ("bert.encoder....") */
    size_t offset;  /* in the block, in floats */
    int rows, cols; /* a vector has rows = its size, cols = 0 */
    bool decay;     /* weight decay applies: matrices, not biases and layer norms */
    int layer;      /* -1 embeddings, 0 .. L-1, L pooler and head */
};

/* Where everything lies.  Offsets of one encoder layer; query, key and value are adjacent, so that one
 * product gives all three. */
struct layer_offsets {
    size_t qkv_weight, qkv_bias;       /* [3H, H], [3H] */
    size_t output_weight, output_bias; /* [H, H], [H] */
    size_t norm1_weight, norm1_bias;   /* [H] */
    size_t up_weight, up_bias;         /* [F, H], [F] */
    size_t down_weight, down_bias;     /* [H, F], [H] */
    size_t norm2_weight, norm2_bias;   /* [H] */
};
struct layout {
    struct shape shape;
    struct parameter *table;
    size_t count;
    size_t size;                                            /* floats in the block */
    size_t words, positions, types, norm_weight, norm_bias; /* embeddings: [V,H] [P,H] [types,H] [H] [H] */
    struct layer_offsets *layers;                           /* [L] */
    size_t pooler_weight, pooler_bias;                      /* POOL_POOLER: [H,H] [H] */
    size_t attention;                                       /* POOL_ATTENTION: [H] */
    size_t head_weight, head_bias;                          /* C > 0: [C,X] [C] */
    size_t extra;                                           /* E > 0: [E], "rubric.thresholds" */
};

/* The layout of a shape.  Dies with STATUS_BROKEN when the shape makes no sense (H not a multiple of A,
 * sizes out of range, more than 2^40 floats). */
struct layout *layout_new(const struct shape *shape);
void layout_free(struct layout *layout);

/* Fresh parameters: normal with deviation 0.02, biases 0, layer norm weights 1, [PAD]'s row 0, as BERT.
 * Each tensor's numbers depend on the seed and its name only. */
void network_initialise(const struct layout *layout, float *params, uint64_t seed);
void network_initialise_tensor(const struct layout *layout, const struct parameter *p, float *params,
                               uint64_t seed);

/* ---- Examples ---- */

/* One essay: one window, or several complete ones that are encoded apart and pooled together
 * (POOL_CLS and POOL_POOLER average the windows' vectors; POOL_MEAN is over all windows' tokens;
 * POOL_MAX the maximum over all; POOL_ATTENTION one softmax over all tokens of all windows). */
struct network_input {
    const int32_t *ids;     /* [T] */
    const int32_t *types;   /* [T] or NULL: all 0 */
    size_t tokens;          /* T, over all windows */
    const int32_t *windows; /* [window_count + 1] starts, or NULL: one window */
    size_t window_count;    /* 1 when windows is NULL */
};

/* Dies with STATUS_BROKEN, naming `name`, when an id, type or length does not fit the shape. */
void input_check(const struct network_input *input, const struct shape *shape, const char *name);

/* What computing one example costs, in floating-point operations (for sharing work and estimates). */
double input_cost(const struct network_input *input, const struct shape *shape, bool training);

/* ---- Computing ---- */

/* Scratch memory of one worker; grows to the longest window it has met. */
struct workspace;
struct workspace *workspace_new(const struct layout *layout);
void workspace_free(struct workspace *ws);

/* Copies of the layers' weights in the order in which the kernels read them, made once for many examples and
 * shared by all workers: without them each call makes its own, which is felt on short texts and wide models.
 * They take as much memory as the layers' weights, twice as much with `training`.  Results are the same bits.
 *
 * network_packed_update reads params [layout->size] anew (after an optimizer step; no worker may run
 * meanwhile) and remembers the address: calls with other params do without.  pool may be NULL. */
struct network_packed;
struct network_packed *network_packed_new(const struct layout *layout, bool training);
void network_packed_update(struct network_packed *packed, const float *params, struct pool *pool);
void network_packed_free(struct network_packed *packed);

/* From now on `ws` uses them; NULL: no longer.  Kept by reference. */
void workspace_use_packed(struct workspace *ws, const struct network_packed *packed);

/* Head outputs for one example: logits [C].  Nothing that no one reads is computed: under POOL_POOLER and
 * POOL_CLS the last layer has one query.  The result depends on this example only, bit for bit. */
void network_logits(struct workspace *ws, const float *params, const struct network_input *input,
                    float *logits);

/* Pooled vectors of the shape's taps for one example: [X], or with POOL_NONE [T, X].
 * Layers above the highest tap are not computed. */
void network_embed(struct workspace *ws, const float *params, const struct network_input *input,
                   float *vectors);

/* The head alone, on a vector [X]: logits [C]. */
void network_head(const struct layout *layout, const float *params, const float *vector, float *logits);

/* A gradient: dense for everything behind the word embeddings, rows for those. */
struct gradient {
    float *dense;      /* [layout->size - V*H]: index = offset - V*H */
    int32_t *rows;     /* ascending word ids */
    float *row_values; /* [row_count, H] */
    size_t row_count, row_capacity;
};
struct gradient *gradient_new(const struct layout *layout);
void gradient_free(struct gradient *g);
void gradient_clear(const struct layout *layout, struct gradient *g);
/* to += from */
void gradient_add(const struct layout *layout, struct gradient *to, const struct gradient *from);

/* How one training step treats one example. */
struct training_step {
    uint64_t seed;   /* of dropout */
    uint64_t step;   /* optimizer step, less than 2^32 */
    uint64_t number; /* the example's place in its batch: less than 2^24; dropout is keyed by
                        * (seed, step, number) */
    bool dropout;    /* false: as in evaluation */
    int frozen;      /* embeddings and layers below this one get no gradient: 0 nothing frozen
                        * (embeddings train), 1 embeddings only, k+1 embeddings and layers 0..k-1 */
};

/* Forward, loss and backward for one example; ACCUMULATES into `gradient`.
 *   loss   called once with the logits [C] and the loss's own parameters [E] (NULL if none); writes
 *          dlogits [C] and dextra [E] (already weighted and divided by the batch), returns the loss
 * Returns that loss.  Keeps the logits in `logits` [C] if it is not NULL.
 * Of more than WINDOWS_KEPT windows, all but the last are computed forward twice, so that one is in memory at
 * a time; the bits are the same. */
enum { WINDOWS_KEPT = 4 };
typedef double loss_function(void *context, const float *logits, const float *extra, float *dlogits,
                             float *dextra);
double network_train(struct workspace *ws, const float *params, const struct network_input *input,
                     const struct training_step *step, loss_function *loss, void *context, float *logits,
                     struct gradient *gradient);

/* The kernel path in use ("avx512", "avx2", "portable") and OpenBLAS's own description, for records
 * of a run; RUBRIC_KERNELS=portable|avx2|avx512 chooses a path the machine has. */
const char *network_kernels(void);
const char *network_blas(void);

#endif
