/* From the token vectors of a window, or of several, to the vector that the head reads: the taps' vectors
 * one behind the other, [taps, H]. */
#include "nn/encoder.h"

#include <math.h>
#include <string.h>

bool pool_trains(const struct pass *pass)
{
    return pass->layout->shape.pool == POOL_POOLER || pass->layout->shape.pool == POOL_ATTENTION;
}

/* One tap of one window through the pooler: tanh(W h + b), accumulated into the windows' mean. */
static void pooler_forward(const struct pass *pass, float *vector, float *pooled, const float *first)
{
    const struct layout *layout = pass->layout;
    size_t H = (size_t)layout->shape.H;
    linear_forward(pass, pooled, first, layout->pooler_weight, 1, H, H);
    pass->k->add_bias(pooled, pass->params + layout->pooler_bias, 1, H);
    for (size_t i = 0; i < H; i++)
        pooled[i] = tanhf(pooled[i]);
    pass->k->add_scaled(vector, pooled, 1 / (float)pass->window_count, H);
}

static void max_forward(const struct pass *pass, const struct window *w, float *vector, uint32_t *largest,
                        const float *x)
{
    size_t H = (size_t)pass->layout->shape.H;
    for (size_t j = 0; j < w->T; j++)
        for (size_t i = 0; i < H; i++)
            if (w->first + j == 0 || x[j * H + i] > vector[i] || isnan(x[j * H + i])) {
                vector[i] = x[j * H + i];
                largest[i] = (uint32_t)(w->first + j);
            }
}

/* One tap of one window: as if there were no other. */
static void attend_forward(const struct pass *pass, const struct window *w, struct pool_trace *t, size_t tap,
                           const float *x)
{
    size_t H = (size_t)pass->layout->shape.H, taps = (size_t)pass->layout->shape.tap_count;
    float *weights = t->weights + tap * pass->tokens + w->first;
    for (size_t j = 0; j < w->T; j++)
        weights[j] = pass->k->dot(x + j * H, pass->params + pass->layout->attention, H);
    pass->k->softmax(weights, t->shares + tap * pass->window_count + w->number, 1, NULL, 0, 1, 1, w->T);
    for (size_t j = 0; j < w->T; j++)
        pass->k->add_scaled(t->pooled + (w->number * taps + tap) * H, x + j * H, weights[j], H);
}

/* One tap of all windows: each counts as much as its sum of exponentials (softmax of the logarithms). */
static void attend_end(const struct pass *pass, float *vector, struct pool_trace *t, size_t tap)
{
    size_t H = (size_t)pass->layout->shape.H, taps = (size_t)pass->layout->shape.tap_count;
    float *shares = t->shares + tap * pass->window_count, log_sum;
    pass->k->softmax(shares, &log_sum, 1, NULL, 0, 1, 1, pass->window_count);
    for (size_t n = 0; n < pass->window_count; n++) {
        float *weights = t->weights + tap * pass->tokens + pass->windows[n].first;
        for (size_t j = 0; j < pass->windows[n].T; j++)
            weights[j] *= shares[n];
        pass->k->add_scaled(vector, t->pooled + (n * taps + tap) * H, shares[n], H);
    }
}

/* POOL_NONE: each token's vectors of all taps side by side. */
static void copy_tokens(const struct pass *pass, const struct window *w, float *vectors)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H;
    for (size_t j = 0; j < w->T; j++)
        for (int i = 0; i < s->tap_count; i++, vectors += H)
            memcpy(vectors, level_output(w, s->taps[i]) + j * H, H * sizeof *vectors);
}

void pool_begin(const struct pass *pass, struct pool_trace *t, float *vector)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H, taps = (size_t)s->tap_count;
    *t = (struct pool_trace){0};
    if (s->pool == POOL_POOLER || s->pool == POOL_ATTENTION)
        t->pooled = workspace_zeros(pass->ws, pass->window_count * taps * H);
    if (s->pool == POOL_ATTENTION) {
        t->weights = workspace_floats(pass->ws, taps * pass->tokens);
        t->shares = workspace_floats(pass->ws, taps * pass->window_count);
    }
    if (s->pool == POOL_MAX)
        t->largest = workspace_bytes(pass->ws, taps * H * sizeof *t->largest);
    memset(vector, 0, taps * H * sizeof *vector);
}

