/* The slow, obvious twin of the network: forward only, in double, every layer in full, one loop per sum.
 * Its central differences are the oracle for every gradient.  Dropout is drawn one element at a time from
 * random_block by the rule in lib/nn/dropout.c. */
#ifndef RUBRIC_TESTS_NETWORK_TWIN_H
#define RUBRIC_TESTS_NETWORK_TWIN_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/network.h"

struct twin {
    const struct layout *layout;
    const double *p;
    const struct training_step *step; /* NULL: no dropout */
};

enum { TWIN_EMBEDDINGS, TWIN_ATTENTION, TWIN_OUTPUT, TWIN_DOWN, TWIN_HEAD };

/* The factor of element (row, col) of a site whose rows have n elements. */
static double twin_keep(const struct twin *t, size_t window, int layer, int site, float rate, size_t row,
                        size_t col, size_t n)
{
    uint32_t threshold = (uint32_t)(rate * 65536 + 0.5f), out[4];
    if (!t->step || !t->step->dropout || threshold == 0)
        return 1;
    uint64_t byte = row * ((n + 15) / 16 * 2) + col / 8;
    uint64_t low = ((uint64_t)window << 48) + ((uint64_t)(layer * 8 + site) << 32) + byte;
    uint64_t high = (uint64_t)RANDOM_DROPOUT << 56 ^ t->step->step << 24 ^ t->step->number;
    random_block(out, t->step->seed, low, high);
    uint32_t half = out[col % 8 / 2] >> (col % 2 ? 16 : 0) & 0xFFFF;
    return half >= threshold ? 65536.0 / (65536.0 - threshold) : 0;
}

static void twin_norm(const struct twin *t, double *x, size_t gain, size_t shift)
{
    size_t H = (size_t)t->layout->shape.H;
    double mean = 0, variance = 0;
    for (size_t i = 0; i < H; i++)
        mean += x[i] / (double)H;
    for (size_t i = 0; i < H; i++)
        variance += (x[i] - mean) * (x[i] - mean) / (double)H;
    for (size_t i = 0; i < H; i++)
        x[i] = (x[i] - mean) / sqrt(variance + (double)t->layout->shape.layer_norm_eps) * t->p[gain + i] +
               t->p[shift + i];
}

static void twin_linear(const struct twin *t, double *y, const double *x, size_t weight, size_t bias,
                        size_t in, size_t out)
{
    for (size_t o = 0; o < out; o++) {
        y[o] = t->p[bias + o];
        for (size_t i = 0; i < in; i++)
            y[o] += t->p[weight + o * in + i] * x[i];
    }
}

