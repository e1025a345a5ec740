#include "train/checkpoint.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

static const char magic[] = "rubric checkpoint 2\n";

/* ---- What a run is ---- */

static json_t *hash_json(uint64_t hash)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)hash);
    return json_string(hex);
}

/* A file of class weights counts by its bytes, not its name. */
json_t *run_identity(const struct fit_config *config, const struct dataset *dataset, const char *fingerprint)
{
    uint64_t weights = class_weights_hash(config->class_weight);
    return json_pack("{s:o, s:o, s:s, s:o, s:s, s:s, s:s}", "options", fit_config_json(config), "data",
                     hash_json(dataset->hash), "start", fingerprint, "weights",
                     weights ? hash_json(weights) : json_null(), "version", RUBRIC_VERSION, "kernels",
                     network_kernels(), "blas", network_blas());
}

void run_identity_compare(const json_t *was, const json_t *is, const char *where)
{
    const char *key;
    json_t *now;
    json_object_foreach((json_t *)(uintptr_t)is, key, now)
    {
        const json_t *then = json_object_get(was, key);
        if (json_is_object(now) && json_is_object(then)) {
            run_identity_compare(then, now, where);
        } else if (!json_equal(then, now)) {
            struct buffer old = {0}, new = {0};
            json_put(&new, now, JSON_LINE);
            if (then)
                json_put(&old, then, JSON_LINE);
            die(STATUS_USAGE,
                "%s: cannot go on: '%s' was %.*s and is %.*s now (the same records and options resume it, -f "
                "starts anew)",
                where, key, (int)old.size, old.at, (int)new.size, new.at);
        }
    }
}

/* ---- Files ---- */

/* A file under way, hashed as it is written. */
struct saving {
    char *path, *new_path;
    int fd;
    XXH3_state_t *hash;
};

static void saving_start(struct saving *s, const struct output *output, const char *name)
{
    s->path = output_path(output, name);
    s->new_path = memory_format("%s.new", s->path);
    s->fd = open(s->new_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (s->fd < 0)
        die_errno("%s: cannot create", s->new_path);
    s->hash = XXH3_createState();
    if (!s->hash)
        die(STATUS_SYSTEM, "out of memory");
    XXH3_64bits_reset(s->hash);
}

static void saving_write(struct saving *s, const void *bytes, size_t size)
{
    XXH3_64bits_update(s->hash, bytes, size);
    file_write(s->fd, bytes, size, s->new_path);
}

static void saving_end(struct saving *s, const struct output *output)
{
    uint64_t hash = XXH3_64bits_digest(s->hash);
    file_write(s->fd, &hash, sizeof hash, s->new_path);
    if (fsync(s->fd) != 0)
        die_errno("%s: cannot sync", s->new_path);
    file_close(s->fd, s->new_path);
    if (rename(s->new_path, s->path) != 0)
        die_errno("%s: cannot rename", s->new_path);
    directory_sync(output->partial);
    XXH3_freeState(s->hash);
    free(s->path);
    free(s->new_path);
}

static struct file_view load(const char *path)
{
    struct file_view view = file_view_mapped(path, UINT64_MAX);
    uint64_t hash;
    if (view.size < sizeof hash)
        die(STATUS_BROKEN, "%s: is cut short", path);
    memcpy(&hash, view.at + view.size - sizeof hash, sizeof hash);
    view.size -= sizeof hash;
    if (hash != XXH3_64bits(view.at, view.size))
        die(STATUS_BROKEN, "%s: is damaged: its bytes do not have the hash that ends it", path);
    return view;
}

static void unload(struct file_view *view)
{
    view->size += sizeof(uint64_t);
    file_unview(view);
}

void block_save(const struct output *output, const char *name, const struct float_block *block)
{
    struct saving saving;
    saving_start(&saving, output, name);
    saving_write(&saving, block->at, block->count * sizeof *block->at);
    saving_end(&saving, output);
}

void block_load(const struct output *output, const char *name, const struct float_block *block)
{
    char *path = output_path(output, name);
    struct file_view view = load(path);
    if (view.size != block->count * sizeof *block->at)
        die(STATUS_BROKEN, "%s: has %zu bytes: expected %zu", path, view.size,
            block->count * sizeof *block->at);
    memcpy(block->at, view.at, view.size);
    unload(&view);
    free(path);
}

/* ---- The state as JSON ---- */

static json_t *real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static double real_value(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : -INFINITY;
}

static json_t *whole(uint64_t value) { return json_integer((json_int_t)value); }

static uint64_t whole_value(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static json_t *metrics_json(const struct metrics *metrics)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < metrics->confusion.count; i++) {
        const struct cell *cell = &metrics->confusion.cells[i];
        json_array_append_new(cells,
                              json_pack("[i, i, o]", (int)cell->truth, (int)cell->pred, whole(cell->count)));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "cells", cells, "n", whole(metrics->n), "loss",
                     real(metrics->loss), "weight", real(metrics->weight), "squares",
                     real(metrics->residual_squares));
}

