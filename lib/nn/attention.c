/* Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of every token to every token of its window:
 * context = softmax(q k^T / sqrt D) v for each head, with dropout on the softmax.
 *
 * Queries go in tiles, so that the scores [tile, T] stay in cache and no [A, T, T] block exists.  Forward
 * keeps the logarithm of each row's sum; backward forms the scores again and takes the probabilities from it.
 */
#include "nn/encoder.h"

#include <math.h>

#include "nn/gemm.h"

enum { TILE = 64 };

static size_t smaller_size(size_t a, size_t b) { return a < b ? a : b; }

static const uint8_t *mask_at(const struct dropout *drop, size_t row)
{
    return drop->mask ? drop->mask + row * drop->stride : NULL;
}

void attention_forward(const struct pass *pass, const struct window *w, struct layer_trace *t)
{
    const struct shape *s = &pass->layout->shape;
    size_t T = w->T, H = (size_t)s->H, A = (size_t)s->A, D = H / A;
    float scale = 1 / sqrtf((float)D);
    struct workspace_mark mark = workspace_mark(pass->ws);
    float *scores = workspace_floats(pass->ws, TILE * T); /* [tile, T] */
    for (size_t h = 0; h < A; h++) {
        struct workspace_mark head = workspace_mark(pass->ws);
        struct factor keys = factor_new(pass->ws, T, D, t->qkv + H + h * D, 3 * H, true);
        struct factor values = factor_new(pass->ws, D, T, t->qkv + 2 * H + h * D, 3 * H, false);
        for (size_t first = 0; first < T; first += TILE) {
            size_t rows = smaller_size(TILE, T - first);
            factor_multiply(pass->ws, &keys, rows, t->qkv + first * 3 * H + h * D, 3 * H, false, 0, scores,
                            T);
            pass->k->softmax(scores, t->log_sum + h * T + first, scale,
                             mask_at(&t->attention_drop, h * T + first), t->attention_drop.stride,
                             t->attention_drop.keep, rows, T);
            factor_multiply(pass->ws, &values, rows, scores, T, false, 0, t->context + first * H + h * D, H);
        }
        workspace_release(pass->ws, head);
    }
    workspace_release(pass->ws, mark);
}

void attention_backward(const struct pass *pass, const struct window *w, const struct layer_trace *t,
                        float *dqkv, const float *dcontext)
{
    const struct shape *s = &pass->layout->shape;
    size_t T = w->T, H = (size_t)s->H, A = (size_t)s->A, D = H / A;
    float scale = 1 / sqrtf((float)D);
    struct workspace_mark mark = workspace_mark(pass->ws);
    float *scores = workspace_floats(pass->ws, TILE * T);  /* [tile, T], then the kept probabilities */
    float *dscores = workspace_floats(pass->ws, TILE * T); /* [tile, T] */
    float delta[TILE];
    for (size_t h = 0; h < A; h++) {
        struct workspace_mark head = workspace_mark(pass->ws);
        const float *k = t->qkv + H + h * D, *v = t->qkv + 2 * H + h * D;
        struct factor keys_across = factor_new(pass->ws, T, D, k, 3 * H, true);
        struct factor values_across = factor_new(pass->ws, T, D, v, 3 * H, true);
        struct factor keys = factor_new(pass->ws, D, T, k, 3 * H, false);
        for (size_t first = 0; first < T; first += TILE) {
            size_t rows = smaller_size(TILE, T - first), at = first * 3 * H + h * D;
            const float *q = t->qkv + at;
            const float *dc = dcontext + first * H + h * D;
            float *dk = dqkv + H + h * D, *dv = dqkv + 2 * H + h * D;
            float beta = first ? 1 : 0;
            factor_multiply(pass->ws, &keys_across, rows, q, 3 * H, false, 0, scores, T);
            factor_multiply(pass->ws, &values_across, rows, dc, H, false, 0, dscores, T);
            pass->k->row_dots(delta, dc, H, t->context + first * H + h * D, H, rows, D);
            pass->k->softmax_backward(scores, dscores, t->log_sum + h * T + first, delta, scale,
                                      mask_at(&t->attention_drop, h * T + first), t->attention_drop.stride,
                                      t->attention_drop.keep, rows, T);
            gemm_tn(pass->ws, T, D, rows, scores, T, dc, H, beta, dv, 3 * H);
            gemm_tn(pass->ws, T, D, rows, dscores, T, q, 3 * H, beta, dk, 3 * H);
            factor_multiply(pass->ws, &keys, rows, dscores, T, false, 0, dqkv + at, 3 * H);
        }
        workspace_release(pass->ws, head);
    }
    workspace_release(pass->ws, mark);
}
