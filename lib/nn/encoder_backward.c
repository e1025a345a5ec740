/* The layers' gradients, in the reverse order of encoder_forward.c. */
#include "nn/encoder.h"

/* The gradient of out [rows, H] through the feed-forward half, dmiddle [rows, H].  dout is used up. */
static void feed_forward_backward(const struct pass *pass, const struct layer_trace *t,
                                  const struct layer_offsets *o, float *dmiddle, float *dout, size_t rows)
{
    size_t H = (size_t)pass->layout->shape.H, F = (size_t)pass->layout->shape.F;
    struct workspace_mark mark = workspace_mark(pass->ws);
    float *dactive = workspace_floats(pass->ws, rows * F), *ddown = workspace_floats(pass->ws, rows * H);
    pass->k->norm_backward(dmiddle, pass->dense + o->norm2_weight, pass->dense + o->norm2_bias, dout, t->hat2,
                           t->rstd2, pass->params + o->norm2_weight, rows, H);
    pass->k->drop(ddown, dmiddle, t->down_drop.mask, t->down_drop.stride, t->down_drop.keep, rows, H);
    linear_backward(pass, dactive, 0, ddown, t->active, o->down_weight, o->down_bias, rows, F, H);
    pass->k->multiply(dactive, t->slope, rows * F);
    linear_backward(pass, dmiddle, 1, dactive, t->middle, o->up_weight, o->up_bias, rows, H, F);
    workspace_release(pass->ws, mark);
}

/* dx [T, H], or NULL when no one reads it, from dout [rows, H], which is used up. */
static void layer_backward(const struct pass *pass, const struct window *w, int layer, float *dx, float *dout,
                           const float *x)
{
    const struct layer_trace *t = &w->layers[layer];
    const struct layer_offsets *o = &pass->layout->layers[layer];
    bool one_query = pass->one_query && layer == pass->top - 1;
    size_t T = w->T, H = (size_t)pass->layout->shape.H, rows = one_query ? 1 : T;
    struct workspace_mark mark = workspace_mark(pass->ws);
    float *dmiddle = workspace_floats(pass->ws, rows * H), *dsum = workspace_floats(pass->ws, rows * H);
    float *dcontext = workspace_floats(pass->ws, rows * H);

    feed_forward_backward(pass, t, o, dmiddle, dout, rows);
    pass->k->norm_backward(dsum, pass->dense + o->norm1_weight, pass->dense + o->norm1_bias, dmiddle, t->hat1,
                           t->rstd1, pass->params + o->norm1_weight, rows, H);
    pass->k->drop(dmiddle, dsum, t->output_drop.mask, t->output_drop.stride, t->output_drop.keep, rows, H);
    linear_backward(pass, dcontext, 0, dmiddle, t->context, o->output_weight, o->output_bias, rows, H, H);
    if (one_query) {
        float *dinput = dx ? dx : workspace_floats(pass->ws, T * H);
        query_backward(pass, w, t, layer, dinput, x, dcontext);
    } else {
        float *dqkv = workspace_floats(pass->ws, T * 3 * H);
        attention_backward(pass, w, t, dqkv, dcontext);
        linear_backward(pass, dx, 0, dqkv, x, o->qkv_weight, o->qkv_bias, T, H, 3 * H);
    }
    if (dx)
        pass->k->add(dx, dsum, rows * H); /* the residual */
    workspace_release(pass->ws, mark);
}

void encoder_backward(const struct pass *pass, const struct window *w, float **dlevels,
                      struct gradient *gradient)
{
    size_t count = w->T * (size_t)pass->layout->shape.H;
    struct workspace_mark mark = workspace_mark(pass->ws);
    float *spare[2] = {workspace_floats(pass->ws, count), workspace_floats(pass->ws, count)};
    float *d = dlevels[pass->top];
    for (int l = pass->top - 1; l >= 0 && layer_trains(pass, l); l--) {
        float *dx = layer_trains(pass, l - 1) ? spare[l % 2] : NULL;
        layer_backward(pass, w, l, dx, d, level_output(w, l));
        if (dx && dlevels[l])
            pass->k->add(dx, dlevels[l], count);
        d = dx;
    }
    if (layer_trains(pass, -1))
        embeddings_backward(pass, w, d, gradient);
    workspace_release(pass->ws, mark);
}