static void metrics_read(const json_t *object, struct metrics *metrics)
{
    const json_t *cells = json_object_get(object, "cells");
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        confusion_add(&metrics->confusion, (size_t)json_integer_value(json_array_get(cell, 0)),
                      (size_t)json_integer_value(json_array_get(cell, 1)),
                      (uint64_t)json_integer_value(json_array_get(cell, 2)));
    }
    metrics->n = whole_value(object, "n");
    metrics->loss = real_value(json_object_get(object, "loss"));
    metrics->weight = real_value(json_object_get(object, "weight"));
    metrics->residual_squares = real_value(json_object_get(object, "squares"));
}

static json_t *state_json(const struct run_state *s)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "step",
                     whole(s->step), "epoch", whole(s->epoch), "position", whole(s->position), "running",
                     metrics_json(&s->running), "best_epoch", whole(s->best_epoch), "best_value",
                     real(s->best_value), "best_loss", real(s->best_loss), "best_training_loss",
                     real(s->best_training_loss), "last_loss", real(s->last_loss), "last_training_loss",
                     real(s->last_training_loss), "since_best", whole(s->since_best), "log_size",
                     whole(s->log_size), "epochs_size", whole(s->epochs_size), "seconds", real(s->seconds));
}

static void state_read(const json_t *object, struct run_state *s)
{
    s->step = whole_value(object, "step");
    s->epoch = whole_value(object, "epoch");
    s->position = whole_value(object, "position");
    metrics_read(json_object_get(object, "running"), &s->running);
    s->best_epoch = whole_value(object, "best_epoch");
    s->best_value = real_value(json_object_get(object, "best_value"));
    s->best_loss = real_value(json_object_get(object, "best_loss"));
    s->best_training_loss = real_value(json_object_get(object, "best_training_loss"));
    s->last_loss = real_value(json_object_get(object, "last_loss"));
    s->last_training_loss = real_value(json_object_get(object, "last_training_loss"));
    s->since_best = whole_value(object, "since_best");
    s->log_size = whole_value(object, "log_size");
    s->epochs_size = whole_value(object, "epochs_size");
    s->seconds = real_value(json_object_get(object, "seconds"));
}

void checkpoint_save(const struct output *output, const json_t *identity, const struct run_state *state,
                     const struct float_block *blocks, size_t block_count)
{
    json_t *all = json_pack("{s:O, s:o}", "identity", identity, "state", state_json(state));
    char *text = json_dumps(all, JSON_COMPACT);
    uint64_t size = strlen(text);
    struct saving saving;
    saving_start(&saving, output, OUTPUT_CHECKPOINT);
    saving_write(&saving, magic, sizeof magic - 1);
    saving_write(&saving, &size, sizeof size);
    saving_write(&saving, text, size);
    for (size_t i = 0; i < block_count; i++)
        saving_write(&saving, blocks[i].at, blocks[i].count * sizeof *blocks[i].at);
    saving_end(&saving, output);
    free(text);
    json_decref(all);
}

void checkpoint_load(const struct output *output, const json_t *identity, struct run_state *state,
                     const struct float_block *blocks, size_t block_count)
{
    char *path = output_path(output, OUTPUT_CHECKPOINT);
    struct file_view view = load(path);
    const char *at = view.at + sizeof magic - 1;
    uint64_t size, floats = 0;
    for (size_t i = 0; i < block_count; i++)
        floats += blocks[i].count * sizeof(float);
    if (view.size < sizeof magic - 1 + sizeof size || memcmp(view.at, magic, sizeof magic - 1) != 0)
        die(STATUS_BROKEN, "%s: is not a checkpoint of this version of rubric", path);
    memcpy(&size, at, sizeof size);
    at += sizeof size;
    if (size > view.size - (size_t)(at - view.at))
        die(STATUS_BROKEN, "%s: is cut short", path);
    json_t *all = json_loadb(at, size, 0, NULL);
    if (!all)
        die(STATUS_BROKEN, "%s: its state cannot be read", path);
    run_identity_compare(json_object_get(all, "identity"), identity, output->partial);
    at += size;
    if (view.size - (size_t)(at - view.at) != floats)
        die(STATUS_BROKEN, "%s: holds another number of parameters than the model", path);
    state_read(json_object_get(all, "state"), state);
    for (size_t i = 0; i < block_count; i++) {
        memcpy(blocks[i].at, at, blocks[i].count * sizeof(float));
        at += blocks[i].count * sizeof(float);
    }
    json_decref(all);
    unload(&view);
    free(path);
}
