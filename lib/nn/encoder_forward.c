/* One BERT layer (Devlin et al. 2019; Vaswani et al. 2017, with the norm after the residual):
 *
 *   middle = LayerNorm(x + dropout(W_o attention(x) + b_o))
 *   out    = LayerNorm(middle + dropout(W_down f(W_up middle + b_up) + b_down)) */
#include "nn/encoder.h"

bool layer_trains(const struct pass *pass, int layer)
{
    return pass->step && layer + 1 >= pass->step->frozen && layer < pass->top;
}

static bool is_tap(const struct shape *s, int level)
{
    for (int i = 0; i < s->tap_count; i++)
        if (s->taps[i] == level)
            return true;
    return false;
}

/* What must outlive the layer is taken before what need not; `rows` is R of struct layer_trace. */
static void take_kept(const struct pass *pass, const struct window *w, struct layer_trace *t, bool one_query)
{
    const struct shape *s = &pass->layout->shape;
    size_t T = w->T, H = (size_t)s->H, A = (size_t)s->A, F = (size_t)s->F, rows = one_query ? 1 : T;
    struct workspace *ws = pass->ws;
    t->qkv = workspace_floats(ws, one_query ? H : T * 3 * H);
    if (one_query) {
        t->keyed = workspace_floats(ws, A * H);
        t->probs = workspace_floats(ws, A * T);
        t->kept = workspace_floats(ws, A * T);
        t->mixed = workspace_floats(ws, A * H);
    } else {
        t->log_sum = workspace_floats(ws, A * T);
    }
    t->context = workspace_floats(ws, rows * H);
    t->middle = workspace_floats(ws, rows * H);
    t->active = workspace_floats(ws, rows * F);
}

/* What only the backward pass reads. */
static void take_trained(const struct pass *pass, struct layer_trace *t, size_t rows)
{
    size_t H = (size_t)pass->layout->shape.H, F = (size_t)pass->layout->shape.F;
    t->hat1 = workspace_floats(pass->ws, rows * H);
    t->rstd1 = workspace_floats(pass->ws, rows);
    t->slope = workspace_floats(pass->ws, rows * F);
    t->hat2 = workspace_floats(pass->ws, rows * H);
    t->rstd2 = workspace_floats(pass->ws, rows);
}

static void norm(const struct pass *pass, float *out, float *hat, float *rstd, const float *y, size_t bias,
                 const float *residual, const struct dropout *drop, size_t gain, size_t shift, size_t rows)
{
    pass->k->norm_forward(&(struct norm_forward){.out = out,
                                                 .hat = hat,
                                                 .rstd = rstd,
                                                 .y = y,
                                                 .bias = pass->params + bias,
                                                 .residual = residual,
                                                 .mask = drop->mask,
                                                 .stride = drop->stride,
                                                 .keep = drop->keep,
                                                 .gain = pass->params + gain,
                                                 .shift = pass->params + shift,
                                                 .eps = pass->layout->shape.layer_norm_eps,
                                                 .rows = rows,
                                                 .n = (size_t)pass->layout->shape.H});
}

static void layer_forward(const struct pass *pass, const struct window *w, struct layer_trace *t, int layer,
                          const float *x)
{
    const struct shape *s = &pass->layout->shape;
    const struct layer_offsets *o = &pass->layout->layers[layer];
    bool one_query = pass->one_query && layer == pass->top - 1;
    size_t T = w->T, H = (size_t)s->H, F = (size_t)s->F, A = (size_t)s->A, rows = one_query ? 1 : T;

    t->attention_drop = dropout_draw(pass, w, SITE_ATTENTION, layer, s->attention_dropout, A * rows, T);
    if (one_query) {
        query_forward(pass, w, t, layer, x);
    } else {
        linear_forward(pass, t->qkv, x, o->qkv_weight, T, H, 3 * H);
        pass->k->add_bias(t->qkv, pass->params + o->qkv_bias, T, 3 * H);
        attention_forward(pass, w, t);
    }
    t->output_drop = dropout_draw(pass, w, SITE_OUTPUT, layer, s->hidden_dropout, rows, H);
    linear_forward(pass, t->middle, t->context, o->output_weight, rows, H, H);
    norm(pass, t->middle, t->hat1, t->rstd1, t->middle, o->output_bias, x, &t->output_drop, o->norm1_weight,
         o->norm1_bias, rows);
    linear_forward(pass, t->active, t->middle, o->up_weight, rows, H, F);
    pass->k->activate(t->active, t->slope, t->active, pass->params + o->up_bias, s->activation, rows, F);
    t->down_drop = dropout_draw(pass, w, SITE_DOWN, layer, s->hidden_dropout, rows, H);
    linear_forward(pass, t->out, t->active, o->down_weight, rows, F, H);
    norm(pass, t->out, t->hat2, t->rstd2, t->out, o->down_bias, t->middle, &t->down_drop, o->norm2_weight,
         o->norm2_bias, rows);
}

/* A layer that is not trained gives its memory back, all but an output that is read later. */
void encoder_forward(const struct pass *pass, struct window *w)
{
    const struct shape *s = &pass->layout->shape;
    size_t H = (size_t)s->H;
    embeddings_forward(pass, w);
    w->layers = workspace_bytes(pass->ws, (size_t)pass->top * sizeof *w->layers);
    float *spare[2] = {NULL, NULL}; /* outputs of layers that only the next layer reads */
    const float *x = w->embedded;
    for (int l = 0; l < pass->top; l++) {
        struct layer_trace *t = &w->layers[l];
        bool trains = layer_trains(pass, l), one_query = pass->one_query && l == pass->top - 1;
        size_t rows = one_query ? 1 : w->T;
        *t = (struct layer_trace){0};
        if (trains || is_tap(s, l + 1) || layer_trains(pass, l + 1)) {
            t->out = workspace_floats(pass->ws, rows * H);
        } else {
            if (!spare[l % 2])
                spare[l % 2] = workspace_floats(pass->ws, rows * H);
            t->out = spare[l % 2];
        }
        struct workspace_mark mark = workspace_mark(pass->ws);
        take_kept(pass, w, t, one_query);
        if (trains)
            take_trained(pass, t, rows);
        layer_forward(pass, w, t, l, x);
        if (!trains)
            workspace_release(pass->ws, mark);
        x = t->out;
    }
}
