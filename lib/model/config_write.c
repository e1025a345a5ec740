#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "model/config.h"

static void set_integer(json_t *object, const char *key, int value)
{
    json_set(object, key, json_integer(value));
}
static void set_text(json_t *object, const char *key, const char *value)
{
    json_set(object, key, json_string(value));
}
static void set_real(json_t *object, const char *key, float value)
{
    json_set(object, key, json_real(json_widen(value)));
}

static const char *activation_name(enum activation activation)
{
    switch (activation) {
    case ACTIVATION_GELU_TANH:
        return "gelu_new";
    case ACTIVATION_RELU:
        return "relu";
    case ACTIVATION_GELU:
        break;
    }
    return "gelu";
}

/* Names of the outputs: the classes where there is one output for each, else as Hugging Face numbers them. */
static void set_outputs(json_t *config, const struct model *model)
{
    int outputs = model->layout->shape.C;
    bool classes = (size_t)outputs == model->classes.count && model->classes.count > 1;
    json_t *names = json_object(), *numbers = json_object();
    for (int i = 0; i < outputs; i++) {
        char *key = memory_format("%d", i);
        struct buffer name = {0};
        if (classes)
            label_print(&name, &model->classes.labels[i]);
        else
            buffer_format(&name, "LABEL_%d", i);
        buffer_byte(&name, '\0');
        set_text(names, key, name.at);
        set_integer(numbers, name.at, i);
        buffer_free(&name);
        free(key);
    }
    json_set(config, "id2label", names);
    json_set(config, "label2id", numbers);
    set_text(config, "problem_type", outputs == 1 ? "regression" : "single_label_classification");
}

static json_t *numbers_json(const double *numbers, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_real(numbers[i]));
    return array;
}

/* What the model says of itself replaces what its "rubric" object said; other keys stay. */
static json_t *rubric_json(const struct model *model)
{
    const struct shape *shape = &model->layout->shape;
    const struct scoring *scoring = &model->scoring;
    json_t *rubric = model->rubric ? json_deep_copy(model->rubric) : json_object();
    json_set(rubric, "trained", json_boolean(model->has_head));
    set_text(rubric, "vocabulary", model->vocabulary_hash);
    set_text(rubric, "head", config_standard_head(shape) ? "classifier" : "rubric.head");
    set_text(rubric, "pool", pooling_name(shape->pool));
    json_t *taps = json_array(), *labels = json_array();
    for (int i = 0; i < shape->tap_count; i++)
        json_array_append_new(taps, json_integer(shape->taps[i]));
    json_set(rubric, "layers", taps);
    set_text(rubric, "loss", loss_name(scoring->loss));
    set_text(rubric, "y", label_type_name(model->classes.type));
    for (size_t i = 0; i < model->classes.count; i++)
        json_array_append_new(labels, label_to_json(&model->classes.labels[i]));
    json_set(rubric, "labels", labels);
    json_set(rubric, "ordered", json_boolean(model->classes.ordered));
    json_object_del(rubric, "values");
    json_object_del(rubric, "thresholds");
    json_object_del(rubric, "deviation");
    if (scoring->values && scoring->classes > 0)
        json_set(rubric, "values", numbers_json(scoring->values, (size_t)scoring->classes));
    if (scoring->thresholds && scoring->classes > 0)
        json_set(rubric, "thresholds", numbers_json(scoring->thresholds, (size_t)scoring->classes - 1));
    if (scoring->deviation > 0)
        json_set(rubric, "deviation", json_real(scoring->deviation));
    return rubric;
}

json_t *config_write(const struct model *model)
{
    const struct shape *shape = &model->layout->shape;
    json_t *config = json_object();
    const char *class = shape->C > 0 && config_standard_head(shape) ? "BertForSequenceClassification"
                                                                    : "BertModel";
    json_set(config, "architectures", json_pack("[s]", class));
    set_text(config, "model_type", "bert");
    set_integer(config, "vocab_size", shape->V);
    set_integer(config, "hidden_size", shape->H);
    set_integer(config, "num_hidden_layers", shape->L);
    set_integer(config, "num_attention_heads", shape->A);
    set_integer(config, "intermediate_size", shape->F);
    set_text(config, "hidden_act", activation_name(shape->activation));
    set_integer(config, "max_position_embeddings", shape->P);
    set_integer(config, "type_vocab_size", shape->types);
    set_text(config, "position_embedding_type", "absolute");
    set_real(config, "layer_norm_eps", shape->layer_norm_eps);
    set_real(config, "initializer_range", 0.02f);
    set_real(config, "hidden_dropout_prob", shape->hidden_dropout);
    set_real(config, "attention_probs_dropout_prob", shape->attention_dropout);
    set_real(config, "classifier_dropout", shape->head_dropout);
    json_set(config, "pad_token_id", shape->pad < 0 ? json_null() : json_integer(shape->pad));
    set_text(config, "torch_dtype", "float32");
    if (shape->C > 0) {
        set_outputs(config, model);
        json_set(config, "rubric", rubric_json(model));
    }
    return config;
}

