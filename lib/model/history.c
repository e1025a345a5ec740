#include "model/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/terminal.h"
#include "stream/trail.h"

/* A JSON file of the directory; NULL where there is none. */
static json_t *load(const char *directory, const char *name)
{
    char *path = memory_format("%s/%s", directory, name);
    json_t *value = file_exists(path) ? json_read(path, 0) : NULL;
    free(path);
    return value;
}

static void put_shape(struct buffer *out, const json_t *config)
{
    static const char *const keys[] = {
        "model_type", "num_hidden_layers",      "hidden_size", "num_attention_heads", "intermediate_size",
        "vocab_size", "max_position_embeddings"};
    static const char *const names[] = {
        "type", "layers", "hidden size", "attention heads", "feed-forward size", "vocabulary", "positions"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(config, keys[i]);
        if (!value)
            continue;
        buffer_format(out, "  %s: ", names[i]);
        json_put(out, value, JSON_LINE);
        buffer_byte(out, '\n');
    }
}

static void put_settings(struct buffer *out, const json_t *rubric)
{
    const char *key;
    json_t *value, *all = (json_t *)(uintptr_t)rubric;
    json_object_foreach(all, key, value)
    {
        buffer_text(out, "  ");
        terminal_put(out, slice_of(key));
        buffer_text(out, ": ");
        json_put(out, value, JSON_LINE);
        buffer_byte(out, '\n');
    }
}

/* The trail may come from anyone: what it says is told as its word, and only of rubric's own filters. */
static void put_trail(struct buffer *out, const json_t *entries, const json_t *segments)
{
    struct buffer pipeline = {0};
    size_t left_out = trail_put_pipeline(&pipeline, entries);
    if (pipeline.size) {
        buffer_text(out, "\nIts trail says that this made it");
        if (json_is_integer(segments))
            buffer_format(out, ", of %" JSON_INTEGER_FORMAT " segments of input the first",
                          json_integer_value(segments));
        buffer_text(out, "\n  ");
        buffer_append(out, pipeline.at, pipeline.size);
        buffer_byte(out, '\n');
    }
    if (left_out)
        buffer_format(out, "\nIts trail has %zu entr%s of what is not a filter of rubric.\n", left_out,
                      left_out == 1 ? "y" : "ies");
    buffer_free(&pipeline);
}

void model_history(const char *directory, struct buffer *out)
{
    json_t *config = load(directory, "config.json"), *trail = load(directory, "trail.json");
    if (!config)
        die(STATUS_BROKEN, "%s: it has no config.json: expected a model directory", directory);
    const json_t *rubric = json_object_get(config, "rubric");
    const json_t *entries = json_is_object(trail) ? json_object_get(trail, "trail") : trail;
    buffer_text(out, "The encoder\n");
    put_shape(out, config);
    if (rubric) {
        buffer_text(out, "\nWhat rubric says of it\n");
        put_settings(out, rubric);
    } else {
        buffer_text(out, "\nrubric did not write this directory.\n");
    }
    put_trail(out, entries, json_is_object(trail) ? json_object_get(trail, "segments") : NULL);
    json_decref(config);
    json_decref(trail);
}
