#include "train/start.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/config.h"
#include "train/heads.h"

enum { MEBIBYTE = 1 << 20 };

static uint64_t mebibytes(uint64_t bytes) { return bytes / MEBIBYTE + 1; }

/* Layers of the encoder that is saved with a head. */
static int encoder_layers(const struct shape *shape)
{
    int top = shape->taps[shape->tap_count - 1];
    return top > 0 ? top : 1;
}

/* What the vectors are, as embed said it. */
static void read_vector_shape(struct start *start, const struct header *header)
{
    struct shape *shape = &start->shape;
    const char *pool = json_string_value(json_object_get(header->map, "pool"));
    const json_t *layers = json_object_get(header->map, "layers");
    json_int_t dim = json_integer_value(json_object_get(header->map, "dim"));
    if (!pool || !pooling_parse(pool, &shape->pool) || !json_is_array(layers)
        || json_array_size(layers) > MAX_TAPS || json_array_size(layers) == 0)
        die(STATUS_BROKEN, "the stream's header does not say what its vectors are ('pool', 'layers')");
    if (shape->pool == POOL_NONE)
        die(STATUS_USAGE,
            "the stream has a vector for every token: a head needs one for each text (embed --pool mean)");
    shape->tap_count = (int)json_array_size(layers);
    for (int i = 0; i < shape->tap_count; i++)
        shape->taps[i] = (int)json_integer_value(json_array_get(layers, (size_t)i));
    start->width = (size_t)shape->tap_count * (size_t)shape->H;
    if (dim != (json_int_t)start->width)
        die(STATUS_BROKEN, "the stream's vectors have %lld numbers: %d layers of %s make %zu", (long long)dim,
            shape->tap_count, start->settings->directory, start->width);
    struct shape cut = *shape;
    cut.L = encoder_layers(shape);
    struct layout *layout = layout_new(&cut);
    start->parameters = layout->size;
    layout_free(layout);
}

/* The head is saved with the encoder that made the vectors, so that must be the one that is here. */
static void check_encoder(const struct start *start, const struct header *header)
{
    const json_t *encoder = json_object_get(header->map, "encoder");
    const char *print = json_string_value(json_object_get(encoder, "print"));
    const char *path = json_string_value(json_object_get(encoder, "path"));
    if (!print)
        die(STATUS_BROKEN, "the stream does not say which encoder made its vectors");
    if (strcmp(print, start->settings->print) != 0)
        die(STATUS_BROKEN,
            "the vectors were made by the encoder %s (print %.8s), and %s is another one (%.8s): -m DIR says "
            "where it is",
            path ? path : "?", print, start->settings->directory, start->settings->print);
}

void start_check_header(void *context, const struct header *header)
{
    struct start *start = context;
    if (!start->settings) {
        char *directory = model_find(start->option, header);
        start->settings = model_open(directory, &(struct model_request){.no_weights = true});
        start->shape = start->settings->layout->shape;
        if (start->plan->shape) {
            model_shape_parse(start->plan->shape, &start->shape);
            start->shape.tap_count = 1;
            start->shape.taps[0] = start->shape.L;
        }
        struct classes scale = {.ordered = header->y != LABEL_STRING || header->ordered};
        start->head = start->plan->head >= 0 ? start->plan->head : head_default(&scale);
        free(directory);
    }
    if (header->kind == KIND_VECTORS) {
        if (start->plan->scratch)
            die(STATUS_USAGE, "--scratch is for tokens: vectors come from an encoder that stays as it is");
        check_encoder(start, header);
        read_vector_shape(start, header);
    } else {
        if (start->plan->head >= 0)
            die(STATUS_USAGE,
                "--head is fitted to vectors, and these are tokens: embed makes vectors of them");
        model_check_tokens(start->settings, header);
    }
}

/* The least that will do for what has come. */
static uint64_t least(const struct start *start, const struct extent *extent)
{
    enum linear_kind head = (enum linear_kind)start->head;
    uint64_t fixed = start->width
        ? budget_head(head, start->width, start->parameters, start->threads, extent)
        : budget_training(&start->shape, start->plan, start->threads, extent);
    return fixed + BUDGET_LEAST_SPOOL;
}