/* A piece as JSON; null where the tokenizer has none. */
static json_t *piece_json(const struct tokenizer *tokenizer, int32_t id)
{
    struct slice piece = tokenizer_piece(tokenizer, id);
    return id < 0 ? json_null() : json_stringn(piece.at, piece.size);
}

json_t *config_write_tokenizer(const struct tokenizer_settings *text, const struct tokenizer *tokenizer)
{
    static const char *const keys[5] = {"unk_token", "cls_token", "sep_token", "pad_token", "mask_token"};
    const struct special_ids ids = tokenizer_special(tokenizer);
    const int32_t special[5] = {ids.unk, ids.cls, ids.sep, ids.pad, ids.mask};
    bool limited = text->word_limit != WORD_CHARACTERS;
    json_t *settings = json_object();
    /* Hugging Face's BertTokenizer has a word limit of its own, whatever tokenizer.json says */
    set_text(settings, "tokenizer_class", limited ? "PreTrainedTokenizerFast" : "BertTokenizer");
    json_set(settings, "do_lower_case", json_boolean(text->lower_case));
    json_set(settings, "strip_accents", json_boolean(text->strip_accents));
    json_set(settings, "tokenize_chinese_chars", json_boolean(text->split_chinese));
    set_integer(settings, "model_max_length", text->max_length);
    for (int i = 0; i < 5; i++)
        if (special[i] >= 0)
            json_set(settings, keys[i], piece_json(tokenizer, special[i]));
    if (tokenizer_added(tokenizer))
        json_set(settings, "added_tokens_decoder", json_incref(tokenizer_added(tokenizer)));
    json_t *rubric = json_pack("{s:s, s:s, s:i, s:i}", "placeholders", placeholders_name(text->placeholders),
                               "long", long_policy_name(text->long_policy), "max_length", text->max_length,
                               "stride", text->stride);
    json_set(settings, "rubric", rubric);
    if (limited)
        set_integer(rubric, "word_limit", text->word_limit);
    return settings;
}

json_t *config_write_word_limit(const struct tokenizer_settings *text, const struct tokenizer *tokenizer)
{
    const struct special_ids ids = tokenizer_special(tokenizer);
    json_t *pieces = json_object(), *all = json_object();
    for (int32_t id = 0; (size_t)id < tokenizer_word_pieces(tokenizer); id++) {
        char *piece = slice_string(tokenizer_piece(tokenizer, id));
        set_integer(pieces, piece, id);
        free(piece);
    }
    set_text(all, "version", "1.0");
    json_set(all, "added_tokens", json_array());
    json_set(all, "normalizer",
             json_pack("{s:s, s:b, s:b, s:b, s:b}", "type", "BertNormalizer", "clean_text", true,
                       "handle_chinese_chars", text->split_chinese, "strip_accents", text->strip_accents,
                       "lowercase", text->lower_case));
    json_set(all, "pre_tokenizer", json_pack("{s:s}", "type", "BertPreTokenizer"));
    json_set(all, "post_processor",
             json_pack("{s:s, s:[o, i], s:[o, i]}", "type", "BertProcessing", "sep",
                       piece_json(tokenizer, ids.sep), ids.sep, "cls", piece_json(tokenizer, ids.cls),
                       ids.cls));
    json_set(all, "decoder",
             json_pack("{s:s, s:s, s:b}", "type", "WordPiece", "prefix", "##", "cleanup", true));
    json_set(all, "model",
             json_pack("{s:s, s:o, s:s, s:i, s:o}", "type", "WordPiece", "unk_token",
                       piece_json(tokenizer, ids.unk), "continuing_subword_prefix", "##",
                       "max_input_chars_per_word", text->word_limit, "vocab", pieces));
    return all;
}