static double twin_activation(enum activation f, double x)
{
    if (f == ACTIVATION_RELU)
        return x > 0 ? x : 0;
    if (f == ACTIVATION_GELU)
        return x * 0.5 * erfc(-x / sqrt(2));
    return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static void twin_embed(const struct twin *t, const struct network_input *e, size_t first, size_t T,
                       size_t window, double *x)
{
    const struct layout *l = t->layout;
    size_t H = (size_t)l->shape.H;
    for (size_t j = 0; j < T; j++) {
        size_t type = e->types ? (size_t)e->types[first + j] : 0;
        for (size_t i = 0; i < H; i++)
            x[j * H + i] = t->p[l->words + (size_t)e->ids[first + j] * H + i] +
                           t->p[l->positions + j * H + i] + t->p[l->types + type * H + i];
        twin_norm(t, x + j * H, l->norm_weight, l->norm_bias);
        for (size_t i = 0; i < H; i++)
            x[j * H + i] *= twin_keep(t, window, 0, TWIN_EMBEDDINGS, l->shape.hidden_dropout, j, i, H);
    }
}

static void twin_attend(const struct twin *t, size_t T, size_t window, int layer, bool single,
                        const double *qkv, double *context)
{
    const struct shape *s = &t->layout->shape;
    size_t H = (size_t)s->H, A = (size_t)s->A, D = H / A;
    double *p = memory_new(T, sizeof *p);
    memset(context, 0, T * H * sizeof *context);
    for (size_t h = 0; h < A; h++)
        for (size_t i = 0; i < T; i++) {
            double sum = 0;
            for (size_t j = 0; j < T; j++) {
                double score = 0;
                for (size_t d = 0; d < D; d++)
                    score += qkv[i * 3 * H + h * D + d] * qkv[j * 3 * H + H + h * D + d];
                sum += p[j] = exp(score / sqrt((double)D));
            }
            for (size_t j = 0; j < T; j++) {
                size_t row = single ? h : h * T + i;
                double kept = p[j] / sum *
                              twin_keep(t, window, layer, TWIN_ATTENTION, s->attention_dropout, row, j, T);
                for (size_t d = 0; d < D; d++)
                    context[i * H + h * D + d] += kept * qkv[j * 3 * H + 2 * H + h * D + d];
            }
        }
    free(p);
}

static void twin_layer(const struct twin *t, size_t T, size_t window, int layer, bool single, double *x)
{
    const struct shape *s = &t->layout->shape;
    const struct layer_offsets *o = &t->layout->layers[layer];
    size_t H = (size_t)s->H, F = (size_t)s->F;
    double *qkv = memory_new(T * 3 * H, sizeof *qkv), *context = memory_new(T * H, sizeof *context);
    double *up = memory_new(F, sizeof *up), *y = memory_new(H, sizeof *y);
    for (size_t j = 0; j < T; j++)
        twin_linear(t, qkv + j * 3 * H, x + j * H, o->qkv_weight, o->qkv_bias, H, 3 * H);
    twin_attend(t, T, window, layer, single, qkv, context);
    for (size_t j = 0; j < T; j++) {
        double *row = x + j * H;
        twin_linear(t, y, context + j * H, o->output_weight, o->output_bias, H, H);
        for (size_t i = 0; i < H; i++)
            row[i] += y[i] * twin_keep(t, window, layer, TWIN_OUTPUT, s->hidden_dropout, j, i, H);
        twin_norm(t, row, o->norm1_weight, o->norm1_bias);
        twin_linear(t, up, row, o->up_weight, o->up_bias, H, F);
        for (size_t i = 0; i < F; i++)
            up[i] = twin_activation(s->activation, up[i]);
        twin_linear(t, y, up, o->down_weight, o->down_bias, F, H);
        for (size_t i = 0; i < H; i++)
            row[i] += y[i] * twin_keep(t, window, layer, TWIN_DOWN, s->hidden_dropout, j, i, H);
        twin_norm(t, row, o->norm2_weight, o->norm2_bias);
    }
    free(qkv);
    free(context);
    free(up);
    free(y);
}

/* One tap of all windows' tokens x [tokens, H] into vector [H]. */
static void twin_pool(const struct twin *t, const struct network_input *e, const size_t *starts,
                      const double *x, double *vector)
{
    const struct layout *l = t->layout;
    size_t H = (size_t)l->shape.H;
    double *first = memory_new(H, sizeof *first), sum = 0;
    for (size_t i = 0; i < H; i++)
        vector[i] = l->shape.pool == POOL_MAX ? -INFINITY : 0;
    for (size_t w = 0; w < e->window_count; w++) {
        memcpy(first, x + starts[w] * H, H * sizeof *first);
        if (l->shape.pool == POOL_POOLER) {
            twin_linear(t, first, x + starts[w] * H, l->pooler_weight, l->pooler_bias, H, H);
            for (size_t i = 0; i < H; i++)
                first[i] = tanh(first[i]);
        }
        for (size_t i = 0; i < H && (l->shape.pool == POOL_CLS || l->shape.pool == POOL_POOLER); i++)
            vector[i] += first[i] / (double)e->window_count;
    }
    for (size_t j = 0; j < e->tokens; j++) {
        double weight = 0;
        for (size_t i = 0; i < H && l->shape.pool == POOL_ATTENTION; i++)
            weight += x[j * H + i] * t->p[l->attention + i];
        sum += exp(weight);
        for (size_t i = 0; i < H; i++) {
            if (l->shape.pool == POOL_MEAN)
                vector[i] += x[j * H + i] / (double)e->tokens;
            if (l->shape.pool == POOL_MAX)
                vector[i] = fmax(vector[i], x[j * H + i]);
            if (l->shape.pool == POOL_ATTENTION)
                vector[i] += exp(weight) * x[j * H + i];
        }
    }
    for (size_t i = 0; i < H && l->shape.pool == POOL_ATTENTION; i++)
        vector[i] /= sum;
    free(first);
}

/* The taps' vectors [X] (all windows' token vectors stand in `levels` [L + 1, tokens, H] afterwards). */
static void twin_vector(const struct twin *t, const struct network_input *e, double *levels, double *vector)
{
    const struct shape *s = &t->layout->shape;
    size_t H = (size_t)s->H, *starts = memory_zeroed(e->window_count + 1, sizeof *starts);
    starts[e->window_count] = e->tokens;
    for (size_t w = 0; w < e->window_count; w++) {
        starts[w] = e->windows ? (size_t)e->windows[w] : 0;
        size_t T = (e->windows ? (size_t)e->windows[w + 1] : e->tokens) - starts[w];
        double *x = levels + starts[w] * H;
        twin_embed(t, e, starts[w], T, w, x);
        for (int l = 0; l < s->L; l++) {
            bool single = l == s->taps[s->tap_count - 1] - 1 &&
                          (s->pool == POOL_CLS || s->pool == POOL_POOLER);
            memcpy(x + e->tokens * H, x, T * H * sizeof *x);
            x += e->tokens * H;
            twin_layer(t, T, w, l, single, x);
        }
    }
    for (int i = 0; i < s->tap_count && s->pool != POOL_NONE; i++)
        twin_pool(t, e, starts, levels + (size_t)s->taps[i] * e->tokens * H, vector + (size_t)i * H);
    free(starts);
}

static void twin_logits(const struct twin *t, const struct network_input *e, double *logits)
{
    const struct shape *s = &t->layout->shape;
    size_t X = (size_t)s->tap_count * (size_t)s->H;
    double *levels = memory_new((size_t)(s->L + 1) * e->tokens * (size_t)s->H, sizeof *levels);
    double *vector = memory_zeroed(X, sizeof *vector);
    twin_vector(t, e, levels, vector);
    for (size_t i = 0; i < X; i++)
        vector[i] *= twin_keep(t, 0, 0, TWIN_HEAD, s->head_dropout, 0, i, X);
    twin_linear(t, logits, vector, t->layout->head_weight, t->layout->head_bias, X, (size_t)s->C);
    free(levels);
    free(vector);
}

#endif