static void refuse(const struct start *start, const struct extent *extent)
{
    enum { MORE = 10000 };
    struct buffer why = {0}, outlook = {0};
    uint64_t need = least(start, extent);
    if (start->width && extent->records) {
        struct extent longer = *extent;
        longer.records += MORE;
        buffer_format(&why, "a head holds all vectors: %" PRIu64 "%s and %d threads", extent->records,
                      extent->whole ? "" : " so far", start->threads);
        if (!extent->whole)
            buffer_format(&outlook, ", and every %d more about %" PRIu64 "M", MORE,
                          mebibytes(least(start, &longer) - need));
    } else if (start->width) {
        buffer_format(&why, "a head on vectors of %zu numbers and %d threads", start->width, start->threads);
    } else {
        buffer_format(&why, "this model, batch and %d threads", start->threads);
        if (extent->windows > 1)
            buffer_format(&why, ", with an essay of %zu windows,", extent->windows);
    }
    die(STATUS_USAGE, "--memory %" PRIu64 "M is too little: %.*s need %" PRIu64 "M%.*s",
        start->memory / MEBIBYTE, (int)why.size, why.at, mebibytes(need), (int)outlook.size, outlook.at);
}

uint64_t start_room(void *context, const struct extent *extent)
{
    const struct start *start = context;
    if (start->memory == 0)
        return BUDGET_SPOOL;
    uint64_t need = least(start, extent);
    if (need <= start->memory)
        return start->memory - need + BUDGET_LEAST_SPOOL;
    if (start->width || extent->tokens == 0 || extent->whole)
        refuse(start, extent);
    return 0;
}

void start_free(struct start *start) { model_free(start->settings); }

/* The head's tensors, drawn; the loss's own parameters at their first values. */
static void draw_head(const struct goal *goal, struct model *model, uint64_t seed)
{
    const struct layout *layout = model->layout;
    for (size_t i = 0; i < layout->count; i++) {
        const struct parameter *p = &layout->table[i];
        if (p->offset == layout->head_weight || p->offset == layout->head_bias)
            network_initialise_tensor(layout, p, model->params, seed);
    }
    if (layout->shape.E)
        loss_initial_extra(&goal->objective, model->params + layout->extra);
}

/* A head fits when it was trained for the same end; else it is drawn anew, and that is said. */
static void settle_head(const struct start *start, const struct goal *goal, struct model *model)
{
    uint64_t seed = (uint64_t)start->plan->seed;
    bool same = model->has_head && model->scoring.loss == goal->objective.loss
        && model->label_count == goal->classes->count;
    if (same) {
        note("%s: its trained head is trained further", model->directory);
        goal_unfold(goal, model->layout, model->params);
        return;
    }
    if (start->settings->has_head && !start->plan->scratch)
        note("%s: its head was trained for another loss, pooling or other classes, and is drawn anew",
             model->directory);
    draw_head(goal, model, seed);
}

struct model *start_open(const struct start *start, const struct goal *goal)
{
    const struct plan *plan = start->plan;
    struct shape shape = start->shape;
    shape.pool = plan_pooling(plan->pool);
    if (plan->scratch || shape.pool != start->settings->layout->shape.pool) {
        shape.tap_count = 1;
        shape.taps[0] = shape.L;
    }
    shape.C = loss_outputs(goal->objective.loss, goal->objective.classes);
    shape.E = loss_extra_count(goal->objective.loss, goal->objective.classes);
    struct model_request request = {.head = &shape, .seed = (uint64_t)plan->seed};
    struct model *model = plan->scratch
        ? model_scratch(start->settings->directory, &shape, (uint64_t)plan->seed)
        : model_open(start->settings->directory, &request);
    settle_head(start, goal, model);
    if (plan->dropout >= 0) {
        struct shape *s = &model->layout->shape;
        s->hidden_dropout = s->attention_dropout = s->head_dropout = (float)plan->dropout;
    }
    return model;
}

struct model *start_open_encoder(const struct start *start, int outputs, int extras)
{
    struct shape shape = start->shape;
    shape.C = outputs;
    shape.E = extras;
    struct model_request request = {
        .head = &shape, .seed = (uint64_t)start->plan->seed, .layers = encoder_layers(&shape)};
    return model_open(start->settings->directory, &request);
}