void pool_window(const struct pass *pass, struct pool_trace *t, const struct window *w, float *vector)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H, taps = (size_t)s->tap_count;
    if (s->pool == POOL_NONE)
        copy_tokens(pass, w, vector + w->first * taps * H);
    for (size_t i = 0; i < taps; i++, vector += H) {
        const float *x = level_output(w, s->taps[i]);
        if (s->pool == POOL_MEAN)
            pass->k->column_sums(vector, x, w->T, H);
        if (s->pool == POOL_MAX)
            max_forward(pass, w, vector, t->largest + i * H, x);
        if (s->pool == POOL_ATTENTION)
            attend_forward(pass, w, t, i, x);
        if (s->pool == POOL_POOLER)
            pooler_forward(pass, vector, t->pooled + (w->number * taps + i) * H, x);
        if (s->pool == POOL_CLS)
            pass->k->add_scaled(vector, x, 1 / (float)pass->window_count, H);
    }
}

void pool_end(const struct pass *pass, struct pool_trace *t, float *vector)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H, taps = (size_t)s->tap_count;
    for (size_t i = 0; s->pool == POOL_MEAN && i < taps * H; i++)
        vector[i] /= (float)pass->tokens;
    for (size_t i = 0; s->pool == POOL_ATTENTION && i < taps; i++)
        attend_end(pass, vector + i * H, t, i);
}

/* dfirst [H] of one tap of one window, and the pooler's own gradients. */
static void pooler_backward(const struct pass *pass, float *dfirst, const float *dvector, const float *pooled,
                            const float *first)
{
    const struct layout *layout = pass->layout;
    size_t H = (size_t)layout->shape.H;
    float *d = workspace_floats(pass->ws, H);
    for (size_t i = 0; i < H; i++)
        d[i] = dvector[i] * (1 - pooled[i] * pooled[i]) / (float)pass->window_count;
    linear_backward(pass, dfirst, 0, d, first, layout->pooler_weight, layout->pooler_bias, 1, H, H);
}

/* With p = softmax(x a) and v = sum p_j x_j: dx_j = p_j dv + g_j a, da = sum g_j x_j, g_j = p_j dv . (x_j -
 * v).  Where there are several windows, v knows more tokens than are here. */
static void attend_backward(const struct pass *pass, const struct window *w, const float *weights,
                            const float *vector, const float *dvector, float *d, const float *x)
{
    size_t H = (size_t)pass->layout->shape.H;
    const float *a = pass->params + pass->layout->attention;
    float *along = workspace_floats(pass->ws, w->T);
    for (size_t j = 0; j < w->T; j++)
        along[j] = pass->k->dot(x + j * H, dvector, H);
    float mean = pass->window_count == 1 ? pass->k->dot(along, weights, w->T)
                                         : pass->k->dot(vector, dvector, H);
    for (size_t j = 0; j < w->T; j++) {
        float slope = weights[j] * (along[j] - mean);
        pass->k->add_scaled(pass->dense + pass->layout->attention, x + j * H, slope, H);
        if (d) {
            pass->k->add_scaled(d + j * H, dvector, weights[j], H);
            pass->k->add_scaled(d + j * H, a, slope, H);
        }
    }
}

static void max_backward(const struct pass *pass, const struct window *w, const uint32_t *largest,
                         const float *dvector, float *d)
{
    size_t H = (size_t)pass->layout->shape.H;
    for (size_t i = 0; i < H; i++)
        if (largest[i] >= w->first && largest[i] < w->first + w->T)
            d[(largest[i] - w->first) * H + i] += dvector[i];
}

/* Mean, maximum and first token have no parameters: a gradient that no one reads is skipped. */
void pool_backward(const struct pass *pass, const struct pool_trace *t, const struct window *w,
                   const float *vector, const float *dvector, float *const *dlevels)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H, taps = (size_t)s->tap_count;
    for (size_t i = 0; i < taps; i++, vector += H, dvector += H) {
        const float *x = level_output(w, s->taps[i]);
        float *d = dlevels[s->taps[i]];
        if (s->pool == POOL_POOLER)
            pooler_backward(pass, d, dvector, t->pooled + (w->number * taps + i) * H, x);
        if (s->pool == POOL_ATTENTION)
            attend_backward(pass, w, t->weights + i * pass->tokens + w->first, vector, dvector, d, x);
        if (s->pool == POOL_CLS && d)
            pass->k->add_scaled(d, dvector, 1 / (float)pass->window_count, H);
        if (s->pool == POOL_MAX && d)
            max_backward(pass, w, t->largest + i * H, dvector, d);
        for (size_t j = 0; s->pool == POOL_MEAN && d && j < w->T; j++)
            pass->k->add_scaled(d + j * H, dvector, 1 / (float)pass->tokens, H);
    }
}
