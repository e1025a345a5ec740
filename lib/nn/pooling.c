/* From the token vectors of a window, or of several, to the vector that the head reads: the taps' vectors
 * one behind the other, [taps, H]. */
#include "nn/encoder.h"

#include <math.h>
#include <string.h>

static bool reads_first_token(const struct pass *pass)
{
    return pass->layout->shape.pool == POOL_CLS || pass->layout->shape.pool == POOL_POOLER;
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

static void max_forward(const struct pass *pass, float *vector, uint32_t *largest, int level)
{
    size_t H = (size_t)pass->layout->shape.H;
    uint32_t token = 0;
    for (size_t n = 0; n < pass->window_count; n++) {
        const float *x = level_output(&pass->windows[n], level);
        for (size_t j = 0; j < pass->windows[n].T; j++, token++)
            for (size_t i = 0; i < H; i++)
                if (token == 0 || x[j * H + i] > vector[i] || isnan(x[j * H + i])) {
                    vector[i] = x[j * H + i];
                    largest[i] = token;
                }
    }
}

static void attend_forward(const struct pass *pass, float *vector, float *weights, int level)
{
    size_t H = (size_t)pass->layout->shape.H, token = 0;
    float log_sum;
    for (size_t n = 0; n < pass->window_count; n++)
        for (size_t j = 0; j < pass->windows[n].T; j++)
            weights[token++] = pass->k->dot(level_output(&pass->windows[n], level) + j * H,
                                            pass->params + pass->layout->attention, H);
    pass->k->softmax(weights, &log_sum, 1, NULL, 0, 1, 1, token);
    token = 0;
    for (size_t n = 0; n < pass->window_count; n++)
        for (size_t j = 0; j < pass->windows[n].T; j++)
            pass->k->add_scaled(vector, level_output(&pass->windows[n], level) + j * H, weights[token++], H);
}

static void mean_forward(const struct pass *pass, float *vector, int level)
{
    size_t H = (size_t)pass->layout->shape.H;
    for (size_t n = 0; n < pass->window_count; n++)
        pass->k->column_sums(vector, level_output(&pass->windows[n], level), pass->windows[n].T, H);
    for (size_t i = 0; i < H; i++)
        vector[i] /= (float)pass->tokens;
}

void pool_forward(const struct pass *pass, struct pool_trace *t, float *vector)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H, taps = (size_t)s->tap_count;
    *t = (struct pool_trace){0};
    if (s->pool == POOL_POOLER)
        t->pooled = workspace_floats(pass->ws, pass->window_count * taps * H);
    if (s->pool == POOL_ATTENTION)
        t->weights = workspace_floats(pass->ws, taps * pass->tokens);
    if (s->pool == POOL_MAX)
        t->largest = workspace_bytes(pass->ws, taps * H * sizeof *t->largest);
    memset(vector, 0, taps * H * sizeof *vector);
    for (size_t i = 0; i < taps; i++, vector += H) {
        if (s->pool == POOL_MEAN)
            mean_forward(pass, vector, s->taps[i]);
        if (s->pool == POOL_MAX)
            max_forward(pass, vector, t->largest + i * H, s->taps[i]);
        if (s->pool == POOL_ATTENTION)
            attend_forward(pass, vector, t->weights + i * pass->tokens, s->taps[i]);
        for (size_t n = 0; reads_first_token(pass) && n < pass->window_count; n++) {
            const float *first = level_output(&pass->windows[n], s->taps[i]);
            if (s->pool == POOL_POOLER)
                pooler_forward(pass, vector, t->pooled + (n * taps + i) * H, first);
            else
                pass->k->add_scaled(vector, first, 1 / (float)pass->window_count, H);
        }
    }
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
 * v). */
static void attend_backward(const struct pass *pass, const float *weights, const float *dvector,
                            float *const *const *dlevels, int level)
{
    size_t H = (size_t)pass->layout->shape.H, token = 0;
    const float *a = pass->params + pass->layout->attention;
    float *along = workspace_floats(pass->ws, pass->tokens);
    for (size_t n = 0; n < pass->window_count; n++)
        for (size_t j = 0; j < pass->windows[n].T; j++)
            along[token++] = pass->k->dot(level_output(&pass->windows[n], level) + j * H, dvector, H);
    float mean = pass->k->dot(along, weights, token);
    token = 0;
    for (size_t n = 0; n < pass->window_count; n++)
        for (size_t j = 0; j < pass->windows[n].T; j++, token++) {
            float slope = weights[token] * (along[token] - mean);
            pass->k->add_scaled(pass->dense + pass->layout->attention,
                                level_output(&pass->windows[n], level) + j * H, slope, H);
            if (dlevels[n][level]) {
                pass->k->add_scaled(dlevels[n][level] + j * H, dvector, weights[token], H);
                pass->k->add_scaled(dlevels[n][level] + j * H, a, slope, H);
            }
        }
}

/* Mean and maximum have no parameters: a gradient that no one reads is skipped. */
static void spread_backward(const struct pass *pass, const struct pool_trace *t, size_t tap,
                            const float *dvector, float *const *const *dlevels)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H, token = 0;
    for (size_t n = 0; n < pass->window_count; n++)
        for (size_t j = 0; j < pass->windows[n].T; j++, token++) {
            float *d = dlevels[n][s->taps[tap]];
            if (d && s->pool == POOL_MEAN)
                pass->k->add_scaled(d + j * H, dvector, 1 / (float)pass->tokens, H);
            for (size_t i = 0; d && s->pool == POOL_MAX && i < H; i++)
                if (t->largest[tap * H + i] == token)
                    d[j * H + i] += dvector[i];
        }
}

static void first_backward(const struct pass *pass, const struct pool_trace *t, size_t tap,
                           const float *dvector, float *const *const *dlevels)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H, taps = (size_t)s->tap_count;
    for (size_t n = 0; n < pass->window_count; n++) {
        float *d = dlevels[n][s->taps[tap]];
        if (s->pool == POOL_POOLER)
            pooler_backward(pass, d, dvector, t->pooled + (n * taps + tap) * H,
                            level_output(&pass->windows[n], s->taps[tap]));
        else if (d)
            pass->k->add_scaled(d, dvector, 1 / (float)pass->window_count, H);
    }
}

void pool_backward(const struct pass *pass, const struct pool_trace *t, const float *dvector,
                   float *const *const *dlevels)
{
    const struct shape *s = &pass->layout->shape;
    for (size_t i = 0; i < (size_t)s->tap_count; i++, dvector += s->H) {
        if (reads_first_token(pass))
            first_backward(pass, t, i, dvector, dlevels);
        else if (s->pool == POOL_ATTENTION)
            attend_backward(pass, t->weights + i * pass->tokens, dvector, dlevels, s->taps[i]);
        else
            spread_backward(pass, t, i, dvector, dlevels);
    }
}
