/* Attention of the first token only, for the layer under a [CLS] head.  With one query per head the
 * keys and values need not be formed:
 *
 *   q_h . (W_k x_j + b_k) = x_j . (W_k^T q_h) + const      and softmax does not see the constant,
 *   sum_j p_j (W_v x_j + b_v) = W_v (sum_j p_j x_j) + b_v sum_j p_j,
 *
 * where dropout makes the sum of the p_j differ from 1.  The gradient of b_k is 0. */
#include "nn/encoder.h"

#include <math.h>

#include "nn/gemm.h"

/* The sum over j of kept p_j, for each head's value bias. */
static float total(const float *row, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)row[i];
    return (float)sum;
}

void query_forward(const struct pass *pass, const struct window *w, struct layer_trace *t, int layer,
                   const float *x)
{
    const struct shape *s = &pass->layout->shape;
    const struct layer_offsets *o = &pass->layout->layers[layer];
    size_t T = w->T, H = (size_t)s->H, A = (size_t)s->A, D = H / A;
    const float *key_weight = pass->params + o->qkv_weight + H * H, *value_weight = key_weight + H * H;
    const float *value_bias = pass->params + o->qkv_bias + 2 * H;
    float scale = 1 / sqrtf((float)D);
    const struct dropout *drop = &t->attention_drop;

    linear_forward(pass, t->qkv, x, o->qkv_weight, 1, H, H);
    pass->k->add_bias(t->qkv, pass->params + o->qkv_bias, 1, H);
    for (size_t h = 0; h < A; h++)
        gemm_nn(pass->ws, 1, H, D, t->qkv + h * D, D, key_weight + h * D * H, H, 0, t->keyed + h * H, H);
    gemm_nt(pass->ws, A, T, H, t->keyed, H, x, H, 0, t->probs, T);
    float *log_sum = workspace_floats(pass->ws, A);
    pass->k->softmax(t->probs, log_sum, scale, NULL, 0, 1, A, T);
    pass->k->drop(t->kept, t->probs, drop->mask, drop->stride, drop->keep, A, T);
    gemm_nn(pass->ws, A, H, T, t->kept, T, x, H, 0, t->mixed, H);
    for (size_t h = 0; h < A; h++) {
        gemm_nt(pass->ws, 1, D, H, t->mixed + h * H, H, value_weight + h * D * H, H, 0, t->context + h * D,
                D);
        pass->k->add_scaled(t->context + h * D, value_bias + h * D, total(t->kept + h * T, T), D);
    }
}

/* Gradients of W_v and b_v, and of the mixed inputs: dmixed [A, H], dtotal [A]. */
static void value_backward(const struct pass *pass, const struct window *w, const struct layer_trace *t,
                           const struct layer_offsets *o, float *dmixed, float *dtotal, const float *dcontext)
{
    size_t H = (size_t)pass->layout->shape.H, A = (size_t)pass->layout->shape.A, D = H / A;
    size_t weight = o->qkv_weight + 2 * H * H, bias = o->qkv_bias + 2 * H;
    for (size_t h = 0; h < A; h++) {
        const float *dc = dcontext + h * D;
        gemm_nn(pass->ws, 1, H, D, dc, D, pass->params + weight + h * D * H, H, 0, dmixed + h * H, H);
        dtotal[h] = pass->k->dot(dc, pass->params + bias + h * D, D);
        for (size_t i = 0; i < D; i++)
            pass->k->add_scaled(pass->dense + weight + (h * D + i) * H, t->mixed + h * H, dc[i], H);
        pass->k->add_scaled(pass->dense + bias + h * D, dc, total(t->kept + h * w->T, w->T), D);
    }
}

/* Gradients of W_k, W_q and b_q from dkeyed [A, H]; the first row of dx gets the query's share. */
static void key_backward(const struct pass *pass, const struct layer_trace *t, const struct layer_offsets *o,
                         float *dx, const float *x, const float *dkeyed)
{
    size_t H = (size_t)pass->layout->shape.H, A = (size_t)pass->layout->shape.A, D = H / A;
    size_t weight = o->qkv_weight + H * H;
    float *dq = workspace_floats(pass->ws, H);
    for (size_t h = 0; h < A; h++) {
        for (size_t i = 0; i < D; i++)
            pass->k->add_scaled(pass->dense + weight + (h * D + i) * H, dkeyed + h * H, t->qkv[h * D + i], H);
        gemm_nt(pass->ws, 1, D, H, dkeyed + h * H, H, pass->params + weight + h * D * H, H, 0, dq + h * D, D);
    }
    linear_backward(pass, dx, 1, dq, x, o->qkv_weight, o->qkv_bias, 1, H, H);
}

void query_backward(const struct pass *pass, const struct window *w, const struct layer_trace *t, int layer,
                    float *dx, const float *x, const float *dcontext)
{
    const struct shape *s = &pass->layout->shape;
    const struct layer_offsets *o = &pass->layout->layers[layer];
    size_t T = w->T, H = (size_t)s->H, A = (size_t)s->A, D = H / A;
    float scale = 1 / sqrtf((float)D);
    const struct dropout *drop = &t->attention_drop;
    float *dmixed = workspace_floats(pass->ws, A * H), *dkeyed = workspace_floats(pass->ws, A * H);
    float *dtotal = workspace_floats(pass->ws, A), *dscores = workspace_floats(pass->ws, A * T);

    value_backward(pass, w, t, o, dmixed, dtotal, dcontext);
    gemm_nt(pass->ws, A, T, H, dmixed, H, x, H, 0, dscores, T);
    for (size_t h = 0; h < A; h++) /* the bias adds the same to every token's */
        for (size_t j = 0; j < T; j++)
            dscores[h * T + j] += dtotal[h];
    pass->k->drop(dscores, dscores, drop->mask, drop->stride, drop->keep, A, T);
    for (size_t h = 0; h < A; h++) {
        const float *p = t->probs + h * T;
        float *d = dscores + h * T, mean = pass->k->dot(p, d, T);
        for (size_t j = 0; j < T; j++)
            d[j] = scale * p[j] * (d[j] - mean);
    }
    gemm_nn(pass->ws, A, H, T, dscores, T, x, H, 0, dkeyed, H);
    gemm_tn(pass->ws, T, H, A, t->kept, T, dmixed, H, 0, dx, H);
    gemm_tn(pass->ws, T, H, A, dscores, T, t->keyed, H, 1, dx, H);
    key_backward(pass, t, o, dx, x, dkeyed);
}
