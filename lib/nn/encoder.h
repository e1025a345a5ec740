/* Inside of the network: what one pass over one example shares, and the steps it is made of.  Backward
 * routines ACCUMULATE parameter gradients and overwrite gradients of activations unless they say otherwise.
 */
#ifndef RUBRIC_NN_ENCODER_H
#define RUBRIC_NN_ENCODER_H

#include "nn/workspace.h"

/* Where dropout is applied: with the layer and the window it names a run of masks. */
enum dropout_site { SITE_EMBEDDINGS, SITE_ATTENTION, SITE_OUTPUT, SITE_DOWN, SITE_HEAD };

struct dropout {
    const uint8_t *mask; /* NULL: keep everything */
    size_t stride;       /* bytes from row to row */
    float keep;          /* factor of what is kept */
};

/* What forward keeps of a layer for its backward pass.  R rows: T, or 1 when the layer has one query. */
struct layer_trace {
    struct dropout attention_drop;         /* [A, R, T] */
    struct dropout output_drop, down_drop; /* [R, H] */
    float *qkv;                            /* [T, 3H]; one query: q alone, [H] */
    float *log_sum;                        /* [A, T] log sum exp of each row of scores; not with one query */
    float *keyed;                          /* one query: [A, H] q W_k of each head */
    float *probs, *kept;                   /* one query: [A, T] before and after dropout */
    float *mixed;                          /* one query: [A, H] sum of kept p x */
    float *context;                        /* [R, H] */
    float *hat1, *rstd1;                   /* [R, H] [R] */
    float *middle;                         /* [R, H] after the first layer norm */
    float *active, *slope;                 /* [R, F] the activation's values and derivatives */
    float *hat2, *rstd2;                   /* [R, H] [R] */
    float *out;                            /* [R, H] */
};

/* One window of an example. */
struct window {
    const int32_t *ids, *types; /* types: NULL for all 0 */
    size_t T;
    size_t number;              /* among the example's windows */
    size_t first;               /* its first token, among the example's */
    struct dropout drop;        /* of the embeddings */
    float *hat, *rstd;          /* [T, H] [T] */
    float *embedded;            /* [T, H] */
    struct layer_trace *layers; /* [top] */
};

/* One example on its way through the network. */
struct pass {
    struct workspace *ws;
    const struct layout *layout;
    const struct kernels *k;
    const float *params;
    const struct training_step *step; /* NULL: evaluation */
    float *dense;   /* the dense gradient, moved back so that a tensor's offset indexes it */
    int top;        /* layers that are computed: the highest tap */
    bool one_query; /* layer top - 1 computes its first row only */
    struct window *windows;
    size_t window_count;
    size_t tokens;
    struct workspace_mark mark; /* behind it lies one window at a time, */
    bool keeps;                 /* or all of them, for the backward pass */
};

/* Whether the layer (or, for -1, the embeddings) gets a gradient. */
bool layer_trains(const struct pass *pass, int layer);

/* The output of level 0 (embeddings) .. top. */
static inline const float *level_output(const struct window *w, int level)
{
    return level == 0 ? w->embedded : w->layers[level - 1].out;
}

/* Draws a mask of rows x n for a site, or keeps everything when the pass has no dropout or the rate is 0. */
struct dropout dropout_draw(const struct pass *pass, const struct window *w, enum dropout_site site,
                            int layer, float rate, size_t rows, size_t n);

void embeddings_forward(const struct pass *pass, struct window *w);
/* dx [T, H] is used up; rows of words are added to `gradient`, the rest to pass->dense. */
void embeddings_backward(const struct pass *pass, const struct window *w, float *dx,
                         struct gradient *gradient);

/* y [rows, out] = x [rows, in] W^T, without the bias. */
void linear_forward(const struct pass *pass, float *y, const float *x, size_t weight, size_t rows, size_t in,
                    size_t out);
/* dW += dy^T x, db += sum dy; dx (unless NULL) = beta dx + dy W. */
void linear_backward(const struct pass *pass, float *dx, float beta, const float *dy, const float *x,
                     size_t weight, size_t bias, size_t rows, size_t in, size_t out);

/* context [T, H] from qkv [T, 3H], head by head in tiles of queries. */
void attention_forward(const struct pass *pass, const struct window *w, struct layer_trace *t);
/* dqkv [T, 3H] from dcontext [T, H]. */
void attention_backward(const struct pass *pass, const struct window *w, const struct layer_trace *t,
                        float *dqkv, const float *dcontext);

/* context [H] of the first token from x [T, H]: keys and values are not formed. */
void query_forward(const struct pass *pass, const struct window *w, struct layer_trace *t, int layer,
                   const float *x);
/* dx [T, H] from dcontext [H]; parameter gradients of q, k and v. */
void query_backward(const struct pass *pass, const struct window *w, const struct layer_trace *t, int layer,
                    float *dx, const float *x, const float *dcontext);

/* All levels of one window. */
void encoder_forward(const struct pass *pass, struct window *w);
/* dlevels[0 .. top] are the gradients that enter at each level, [T, H] each ([1, H] at the top when it has
 * one query), NULL where none does; they are used up. */
void encoder_backward(const struct pass *pass, const struct window *w, float **dlevels,
                      struct gradient *gradient);

/* Pools the taps of all windows into vector [X] (POOL_NONE: copies them, [tokens, X]), window by window: each
 * is read as soon as it is computed, and once more in the backward pass. */
struct pool_trace {
    float *pooled;     /* [windows, taps, H] POOL_POOLER: after tanh; POOL_ATTENTION: each window's own sum */
    float *weights;    /* POOL_ATTENTION: [taps, tokens] softmax over each window's, at last over all */
    float *shares;     /* POOL_ATTENTION: [taps, windows] log sum exp of each window, at last its share */
    uint32_t *largest; /* POOL_MAX: [X] the token, counted over all windows */
};
void pool_begin(const struct pass *pass, struct pool_trace *t, float *vector);
void pool_window(const struct pass *pass, struct pool_trace *t, const struct window *w, float *vector);
void pool_end(const struct pass *pass, struct pool_trace *t, float *vector);
/* Fills dlevels[tap's level] of one window with the gradients of the taps. */
void pool_backward(const struct pass *pass, const struct pool_trace *t, const struct window *w,
                   const float *vector, const float *dvector, float *const *dlevels);
/* Whether the pooling has parameters of its own. */
bool pool_trains(const struct pass *pass);

#endif
