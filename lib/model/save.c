#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "model/config.h"
#include "model/fingerprint.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "model/weights.h"

static void save_parameters(const struct model *model, const char *path)
{
    const struct layout *layout = model->layout;
    struct safetensor *tensors = memory_zeroed(layout->count, sizeof *tensors);
    for (size_t i = 0; i < layout->count; i++) {
        const struct parameter *p = &layout->table[i];
        tensors[i] = (struct safetensor){
            .name = weights_name(layout, p),
            .rank = p->cols ? 2 : 1,
            .shape = {(uint64_t)p->rows, (uint64_t)p->cols},
            .at = model->params + p->offset,
        };
    }
    safetensors_save(path, tensors, layout->count);
    free(tensors);
}

/* The tokenizer of a model directory or of a bare vocabulary file. */
static struct tokenizer *open_vocabulary(const struct model *model, const char *from)
{
    struct stat about;
    if (stat(from, &about) != 0)
        die_errno("%s: cannot find the vocabulary", from);
    if (S_ISDIR(about.st_mode))
        return tokenizer_open(from);
    const char *slash = strrchr(from, '/');
    if (slash && strcmp(slash, "/tokenizer.json") == 0) {
        char *directory = memory_format("%.*s", (int)(slash - from), from);
        struct tokenizer *tokenizer = tokenizer_open(directory);
        free(directory);
        return tokenizer;
    }
    return tokenizer_open_vocabulary(from, !model->text.lower_case);
}

static void save_json(json_t *object, const char *directory, const char *name)
{
    char *path = memory_format("%s/%s", directory, name);
    json_save(path, object);
    free(path);
    json_decref(object);
}

static void save_text(const struct model *model, const char *directory, const char *from)
{
    struct tokenizer *tokenizer = open_vocabulary(model, from);
    if (strcmp(tokenizer_hash(tokenizer), model->vocabulary_hash) != 0 ||
        strcmp(tokenizer_settings(tokenizer)->added, model->text.added) != 0)
        die(STATUS_BROKEN,
            "%s: is not the vocabulary of the model any more: was it changed while rubric ran?", from);
    struct buffer pieces = {0};
    for (size_t id = 0; id < tokenizer_word_pieces(tokenizer); id++) {
        struct slice piece = tokenizer_piece(tokenizer, (int32_t)id);
        buffer_append(&pieces, piece.at, piece.size);
        buffer_byte(&pieces, '\n');
    }
    char *path = memory_format("%s/vocab.txt", directory);
    file_save(path, pieces.at, pieces.size);
    free(path);
    buffer_free(&pieces);
    save_json(config_write_tokenizer(&model->text, tokenizer), directory, "tokenizer_config.json");
    if (model->text.word_limit != WORD_CHARACTERS)
        save_json(config_write_word_limit(&model->text, tokenizer), directory, "tokenizer.json");
    tokenizer_free(tokenizer);
}

void model_save(struct model *model, const char *directory, const char *vocabulary_from)
{
    save_text(model, directory, vocabulary_from);
    char *path = memory_format("%s/model.safetensors", directory);
    save_parameters(model, path);
    free(path);
    save_json(config_write(model), directory, "config.json");
    directory_sync(directory);
    model_fingerprint(directory, model->fingerprint);
}
