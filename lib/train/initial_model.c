#include "train/initial_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/config.h"

/* Layers of the encoder that is saved with a head. */
static int encoder_layers(const struct shape *shape)
{
    int top = shape->taps[shape->tap_count - 1];
    return top > 0 ? top : 1;
}

static size_t encoder_parameters(struct shape shape)
{
    shape.L = encoder_layers(&shape);
    struct layout *layout = layout_new(&shape);
    size_t parameters = layout->size;
    layout_free(layout);
    return parameters;
}

/* What the vectors are, as embed said it. */
static void read_vector_shape(struct initial_model *initial, const struct header *header)
{
    struct shape *shape = &initial->shape;
    const char *pool = json_string_value(json_object_get(header->map, "pool"));
    const json_t *layers = json_object_get(header->map, "layers");
    json_int_t dim = json_integer_value(json_object_get(header->map, "dim"));
    if (!pool || !pooling_parse(pool, &shape->pool) || !json_is_array(layers) ||
        json_array_size(layers) > MAX_TAPS || json_array_size(layers) == 0)
        die(STATUS_BROKEN, "the stream's header does not say what its vectors are ('pool', 'layers')");
    if (shape->pool == POOL_NONE)
        die(STATUS_USAGE,
            "the stream has a vector for every token: a head needs one for each text (embed --pool mean)");
    shape->tap_count = (int)json_array_size(layers);
    for (int i = 0; i < shape->tap_count; i++) {
        const json_t *layer = json_array_get(layers, (size_t)i);
        if (!json_is_integer(layer) || json_integer_value(layer) < 0 || json_integer_value(layer) > shape->L)
            die(STATUS_BROKEN,
                "the stream's header says that its vectors are of layers that %s does not have",
                initial->settings->directory);
        shape->taps[i] = (int)json_integer_value(layer);
    }
    initial->width = (size_t)shape->tap_count * (size_t)shape->H;
    if (dim != (json_int_t)initial->width)
        die(STATUS_BROKEN, "the stream's vectors have %lld numbers: %d layers of %s make %zu", (long long)dim,
            shape->tap_count, initial->settings->directory, initial->width);
    initial->parameters = encoder_parameters(*shape);
}

/* The head is saved with the encoder that made the vectors, so that must be the one that is here. */
static void check_encoder(const struct initial_model *initial, const struct header *header)
{
    const json_t *encoder = json_object_get(header->map, "encoder");
    const char *fingerprint = json_string_value(json_object_get(encoder, "print"));
    const char *path = json_string_value(json_object_get(encoder, "path"));
    if (!fingerprint)
        die(STATUS_BROKEN, "the stream does not say which encoder made its vectors");
    if (strcmp(fingerprint, initial->settings->fingerprint) != 0)
        die(STATUS_BROKEN,
            "the vectors were made by the encoder %s (print %.8s), and %s is another one (%.8s): -m DIR says "
            "where it is",
            path ? path : "?", fingerprint, initial->settings->directory, initial->settings->fingerprint);
}

void initial_model_check(const struct initial_model *initial, const struct header *header)
{
    if (header->kind == KIND_VECTORS)
        check_encoder(initial, header);
    else
        model_check_tokens(initial->settings, header);
}

static void check_options(const struct fit_config *config, bool vectors)
{
    if (vectors && config->scratch)
        die(STATUS_USAGE, "--scratch is for tokens: vectors come from an encoder that stays as it is");
    if (!vectors && config->head >= 0)
        die(STATUS_USAGE, "--head is fitted to vectors, and these are tokens: embed makes vectors of them");
}

void initial_model_find(struct initial_model *initial, const char *option, const struct header *header,
                        const struct fit_config *config)
{
    char *directory = model_find(option, header);
    *initial = (struct initial_model){
        .config = config, .settings = model_open(directory, &(struct model_request){.no_weights = true})};
    free(directory);
    initial->shape = initial->settings->layout->shape;
    if (config->shape) {
        model_shape_parse(config->shape, &initial->shape);
        initial->shape.tap_count = 1;
        initial->shape.taps[0] = initial->shape.L;
    }
    check_options(config, header->kind == KIND_VECTORS);
    initial_model_check(initial, header);
    if (header->kind == KIND_VECTORS) {
        read_vector_shape(initial, header);
        initial->head = fit_config_head(config, header->y != LABEL_STRING || header->classes.ordered);
    }
}

void initial_model_free(struct initial_model *initial) { model_free(initial->settings); }

/* The head's tensors, drawn; the loss's own parameters at their first values. */
static void draw_head(const struct objective *objective, struct model *model, uint64_t seed)
{
    const struct layout *layout = model->layout;
    for (size_t i = 0; i < layout->count; i++) {
        const struct parameter *p = &layout->table[i];
        if (p->offset == layout->head_weight || p->offset == layout->head_bias)
            network_initialise_tensor(layout, p, model->params, seed);
    }
    if (layout->shape.E)
        loss_initial_extra(&objective->spec, model->params + layout->extra);
}

/* A head that was trained for the same loss and as many classes stays; else it is drawn anew, with a note. */
static void settle_head(const struct initial_model *initial, const struct objective *objective,
                        struct model *model)
{
    uint64_t seed = (uint64_t)initial->config->seed;
    bool same = model->has_head && model->scoring.loss == objective->spec.loss &&
                model->classes.count == objective->classes->count;
    if (same) {
        note("%s: its trained head is trained further", model->directory);
        objective_unfold(objective, model->layout, model->params);
        return;
    }
    if (initial->settings->has_head && !initial->config->scratch)
        note("%s: its head was trained for another loss, pooling or other classes, and is drawn anew",
             model->directory);
    draw_head(objective, model, seed);
}

/* The directory was looked at before the records were read, and its weights are read now. */
static void check_same(const struct initial_model *initial, const struct model *model)
{
    if (!initial->config->scratch && strcmp(model->fingerprint, initial->settings->fingerprint) != 0)
        die(STATUS_BROKEN, "%s: was changed while fit was reading the records", model->directory);
}

struct model *initial_model_open(const struct initial_model *initial, const struct objective *objective)
{
    const struct fit_config *config = initial->config;
    struct shape shape = initial->shape;
    shape.pool = fit_config_pooling(config->pool);
    if (config->scratch || shape.pool != initial->settings->layout->shape.pool) {
        shape.tap_count = 1;
        shape.taps[0] = shape.L;
    }
    shape.C = loss_outputs(objective->spec.loss, objective->spec.classes);
    shape.E = loss_extra_count(objective->spec.loss, objective->spec.classes);
    struct model_request request = {.head = &shape, .seed = (uint64_t)config->seed, .own = true};
    struct model *model = config->scratch
                              ? model_scratch(initial->settings->directory, &shape, (uint64_t)config->seed)
                              : model_open(initial->settings->directory, &request);
    check_same(initial, model);
    settle_head(initial, objective, model);
    if (config->dropout >= 0) {
        struct shape *s = &model->layout->shape;
        s->hidden_dropout = s->attention_dropout = s->head_dropout = (float)config->dropout;
    }
    return model;
}

struct model *initial_model_open_encoder(const struct initial_model *initial, int C, int E)
{
    struct shape shape = initial->shape;
    shape.C = C;
    shape.E = E;
    struct model_request request = {.head = &shape,
                                    .seed = (uint64_t)initial->config->seed,
                                    .layers = encoder_layers(&shape),
                                    .own = true};
    struct model *model = model_open(initial->settings->directory, &request);
    check_same(initial, model);
    return model;
}
