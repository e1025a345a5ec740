/* Whether a stream was made for a model. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "model/config.h"
#include "model/model.h"

static char *written(const json_t *value, const char *absent)
{
    struct buffer text = {0};
    if (value)
        json_put(&text, value, JSON_LINE);
    else
        buffer_text(&text, absent);
    buffer_byte(&text, '\0');
    return text.at;
}

static const struct {
    const char *key, *what;
    bool shapes_ids; /* another value gives other ids: refused; else only texts are treated otherwise: said */
    const char *absent; /* what it means that the key is not there */
} settings[] = {
    {"vocab", "vocabulary", true, "not said"},
    {"lower_case", "lower-casing", true, "not said"},
    {"strip_accents", "stripping of accents", true, "not said"},
    {"split_chinese", "splitting of Chinese characters", true, "not said"},
    {"word_limit", "limit of characters in a word", true, "100"},
    {"added", "set of added tokens", true, "none"},
    {"placeholders", "placeholders", false, "not said"},
    {"long", "policy for long texts", false, "not said"},
    {"max_length", "maximum length", false, "not said"},
};

void model_check_tokens(const struct model *model, const struct header *header)
{
    const json_t *has = json_object_get(header->map, "tokenizer");
    if (!json_is_object(has))
        die(STATUS_BROKEN, "the stream does not say how its tokens were made (no 'tokenizer' in its header)");
    json_t *wants = tokenizer_settings_json(&model->text, model->vocabulary_hash, model->vocabulary_size);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const json_t *got = json_object_get(has, settings[i].key),
                     *want = json_object_get(wants, settings[i].key);
        if (got == want || json_equal(got, want)) /* the first: both absent */
            continue;
        char *is = written(got, settings[i].absent), *should = written(want, settings[i].absent);
        if (settings[i].shapes_ids)
            die(STATUS_BROKEN,
                "the stream's tokens were made with another %s (%s) than the model %s has (%s): "
                "make them with 'tok -m %s'",
                settings[i].what, is, model->directory, should, model->directory);
        if (model->has_head && model->rubric)
            warn("the stream's %s (%s) is not the one the model %s was trained with (%s)", settings[i].what,
                 is, model->directory, should);
        free(is);
        free(should);
    }
    json_int_t longest = json_integer_value(json_object_get(has, "max_length"));
    if (longest > model->layout->shape.P)
        die(STATUS_BROKEN, "the stream's texts have up to %lld tokens: the model %s has %d positions",
            (long long)longest, model->directory, model->layout->shape.P);
    json_decref(wants);
}

void model_check_vectors(const struct model *model, const struct header *header)
{
    const struct shape *shape = &model->layout->shape;
    const char *pool = json_string_value(json_object_get(header->map, "pool"));
    if (!pool || strcmp(pool, pooling_name(shape->pool)) != 0)
        die(STATUS_BROKEN, "the stream's vectors are pooled by '%s': the model %s was trained on '%s'",
            pool ? pool : "?", model->directory, pooling_name(shape->pool));
    const json_t *layers = json_object_get(header->map, "layers");
    json_t *wants = json_array();
    for (int i = 0; i < shape->tap_count; i++)
        json_array_append_new(wants, json_integer(shape->taps[i]));
    if (!json_equal(layers, wants)) {
        char *is = written(layers, "not said"), *should = written(wants, "not said");
        die(STATUS_BROKEN, "the stream's vectors are of the layers %s: the model %s was trained on %s", is,
            model->directory, should);
    }
    json_decref(wants);
    json_int_t dim = json_integer_value(json_object_get(header->map, "dim"));
    if (dim != (json_int_t)shape->tap_count * shape->H)
        die(STATUS_BROKEN, "the stream's vectors have %lld numbers: the model %s expects %d", (long long)dim,
            model->directory, shape->tap_count * shape->H);
    const char *made_by = json_string_value(
        json_object_get(json_object_get(header->map, "encoder"), "print"));
    const char *trained_on = json_string_value(
        json_object_get(json_object_get(model->rubric, "encoder"), "print"));
    bool own = made_by && strcmp(made_by, model->fingerprint) == 0;
    if (trained_on && !own && (!made_by || strcmp(made_by, trained_on) != 0))
        die(STATUS_BROKEN,
            "the stream's vectors were made by another encoder (print %.8s) than the model %s was trained on "
            "(%.8s)",
            made_by ? made_by : "unknown", model->directory, trained_on);
}
