#include "nn/network.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static const double most_floats = 0x1p31; /* 8 GiB */

static void check_range(const char *what, int value, int least, int most)
{
    if (value < least || value > most)
        die(STATUS_BROKEN, "model: %s is %d: expected %d to %d", what, value, least, most);
}

/* Counted in double, which cannot overflow, before anything is allocated. */
static void check_size(const struct shape *s)
{
    double H = s->H, F = s->F, total = ((double)s->V + s->P + s->types + 2) * H + s->E;
    total += s->L * (4 * H * H + 2 * H * F + 9 * H + F) + H * (H + 1) + (double)s->C * (s->tap_count * H + 1);
    if (total > most_floats)
        die(STATUS_BROKEN, "model: %.0f parameters: expected at most 2^31", total);
}

static void check_shape(const struct shape *s)
{
    check_range("the number of layers", s->L, 0, 1000);
    check_range("the hidden size", s->H, 1, 1 << 20);
    check_range("the number of attention heads", s->A, 1, 1 << 20);
    check_range("the feed-forward size", s->F, 1, 1 << 24);
    check_range("the vocabulary size", s->V, 1, 1 << 28);
    check_range("the number of positions", s->P, 1, 1 << 24);
    check_range("the number of token types", s->types, 1, 1 << 16);
    check_range("the number of outputs", s->C, 0, 1 << 16);
    check_range("the number of loss parameters", s->E, 0, 1 << 16);
    check_range("the id of [PAD]", s->pad, -1, s->V - 1);
    check_range("the number of layers the head reads", s->tap_count, 1, MAX_TAPS);
    if (s->H % s->A != 0)
        die(STATUS_BROKEN, "model: a hidden size of %d with %d attention heads: expected a multiple", s->H,
            s->A);
    for (int i = 0; i < s->tap_count; i++)
        check_range("a layer the head reads", s->taps[i], i ? s->taps[i - 1] + 1 : 0, s->L);
    const float rates[] = {s->hidden_dropout, s->attention_dropout, s->head_dropout};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (!(rates[i] >= 0 && rates[i] < 1))
            die(STATUS_BROKEN, "model: a dropout rate of %g: expected at least 0 and less than 1",
                (double)rates[i]);
    if (!(s->layer_norm_eps >= 0 && s->layer_norm_eps <= 1))
        die(STATUS_BROKEN, "model: a layer norm epsilon of %g: expected 0 to 1", (double)s->layer_norm_eps);
    if (s->pool == POOL_NONE && s->C > 0)
        die(STATUS_BROKEN, "model: a head without a pooling: expected one");
    check_size(s);
}

/* A tensor behind those there are; returns its offset. */
static size_t add(struct layout *layout, int layer, bool decay, int rows, int cols, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
static size_t add(struct layout *layout, int layer, bool decay, int rows, int cols, const char *format, ...)
{
    struct parameter *p = &layout->table[layout->count++];
    *p = (struct parameter){
        .offset = layout->size, .rows = rows, .cols = cols, .decay = decay, .layer = layer};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->name, sizeof p->name, format, arguments);
    va_end(arguments);
    layout->size += (size_t)rows * (size_t)(cols ? cols : 1);
    return p->offset;
}

static void add_embeddings(struct layout *layout)
{
    const struct shape *s = &layout->shape;
    layout->words = add(layout, -1, true, s->V, s->H, "bert.embeddings.word_embeddings.weight");
    layout->positions = add(layout, -1, true, s->P, s->H, "bert.embeddings.position_embeddings.weight");
    layout->types = add(layout, -1, true, s->types, s->H, "bert.embeddings.token_type_embeddings.weight");
    layout->norm_weight = add(layout, -1, false, s->H, 0, "bert.embeddings.LayerNorm.weight");
    layout->norm_bias = add(layout, -1, false, s->H, 0, "bert.embeddings.LayerNorm.bias");
}

static void add_layer(struct layout *layout, int layer)
{
    static const char *const parts[3] = {"query", "key", "value"};
    const struct shape *s = &layout->shape;
    struct layer_offsets *o = &layout->layers[layer];
    for (int i = 0; i < 3; i++) {
        size_t at = add(layout, layer, true, s->H, s->H, "bert.encoder.layer.%d.attention.self.%s.weight",
                        layer, parts[i]);
        if (i == 0)
            o->qkv_weight = at;
    }
    for (int i = 0; i < 3; i++) {
        size_t at = add(layout, layer, false, s->H, 0, "bert.encoder.layer.%d.attention.self.%s.bias", layer,
                        parts[i]);
        if (i == 0)
            o->qkv_bias = at;
    }
    o->output_weight = add(layout, layer, true, s->H, s->H,
                           "bert.encoder.layer.%d.attention.output.dense.weight", layer);
    o->output_bias = add(layout, layer, false, s->H, 0, "bert.encoder.layer.%d.attention.output.dense.bias",
                         layer);
    o->norm1_weight = add(layout, layer, false, s->H, 0,
                          "bert.encoder.layer.%d.attention.output.LayerNorm.weight", layer);
    o->norm1_bias = add(layout, layer, false, s->H, 0,
                        "bert.encoder.layer.%d.attention.output.LayerNorm.bias", layer);
    o->up_weight = add(layout, layer, true, s->F, s->H, "bert.encoder.layer.%d.intermediate.dense.weight",
                       layer);
    o->up_bias = add(layout, layer, false, s->F, 0, "bert.encoder.layer.%d.intermediate.dense.bias", layer);
    o->down_weight = add(layout, layer, true, s->H, s->F, "bert.encoder.layer.%d.output.dense.weight", layer);
    o->down_bias = add(layout, layer, false, s->H, 0, "bert.encoder.layer.%d.output.dense.bias", layer);
    o->norm2_weight = add(layout, layer, false, s->H, 0, "bert.encoder.layer.%d.output.LayerNorm.weight",
                          layer);
    o->norm2_bias = add(layout, layer, false, s->H, 0, "bert.encoder.layer.%d.output.LayerNorm.bias", layer);
}

static void add_top(struct layout *layout)
{
    const struct shape *s = &layout->shape;
    if (s->pool == POOL_POOLER) {
        layout->pooler_weight = add(layout, s->L, true, s->H, s->H, "bert.pooler.dense.weight");
        layout->pooler_bias = add(layout, s->L, false, s->H, 0, "bert.pooler.dense.bias");
    }
    if (s->pool == POOL_ATTENTION)
        layout->attention = add(layout, s->L, true, s->H, 0, "rubric.attention.weight");
    if (s->C > 0) {
        layout->head_weight = add(layout, s->L, true, s->C, s->tap_count * s->H, "classifier.weight");
        layout->head_bias = add(layout, s->L, false, s->C, 0, "classifier.bias");
    }
    if (s->E > 0)
        layout->extra = add(layout, s->L, false, s->E, 0, "rubric.thresholds");
}

struct layout *layout_new(const struct shape *shape)
{
    check_shape(shape);
    struct layout *layout = memory_zeroed(1, sizeof *layout);
    layout->shape = *shape;
    layout->table = memory_zeroed(5 + 16 * (size_t)shape->L + 6, sizeof *layout->table);
    layout->layers = memory_zeroed((size_t)shape->L, sizeof *layout->layers);
    add_embeddings(layout);
    for (int i = 0; i < shape->L; i++)
        add_layer(layout, i);
    add_top(layout);
    return layout;
}

void layout_free(struct layout *layout)
{
    if (!layout)
        return;
    free(layout->table);
    free(layout->layers);
    free(layout);
}
