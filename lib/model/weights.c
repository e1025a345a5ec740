#include "model/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/torchfile.h"

struct tensors *weights_open(const char *directory)
{
    static const char *const others[] = {"model.safetensors.index.json", "pytorch_model.bin.index.json",
                                         "tf_model.h5", "flax_model.msgpack"};
    char *safe = memory_format("%s/model.safetensors", directory);
    char *torch = memory_format("%s/pytorch_model.bin", directory);
    struct tensors *tensors = NULL;
    if (file_exists(safe))
        tensors = safetensors_open(safe);
    else if (file_exists(torch))
        tensors = torchfile_open(torch);
    free(safe);
    free(torch);
    for (size_t i = 0; !tensors && i < sizeof others / sizeof *others; i++) {
        char *path = memory_format("%s/%s", directory, others[i]);
        if (file_exists(path))
            die(STATUS_BROKEN,
                "%s: weights in this form are not read: expected model.safetensors or pytorch_model.bin "
                "beside it",
                path);
        free(path);
    }
    return tensors;
}

const char *weights_name(const struct layout *layout, const struct parameter *p)
{
    if (layout->shape.C == 0 || config_standard_head(&layout->shape))
        return p->name;
    if (p->offset == layout->head_weight)
        return "rubric.head.weight";
    return p->offset == layout->head_bias ? "rubric.head.bias" : p->name;
}

/* The old spelling of a layer norm's tensor: "...LayerNorm.gamma" for "...LayerNorm.weight". */
static bool old_spelling(const char *name, char *to, size_t room)
{
    const char *norm = strstr(name, "LayerNorm.");
    if (!norm)
        return false;
    int stem = (int)(norm - name) + 10;
    snprintf(to, room, "%.*s%s", stem, name, strcmp(name + stem, "weight") == 0 ? "gamma" : "beta");
    return true;
}

const struct tensor *weights_find(const struct tensors *tensors, const struct layout *layout,
                                  const struct parameter *p)
{
    const char *name = weights_name(layout, p);
    char old[sizeof p->name];
    bool has_old = old_spelling(name, old, sizeof old), prefixed = strncmp(name, "bert.", 5) == 0;
    const char *const spellings[] = {name, prefixed ? name + 5 : NULL, has_old ? old : NULL,
                                     has_old && prefixed ? old + 5 : NULL};
    const struct tensor *found = NULL;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        const struct tensor *tensor = spellings[i] ? tensors_find(tensors, spellings[i]) : NULL;
        if (tensor && found)
            die(STATUS_BROKEN, "%s: tensors '%s' and '%s' are one parameter", tensors->path, found->name,
                tensor->name);
        found = tensor ? tensor : found;
    }
    return found;
}

bool weights_fit(const struct tensor *tensor, const struct parameter *p)
{
    if (p->cols == 0)
        return tensor->rank == 1 && tensor->shape[0] == (uint64_t)p->rows;
    return tensor->rank == 2 && tensor->shape[0] == (uint64_t)p->rows &&
           tensor->shape[1] == (uint64_t)p->cols;
}

void weights_copy(const struct tensors *tensors, const struct tensor *tensor, const struct parameter *p,
                  float *params)
{
    if (!weights_fit(tensor, p)) {
        struct buffer shape = {0};
        for (int i = 0; i < tensor->rank; i++)
            buffer_format(&shape, i ? " x %llu" : "%llu", (unsigned long long)tensor->shape[i]);
        buffer_byte(&shape, '\0');
        char want[48];
        snprintf(want, sizeof want, p->cols ? "%d x %d" : "%d", p->rows, p->cols);
        die(STATUS_BROKEN, "%s: tensor '%s' has shape %s: config.json calls for %s", tensors->path,
            tensor->name, shape.at, want);
    }
    tensor_copy(tensors, tensor, params + p->offset);
}

/* ---- What else is in the file ---- */

static bool starts(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* Whether `name`, without "bert.", is what some BERT encoder of any depth holds. */
static bool belongs_to_bert(const char *name, const struct layout *one)
{
    char first[128];
    int used = 0, number;
    if (sscanf(name, "encoder.layer.%9d.%n", &number, &used) == 1 && used > 0)
        snprintf(first, sizeof first, "bert.encoder.layer.0.%s", name + used);
    else
        snprintf(first, sizeof first, "bert.%s", name);
    for (size_t i = 0; i < one->count; i++) {
        char old[sizeof one->table[i].name];
        if (strcmp(one->table[i].name, first) == 0 ||
            (old_spelling(one->table[i].name, old, sizeof old) && strcmp(old, first) == 0))
            return true;
    }
    return strcmp(name, "embeddings.position_ids") == 0 || strcmp(name, "embeddings.token_type_ids") == 0;
}

/* The first two parts of a name: "cls.predictions" of "cls.predictions.bias". */
static struct slice group_of(const char *name)
{
    const char *dot = strchr(name, '.'), *end = dot ? strchr(dot + 1, '.') : NULL;
    return (struct slice){name, end ? (size_t)(end - name) : dot ? (size_t)(dot - name) : strlen(name)};
}

/* Names of groups, each once, for one line of text. */
struct groups {
    struct slice at[12];
    size_t count;
    bool more; /* there were others */
};

static void add_group(struct groups *groups, struct slice group)
{
    for (size_t i = 0; i < groups->count; i++)
        if (slice_equal(groups->at[i], group))
            return;
    groups->more = groups->count == sizeof groups->at / sizeof *groups->at;
    if (!groups->more)
        groups->at[groups->count++] = group;
}

static void note_groups(const struct groups *groups, const char *path)
{
    struct buffer list = {0};
    for (size_t i = 0; i < groups->count; i++)
        buffer_format(&list, i ? ", %.*s" : "%.*s", (int)groups->at[i].size, groups->at[i].at);
    if (groups->count > 0)
        note("%s: skipped heads of other tasks: %.*s%s", path, (int)list.size, list.at,
             groups->more ? " and others" : "");
    buffer_free(&list);
}

void weights_account(const struct tensors *tensors)
{
    const struct shape shape = {.L = 1,
                                .H = 1,
                                .A = 1,
                                .F = 1,
                                .V = 1,
                                .P = 1,
                                .types = 1,
                                .pad = -1,
                                .tap_count = 1,
                                .pool = POOL_POOLER};
    struct layout *one = layout_new(&shape);
    struct groups skipped = {0};
    for (size_t i = 0; i < tensors->count; i++) {
        const char *name = tensors->at[i].name;
        const char *inner = starts(name, "bert.") ? name + 5 : name;
        if (belongs_to_bert(inner, one) || starts(name, "classifier.") || starts(name, "rubric."))
            continue;
        if (starts(inner, "encoder.") || starts(inner, "embeddings.") || starts(inner, "pooler."))
            die(STATUS_BROKEN,
                "%s: tensor '%s' is no part of BERT: what it does to the encoder is not computed",
                tensors->path, name);
        add_group(&skipped, group_of(name));
    }
    note_groups(&skipped, tensors->path);
    layout_free(one);
}
