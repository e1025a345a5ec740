/* The embeddings of BERT: dropout(LayerNorm(word + type + position)). */
#include "nn/encoder.h"

#include <stdlib.h>
#include <string.h>

#include "nn/rows.h"

void embeddings_forward(const struct pass *pass, struct window *w)
{
    const struct layout *layout = pass->layout;
    const struct shape *s = &layout->shape;
    size_t T = w->T, H = (size_t)s->H;
    bool trains = layer_trains(pass, -1);
    w->hat = trains ? workspace_floats(pass->ws, T * H) : NULL;
    w->rstd = trains ? workspace_floats(pass->ws, T) : NULL;
    w->embedded = workspace_floats(pass->ws, T * H);
    w->drop = dropout_draw(pass, w, SITE_EMBEDDINGS, 0, s->hidden_dropout, T, H);
    for (size_t i = 0; i < T; i++) {
        size_t type = w->types ? (size_t)w->types[i] : 0;
        float *to = w->embedded + i * H;
        memcpy(to, pass->params + layout->words + (size_t)w->ids[i] * H, H * sizeof *to);
        pass->k->add(to, pass->params + layout->types + type * H, H);
    }
    pass->k->norm_forward(&(struct norm_forward){.out = w->embedded,
                                                 .hat = w->hat,
                                                 .rstd = w->rstd,
                                                 .y = w->embedded,
                                                 .residual = pass->params + layout->positions,
                                                 .keep = 1,
                                                 .gain = pass->params + layout->norm_weight,
                                                 .shift = pass->params + layout->norm_bias,
                                                 .eps = s->layer_norm_eps,
                                                 .rows = T,
                                                 .n = H});
    if (w->drop.mask)
        pass->k->drop(w->embedded, w->embedded, w->drop.mask, w->drop.stride, w->drop.keep, T, H);
}

struct place {
    int32_t id;
    uint32_t token;
};

static int by_id_and_token(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    if (p->id != q->id)
        return p->id < q->id ? -1 : 1;
    return p->token < q->token ? -1 : p->token > q->token;
}

/* Adds dsum [T, H] to the rows of the window's words, equal words in the order of their tokens. */
static void words_backward(const struct pass *pass, const struct window *w, const float *dsum,
                           struct gradient *gradient)
{
    size_t T = w->T, H = (size_t)pass->layout->shape.H, count = 0;
    struct place *places = workspace_bytes(pass->ws, T * sizeof *places);
    int32_t *rows = workspace_bytes(pass->ws, T * sizeof *rows);
    float *values = workspace_floats(pass->ws, T * H);
    for (size_t i = 0; i < T; i++)
        places[i] = (struct place){w->ids[i], (uint32_t)i};
    qsort(places, T, sizeof *places, by_id_and_token);
    for (size_t i = 0; i < T; i++) {
        const float *from = dsum + places[i].token * H;
        if (places[i].id == pass->layout->shape.pad)
            continue;
        if (count && rows[count - 1] == places[i].id) {
            pass->k->add(values + (count - 1) * H, from, H);
        } else {
            memcpy(values + count * H, from, H * sizeof *values);
            rows[count++] = places[i].id;
        }
    }
    rows_merge(gradient, rows, values, count, H, pass->k);
}

void embeddings_backward(const struct pass *pass, const struct window *w, float *dx,
                         struct gradient *gradient)
{
    const struct layout *layout = pass->layout;
    size_t T = w->T, H = (size_t)layout->shape.H;
    if (w->drop.mask)
        pass->k->drop(dx, dx, w->drop.mask, w->drop.stride, w->drop.keep, T, H);
    pass->k->norm_backward(dx, pass->dense + layout->norm_weight, pass->dense + layout->norm_bias, dx, w->hat,
                           w->rstd, pass->params + layout->norm_weight, T, H);
    pass->k->add(pass->dense + layout->positions, dx, T * H);
    if (!w->types)
        pass->k->column_sums(pass->dense + layout->types, dx, T, H);
    for (size_t i = 0; w->types && i < T; i++)
        pass->k->add(pass->dense + layout->types + (size_t)w->types[i] * H, dx + i * H, H);
    words_backward(pass, w, dx, gradient);
}
