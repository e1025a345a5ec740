#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/config.h"
#include "model/fingerprint.h"
#include "model/weights.h"

/* Forgets the head that was read, for another one is wanted. */
static void drop_head(struct model *model)
{
    classes_free(&model->classes);
    scoring_free(&model->scoring);
    json_decref(model->rubric);
    model->scoring = (struct scoring){0};
    model->rubric = NULL;
    model->has_head = false;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    drop_head(model);
    json_decref(model->config);
    if (model->weights.map)
        file_unview(&model->weights);
    else
        free(model->params);
    layout_free(model->layout);
    free(model->vocabulary);
    free(model->directory);
    free(model);
}

static void read_text_settings(struct model *model, const struct shape *shape)
{
    struct tokenizer *tokenizer = tokenizer_open(model->directory);
    model->text = *tokenizer_settings(tokenizer);
    model->vocabulary_size = tokenizer_size(tokenizer);
    model->vocabulary = memory_string(tokenizer_vocabulary_path(tokenizer));
    snprintf(model->vocabulary_hash, sizeof model->vocabulary_hash, "%s", tokenizer_hash(tokenizer));
    tokenizer_free(tokenizer);
    if (model->vocabulary_size > (size_t)shape->V)
        die(STATUS_BROKEN, "%s: the vocabulary has %zu pieces, config.json's vocab_size is %d",
            model->directory, model->vocabulary_size, shape->V);
    if (model->text.max_length > shape->P)
        model->text.max_length = shape->P;
}

/* Whether the head in the file is the one that is wanted: then its numbers are taken, else it is drawn
 * anew. */
static bool same_head(const struct shape *saved, const struct shape *wanted)
{
    if (saved->pool != wanted->pool || saved->C != wanted->C || saved->tap_count != wanted->tap_count)
        return false;
    return memcmp(saved->taps, wanted->taps, (size_t)saved->tap_count * sizeof *saved->taps) == 0;
}

static void take_head(struct shape *shape, const struct shape *head)
{
    shape->pool = head->pool;
    shape->tap_count = head->tap_count;
    memcpy(shape->taps, head->taps, sizeof shape->taps);
    shape->C = head->C;
    shape->E = head->E;
}

/* What is loaded from the file and what is drawn. */
struct loading {
    struct model *model;
    const struct model_request *request;
    struct tensors *tensors;
    bool keep_head;      /* the file's head is the wanted one */
    struct buffer drawn; /* names of the pooler's tensors that were drawn */
};

static bool is_head(const struct layout *layout, const struct parameter *p)
{
    return p->layer == layout->shape.L && strncmp(p->name, "bert.", 5) != 0;
}

static void load_parameter(struct loading *loading, const struct parameter *p)
{
    const struct layout *layout = loading->model->layout;
    const struct tensor *tensor = weights_find(loading->tensors, layout, p);
    bool head = is_head(layout, p), pooler = strncmp(p->name, "bert.pooler.", 12) == 0;
    if (tensor && (!head || loading->keep_head)) {
        weights_copy(loading->tensors, tensor, p, loading->model->params);
        return;
    }
    /* What a new head needs beyond the encoder may be drawn. */
    bool new_head = loading->request->head && layout->shape.C > 0;
    if (!new_head || !(head || pooler))
        die(STATUS_BROKEN,
            pooler && loading->request->head
                ? "%s: has no tensor '%s': this model has no pooler (use --pool cls or --pool mean)"
                : "%s: has no tensor '%s'",
            loading->tensors->path, weights_name(layout, p));
    network_initialise_tensor(layout, p, loading->model->params, loading->request->seed);
    if (pooler) /* a new head is what was asked for; a pooler may have been expected */
        buffer_format(&loading->drawn, loading->drawn.size ? ", %s" : "%s", weights_name(layout, p));
}

/* Rubric's own files hold the block as it lies in memory, so that it need not be copied: pages that nobody
 * reads (rows of words that do not occur) stay on disk. */
static bool map_parameters(struct loading *loading)
{
    struct model *model = loading->model;
    struct tensors *tensors = loading->tensors;
    const struct tensor *first = weights_find(tensors, model->layout, &model->layout->table[0]);
    if (loading->request->own || !first || !tensors->file.map || (uintptr_t)first->at % 64 != 0)
        return false;
    for (size_t i = 0; i < model->layout->count; i++) {
        const struct parameter *p = &model->layout->table[i];
        const struct tensor *tensor = weights_find(tensors, model->layout, p);
        if (!tensor || tensor->type != TENSOR_F32 || !weights_fit(tensor, p) ||
            tensor->at != first->at + 4 * p->offset || (is_head(model->layout, p) && !loading->keep_head))
            return false;
    }
    model->weights = tensors->file;
    model->params = (float *)(uintptr_t)first->at;
    tensors->file = (struct file_view){0}; /* the model's from now on */
    return true;
}

