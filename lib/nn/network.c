/* The public face: one example through embeddings, layers, pooling, head and back. */
#include "nn/encoder.h"

#include <string.h>

/* Lays out the windows of an example; nothing is computed yet. */
static struct pass pass_begin(struct workspace *ws, const float *params, const struct network_input *e,
                              const struct training_step *step)
{
    const struct shape *s = &ws->layout->shape;
    workspace_reset(ws);
    struct pass pass = {.ws = ws,
                        .layout = ws->layout,
                        .k = ws->kernels,
                        .params = params,
                        .step = step,
                        .top = s->taps[s->tap_count - 1],
                        .window_count = e->window_count,
                        .tokens = e->tokens};
    pass.one_query = pass.top > 0 && (s->pool == POOL_CLS || s->pool == POOL_POOLER);
    pass.windows = workspace_bytes(ws, e->window_count * sizeof *pass.windows);
    for (size_t i = 0; i < e->window_count; i++) {
        size_t first = e->windows ? (size_t)e->windows[i] : 0;
        size_t end = e->windows ? (size_t)e->windows[i + 1] : e->tokens;
        pass.windows[i] = (struct window){.ids = e->ids + first,
                                          .types = e->types ? e->types + first : NULL,
                                          .T = end - first,
                                          .number = i,
                                          .first = first};
    }
    return pass;
}

/* Each window takes the memory of the one before, unless all are kept; the last stays. */
static void pass_forward(struct pass *pass, struct pool_trace *trace, float *vector)
{
    pool_begin(pass, trace, vector);
    pass->mark = workspace_mark(pass->ws);
    for (size_t i = 0; i < pass->window_count; i++) {
        if (!pass->keeps)
            workspace_release(pass->ws, pass->mark);
        encoder_forward(pass, &pass->windows[i]);
        pool_window(pass, trace, &pass->windows[i], vector);
    }
    pool_end(pass, trace, vector);
}

void network_head(const struct layout *layout, const float *params, const float *vector, float *logits)
{
    const struct kernels *k = kernels_chosen();
    size_t X = (size_t)layout->shape.tap_count * (size_t)layout->shape.H;
    for (size_t c = 0; c < (size_t)layout->shape.C; c++)
        logits[c] = k->dot(params + layout->head_weight + c * X, vector, X) + params[layout->head_bias + c];
}

void network_logits(struct workspace *ws, const float *params, const struct network_input *input,
                    float *logits)
{
    const struct shape *s = &ws->layout->shape;
    struct pass pass = pass_begin(ws, params, input, NULL);
    struct pool_trace trace;
    float *vector = workspace_floats(ws, (size_t)s->tap_count * (size_t)s->H);
    pass_forward(&pass, &trace, vector);
    network_head(ws->layout, params, vector, logits);
}

void network_embed(struct workspace *ws, const float *params, const struct network_input *input,
                   float *vectors)
{
    struct pass pass = pass_begin(ws, params, input, NULL);
    struct pool_trace trace;
    pass_forward(&pass, &trace, vectors);
}

/* Zeroed gradients of one window for the levels that the head reads and whose gradient someone reads. */
static float **new_dlevels(const struct pass *pass, const struct window *w)
{
    const struct shape *s = &pass->layout->shape;
    size_t levels = (size_t)pass->top + 1;
    float **dlevels = workspace_bytes(pass->ws, levels * sizeof *dlevels);
    memset(dlevels, 0, levels * sizeof *dlevels);
    for (int i = 0; i < s->tap_count; i++) {
        bool single = pass->one_query && s->taps[i] == pass->top;
        if (layer_trains(pass, s->taps[i] - 1))
            dlevels[s->taps[i]] = workspace_zeros(pass->ws, (single ? 1 : w->T) * (size_t)s->H);
    }
    return dlevels;
}

/* The last window is still there; those before it are too, or are computed again, one at a time. */
static void pass_backward(struct pass *pass, const struct pool_trace *trace, const float *vector,
                          const float *dvector, struct gradient *gradient)
{
    if (!layer_trains(pass, pass->top - 1) && !pool_trains(pass))
        return;
    for (size_t i = pass->window_count; i-- > 0;) {
        struct window *w = &pass->windows[i];
        if (!pass->keeps && i + 1 < pass->window_count) {
            workspace_release(pass->ws, pass->mark);
            encoder_forward(pass, w);
        }
        struct workspace_mark mark = workspace_mark(pass->ws);
        float **dlevels = new_dlevels(pass, w);
        pool_backward(pass, trace, w, vector, dvector, dlevels);
        encoder_backward(pass, w, dlevels, gradient);
        workspace_release(pass->ws, mark);
    }
}

/* The head's gradients, and dvector [X]. */
static void head_backward(const struct pass *pass, float *dvector, const float *vector, const float *dlogits,
                          const struct dropout *drop, size_t X)
{
    const struct layout *layout = pass->layout;
    memset(dvector, 0, X * sizeof *dvector);
    for (size_t c = 0; c < (size_t)layout->shape.C; c++) {
        pass->k->add_scaled(pass->dense + layout->head_weight + c * X, vector, dlogits[c], X);
        pass->k->add_scaled(dvector, pass->params + layout->head_weight + c * X, dlogits[c], X);
        pass->dense[layout->head_bias + c] += dlogits[c];
    }
    pass->k->drop(dvector, dvector, drop->mask, drop->stride, drop->keep, 1, X);
}

double network_train(struct workspace *ws, const float *params, const struct network_input *input,
                     const struct training_step *step, loss_function *loss, void *context, float *logits,
                     struct gradient *gradient)
{
    const struct layout *layout = ws->layout;
    const struct shape *s = &layout->shape;
    size_t X = (size_t)s->tap_count * (size_t)s->H, C = (size_t)s->C, E = (size_t)s->E;
    struct pass pass = pass_begin(ws, params, input, step);
    struct pool_trace trace;
    pass.keeps = pass.window_count <= WINDOWS_KEPT;
    pass.dense = gradient->dense - (size_t)s->V * (size_t)s->H;
    float *vector = workspace_floats(ws, X), *kept = workspace_floats(ws, X); /* before and after dropout */
    float *dvector = workspace_floats(ws, X);
    float *outputs = workspace_floats(ws, C), *doutputs = workspace_zeros(ws, C),
          *dextra = workspace_zeros(ws, E);

    pass_forward(&pass, &trace, vector);
    struct dropout drop = dropout_draw(&pass, NULL, SITE_HEAD, 0, s->head_dropout, 1, X);
    pass.k->drop(kept, vector, drop.mask, drop.stride, drop.keep, 1, X);
    network_head(layout, params, kept, outputs);
    double value = loss(context, outputs, E ? params + layout->extra : NULL, doutputs, E ? dextra : NULL);
    if (logits)
        memcpy(logits, outputs, C * sizeof *logits);

    head_backward(&pass, dvector, kept, doutputs, &drop, X);
    if (E)
        pass.k->add(pass.dense + layout->extra, dextra, E);
    pass_backward(&pass, &trace, vector, dvector, gradient);
    return value;
}
