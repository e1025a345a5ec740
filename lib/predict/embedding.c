#include "predict/embedding.h"

#include <stdlib.h>

#include "base/error.h"
#include "model/config.h"
#include "stream/msgpack.h"

int embedding_layers(const char *directory)
{
    json_t *config = config_read(directory);
    char *path = memory_format("%s/config.json", directory);
    int L = config_shape(config, path).L;
    free(path);
    json_decref(config);
    return L;
}

struct shape embedding_shape(const char *directory, const struct text_list *layers, enum pooling pool)
{
    int L = embedding_layers(directory);
    struct shape shape = {.pool = pool, .tap_count = 1, .taps = {L}};
    if (layers->count > MAX_TAPS)
        command_misuse("--layer has %zu layers: expected at most %d", layers->count, MAX_TAPS);
    for (size_t i = 0; i < layers->count; i++) {
        int64_t layer;
        if (!parse_integer(layers->at[i], 0, L, &layer) || (i > 0 && layer <= shape.taps[i - 1]))
            command_misuse("--layer has '%s': expected layers from 0 (the embeddings) to %d, ascending",
                           layers->at[i], L);
        shape.taps[i] = (int)layer;
        shape.tap_count = (int)i + 1;
    }
    if (pool == POOL_POOLER && (shape.tap_count > 1 || shape.taps[0] != L))
        command_misuse("--pool pooler reads the top layer, %d, only", L);
    return shape;
}

void embedding_header(struct header *header, const struct model *model)
{
    const struct shape *shape = &model->layout->shape;
    header_set_kind(header, KIND_VECTORS);
    json_t *layers = json_array();
    for (int i = 0; i < shape->tap_count; i++)
        json_array_append_new(layers, json_integer(shape->taps[i]));
    header_set(header, "dim", json_integer((json_int_t)shape->tap_count * shape->H));
    header_set(header, "layers", layers);
    header_set(header, "pool", json_string(pooling_name(shape->pool)));
    header_set(header, "encoder",
               json_pack("{s:s, s:s}", "path", model->directory, "print", model->fingerprint));
    header_set_model(header, model->directory, model->fingerprint);
}

static void set_rows(struct record *record, const float *values, size_t rows, size_t width)
{
    struct buffer packed = {0};
    msgpack_put_array(&packed, (uint32_t)rows);
    for (size_t i = 0; i < rows; i++) {
        msgpack_put_array(&packed, (uint32_t)width);
        for (size_t j = 0; j < width; j++)
            msgpack_put_float(&packed, values[i * width + j]);
    }
    record_set_raw(record, "vec", (struct slice){packed.at, packed.size});
    buffer_free(&packed);
}

void embedding_set(const struct batch_result *result, const struct model *model)
{
    struct record *record = result->record;
    const struct shape *shape = &model->layout->shape;
    record_remove(record, "ids");
    record_remove(record, "types");
    record_remove(record, "win");
    if (!result->values)
        return;
    if (shape->pool == POOL_NONE)
        set_rows(record, result->values, result->tokens, (size_t)shape->tap_count * (size_t)shape->H);
    else
        record_set_floats(record, "vec", result->values, result->count);
}