/* A parameter has bytes of its own in every file that was saved: a small file is no large model. */
static void check_bytes(const struct model *model, const struct tensors *tensors)
{
    const struct layout *layout = model->layout;
    uint64_t bytes = 0;
    for (size_t i = 0; i < layout->count; i++) {
        const struct tensor *tensor = weights_find(tensors, layout, &layout->table[i]);
        if (tensor)
            bytes += tensor_elements(tensors, tensor) * (tensor->type == TENSOR_F32 ? 4 : 2);
    }
    if (bytes > tensors->file.size)
        die(STATUS_BROKEN, "%s: its tensors would have %llu bytes, and it has %zu: they overlap",
            tensors->path, (unsigned long long)bytes, tensors->file.size);
}

static void load_parameters(struct model *model, struct tensors *tensors, const struct model_request *request,
                            bool keep_head)
{
    struct loading loading = {model, request, tensors, keep_head, {0}};
    weights_account(tensors);
    check_bytes(model, tensors);
    if (map_parameters(&loading))
        return;
    model->params = memory_aligned(model->layout->size, sizeof *model->params);
    for (size_t i = 0; i < model->layout->count; i++)
        load_parameter(&loading, &model->layout->table[i]);
    if (loading.drawn.size > 0)
        note("%s: drawn from seed %llu: %.*s", tensors->path, (unsigned long long)request->seed,
             (int)loading.drawn.size, loading.drawn.at);
    buffer_free(&loading.drawn);
    file_view_check(&tensors->file);
}

void model_check_unchanged(const struct model *model) { file_view_check(&model->weights); }

/* A head is there when a "rubric" object says it was trained, or a foreign file holds a classifier. */
static bool head_saved(const json_t *config, const struct tensors *tensors)
{
    const json_t *rubric = json_object_get(config, "rubric");
    if (!tensors)
        return false;
    if (json_object_get(rubric, "loss"))
        return json_is_true(json_object_get(rubric, "trained"));
    return tensors_find(tensors, "classifier.weight") != NULL;
}

static void cut_layers(struct shape *shape, const struct model_request *request, const char *directory)
{
    int top = request->layers > 0 ? request->layers : shape->L;
    if (top > shape->L)
        die(STATUS_BROKEN, "%s: has %d layers: layer %d was asked for", directory, shape->L, top);
    if (shape->C == 0 && !request->head)
        shape->taps[0] = top;
    if (shape->taps[shape->tap_count - 1] > top)
        die(STATUS_BROKEN, "%s: its head reads layer %d: the encoder cannot be cut at %d", directory,
            shape->taps[shape->tap_count - 1], top);
    shape->L = top;
}

struct model *model_open(const char *directory, const struct model_request *request)
{
    struct model *model = memory_zeroed(1, sizeof *model);
    struct model_snapshot snapshot = model_snapshot(directory);
    model->directory = memory_string(directory);
    model->config = config_read(directory);
    char *path = memory_format("%s/config.json", directory);
    struct shape shape = config_shape(model->config, path), saved = shape;
    read_text_settings(model, &shape);
    struct tensors *tensors = weights_open(directory);
    model->pretrained = tensors != NULL;
    model->has_head = head_saved(model->config, tensors);
    if (request->need_head && !model->has_head)
        die(STATUS_BROKEN, "%s: holds no trained head: train one with 'fit -m %s -o model'", directory,
            directory);
    if (model->has_head) {
        config_head(model->config, path, &saved);
        config_scoring(model->config, path, model);
    }
    take_head(&shape, request->head ? request->head : &saved);
    cut_layers(&shape, request, directory);
    model->layout = layout_new(&shape);
    const json_t *rubric = json_object_get(model->config, "rubric");
    model->rubric = rubric ? json_deep_copy(rubric) : NULL;
    bool keep_head = model->has_head && same_head(&saved, &shape);
    if (request->head && !keep_head)
        drop_head(model);
    if (tensors && !request->no_weights) {
        load_parameters(model, tensors, request, keep_head);
    } else if (!request->no_weights) {
        model->params = memory_aligned(model->layout->size, sizeof *model->params);
        network_initialise(model->layout, model->params, request->seed);
    }
    model_fingerprint(directory, model->fingerprint);
    model_snapshot_check(&snapshot, directory);
    tensors_free(tensors);
    free(path);
    return model;
}

struct model *model_scratch(const char *directory, const struct shape *shape, uint64_t seed)
{
    struct model *model = memory_zeroed(1, sizeof *model);
    model->directory = memory_string(directory);
    read_text_settings(model, shape);
    model->layout = layout_new(shape);
    model->params = memory_aligned(model->layout->size, sizeof *model->params);
    network_initialise(model->layout, model->params, seed);
    return model;
}

bool model_shape_parse(const char *text, struct shape *shape)
{
    static const struct {
        const char *name;
        int L, H, A;
    } known[] = {{"tiny", 2, 128, 2},
                 {"mini", 4, 256, 4},
                 {"small", 4, 512, 8},
                 {"medium", 8, 512, 8},
                 {"base", 12, 768, 12}};
    int L, H, A, end = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, text) == 0) {
            shape->L = known[i].L;
            shape->H = known[i].H;
            shape->A = known[i].A;
            shape->F = 4 * shape->H;
            return true;
        }
    }
    if (sscanf(text, "%4d,%5d,%4d%n", &L, &H, &A, &end) != 3 || text[end] || L < 1 || H < 1 || A < 1)
        return false;
    shape->L = L;
    shape->H = H;
    shape->A = A;
    shape->F = 4 * H;
    return true;
}
