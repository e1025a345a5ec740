#include "model/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

static const char *const pooling_names[] = {
    [POOL_CLS] = "cls",       [POOL_MEAN] = "mean", [POOL_MAX] = "max", [POOL_ATTENTION] = "attention",
    [POOL_POOLER] = "pooler", [POOL_NONE] = "none",
};

const char *pooling_name(enum pooling pool) { return pooling_names[pool]; }

bool pooling_parse(const char *name, enum pooling *pool)
{
    for (size_t i = 0; i < sizeof pooling_names / sizeof *pooling_names; i++)
        if (strcmp(pooling_names[i], name) == 0) {
            *pool = (enum pooling)i;
            return true;
        }
    return false;
}

json_t *config_read(const char *directory)
{
    char *path = memory_format("%s/config.json", directory);
    if (!file_exists(path))
        die(STATUS_BROKEN, "%s: is no model directory: there is no config.json in it", directory);
    json_t *config = json_read_object(path, 0);
    free(path);
    return config;
}

/* ---- Fields, each refused by name when it is not what BertConfig allows ---- */

/* A field's value; NULL where it is absent or null. */
static const json_t *field(const json_t *config, const char *key)
{
    const json_t *value = json_object_get(config, key);
    return json_is_null(value) ? NULL : value;
}

static int integer_field(const json_t *config, const char *path, const char *key, int minimum, int maximum,
                         int otherwise)
{
    const json_t *value = field(config, key);
    if (!value)
        return otherwise;
    if (!json_is_integer(value) || json_integer_value(value) < minimum || json_integer_value(value) > maximum)
        die(STATUS_BROKEN, "%s: field '%s': expected a whole number from %d to %d", path, key, minimum,
            maximum);
    return (int)json_integer_value(value);
}

static double real_field(const json_t *config, const char *path, const char *key, double minimum,
                         double maximum, double otherwise)
{
    const json_t *value = field(config, key);
    if (!value)
        return otherwise;
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= minimum && number <= maximum))
        die(STATUS_BROKEN, "%s: field '%s': expected a number from %g to %g", path, key, minimum, maximum);
    return number;
}

static const char *text_field(const json_t *config, const char *path, const char *key, const char *otherwise)
{
    const json_t *value = field(config, key);
    if (!value)
        return otherwise;
    if (!json_is_string(value))
        die(STATUS_BROKEN, "%s: field '%s': expected a string", path, key);
    return json_string_value(value);
}

static bool boolean_field(const json_t *config, const char *path, const char *key)
{
    const json_t *value = field(config, key);
    if (value && !json_is_boolean(value))
        die(STATUS_BROKEN, "%s: field '%s': expected true or false", path, key);
    return json_is_true(value);
}

static void refuse_other(const json_t *config, const char *path, const char *key, const char *only)
{
    const char *text = text_field(config, path, key, only);
    if (strcmp(text, only) != 0)
        die(STATUS_BROKEN, "%s: field '%s' is \"%s\": rubric knows only \"%s\"", path, key, text, only);
}

/* Anything but absent, null, false, 0, or empty changes what the network computes. */
static void refuse_set(const json_t *config, const char *path, const char *key, const char *what)
{
    const json_t *value = field(config, key);
    bool empty = !value || json_is_false(value) ||
                 (json_is_integer(value) && json_integer_value(value) == 0) ||
                 (json_is_object(value) && json_object_size(value) == 0) ||
                 (json_is_array(value) && json_array_size(value) == 0);
    if (!empty)
        die(STATUS_BROKEN, "%s: field '%s' is set: rubric does not compute %s", path, key, what);
}

static enum activation read_activation(const json_t *config, const char *path)
{
    static const struct {
        const char *name;
        enum activation activation;
    } known[] = {
        {"gelu", ACTIVATION_GELU},          {"gelu_python", ACTIVATION_GELU},
        {"gelu_new", ACTIVATION_GELU_TANH}, {"gelu_pytorch_tanh", ACTIVATION_GELU_TANH},
        {"relu", ACTIVATION_RELU},
    };
    const char *name = text_field(config, path, "hidden_act", "gelu");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].activation;
    die(STATUS_BROKEN,
        "%s: field 'hidden_act' is \"%s\": rubric knows gelu, gelu_new, gelu_pytorch_tanh and relu", path,
        name);
}

static void refuse_foreign(const json_t *config, const char *path)
{
    refuse_other(config, path, "model_type", "bert");
    refuse_other(config, path, "position_embedding_type", "absolute");
    refuse_other(config, path, "directionality", "bidi");
    refuse_set(config, path, "is_decoder", "decoders");
    refuse_set(config, path, "is_encoder_decoder", "decoders");
    refuse_set(config, path, "add_cross_attention", "cross attention");
    refuse_set(config, path, "pruned_heads", "pruned attention heads");
    refuse_set(config, path, "quantization_config", "quantized weights");
    refuse_set(config, path, "auto_map", "models that bring their own code");
}

struct shape config_shape(const json_t *config, const char *path)
{
    refuse_foreign(config, path);
    struct shape shape = {
        .L = integer_field(config, path, "num_hidden_layers", 1, 1024, 12),
        .H = integer_field(config, path, "hidden_size", 1, 1 << 16, 768),
        .A = integer_field(config, path, "num_attention_heads", 1, 1 << 12, 12),
        .F = integer_field(config, path, "intermediate_size", 1, 1 << 18, 3072),
        .V = integer_field(config, path, "vocab_size", 1, 1 << 24, 30522),
        .P = integer_field(config, path, "max_position_embeddings", 1, 1 << 20, 512),
        .types = integer_field(config, path, "type_vocab_size", 1, 1 << 10, 2),
        .activation = read_activation(config, path),
        .layer_norm_eps = (float)real_field(config, path, "layer_norm_eps", 0, 1, 1e-12f),
        .pad = field(config, "pad_token_id") || !json_object_get(config, "pad_token_id")
                   ? integer_field(config, path, "pad_token_id", 0, (1 << 24) - 1, 0)
                   : -1,
        .pool = POOL_CLS,
        .tap_count = 1,
        .hidden_dropout = (float)real_field(config, path, "hidden_dropout_prob", 0, 0.99, 0.1f),
        .attention_dropout = (float)real_field(config, path, "attention_probs_dropout_prob", 0, 0.99, 0.1f),
    };
    if (shape.H % shape.A != 0)
        die(STATUS_BROKEN, "%s: hidden_size %d is no multiple of num_attention_heads %d", path, shape.H,
            shape.A);
    if (shape.pad >= shape.V)
        die(STATUS_BROKEN, "%s: pad_token_id %d lies outside the vocabulary of %d", path, shape.pad, shape.V);
    shape.taps[0] = shape.L;
    shape.head_dropout = (float)real_field(config, path, "classifier_dropout", 0, 0.99, shape.hidden_dropout);
    return shape;
}

/* ---- The head ---- */

bool config_standard_head(const struct shape *shape)
{
    return shape->pool == POOL_POOLER && shape->tap_count == 1 && shape->taps[0] == shape->L;
}

/* The list of rubric's own labels; NULL where there is none. */
static const json_t *own_labels(const json_t *rubric, const char *path)
{
    const json_t *labels = field(rubric, "labels");
    if (labels && !json_is_array(labels))
        die(STATUS_BROKEN, "%s: field 'rubric.labels': expected an array", path);
    if (json_array_size(labels) > CLASSES_LIMIT)
        die(STATUS_BROKEN, "%s: field 'rubric.labels': %zu classes: at most %d are read", path,
            json_array_size(labels), CLASSES_LIMIT);
    return labels;
}

static const json_t *rubric_of(const json_t *config, const char *path)
{
    const json_t *rubric = field(config, "rubric");
    if (rubric && !json_is_object(rubric))
        die(STATUS_BROKEN, "%s: field 'rubric': expected an object", path);
    return rubric;
}

/* Labels that Hugging Face's class would have: num_labels, else id2label's, else two. */
static int foreign_labels(const json_t *config, const char *path)
{
    const json_t *names = field(config, "id2label");
    if (names && (!json_is_object(names) || json_object_size(names) == 0))
        die(STATUS_BROKEN, "%s: field 'id2label': expected an object with a name for each output", path);
    if (json_object_size(names) > CLASSES_LIMIT)
        die(STATUS_BROKEN, "%s: field 'id2label' names %zu outputs: at most %d are read", path,
            json_object_size(names), CLASSES_LIMIT);
    return integer_field(config, path, "num_labels", 1, CLASSES_LIMIT,
                         names ? (int)json_object_size(names) : 2);
}

/* The names of so many labels; of another number they count for nothing, as in Hugging Face's class. */
static const json_t *label_names(const json_t *config, size_t count)
{
    const json_t *names = field(config, "id2label");
    return names && json_object_size(names) == count ? names : NULL;
}

static bool foreign_regression(const json_t *config, const char *path)
{
    const char *type = text_field(config, path, "problem_type", "");
    if (strcmp(type, "multi_label_classification") == 0)
        die(STATUS_BROKEN, "%s: field 'problem_type' is \"%s\": rubric gives each text one label", path,
            type);
    bool regression = strcmp(type, "regression") == 0;
    int labels = foreign_labels(config, path);
    if (*type && !regression && strcmp(type, "single_label_classification") != 0)
        die(STATUS_BROKEN,
            "%s: field 'problem_type' is \"%s\": rubric knows regression and single_label_classification",
            path, type);
    if (regression && labels != 1)
        die(STATUS_BROKEN, "%s: a regression with %d outputs: rubric gives each text one score", path,
            labels);
    return labels == 1;
}

static enum loss loss_of(const json_t *rubric, const char *path)
{
    const char *name = text_field(rubric, path, "loss", "ce");
    enum loss loss;
    if (!loss_find(name, &loss))
        die(STATUS_BROKEN, "%s: field 'rubric.loss' is \"%s\": no loss that this version knows", path, name);
    return loss;
}

static void read_taps(const json_t *rubric, const char *path, struct shape *shape)
{
    const json_t *taps = field(rubric, "layers");
    if (!taps)
        return;
    if (!json_is_array(taps) || json_array_size(taps) < 1 || json_array_size(taps) > MAX_TAPS)
        die(STATUS_BROKEN, "%s: field 'rubric.layers': expected 1 to %d layers", path, MAX_TAPS);
    shape->tap_count = (int)json_array_size(taps);
    for (int i = 0; i < shape->tap_count; i++) {
        const json_t *tap = json_array_get(taps, (size_t)i);
        json_int_t layer = json_is_integer(tap) ? json_integer_value(tap) : -1;
        if (layer < 0 || layer > shape->L || (i > 0 && layer <= shape->taps[i - 1]))
            die(STATUS_BROKEN, "%s: field 'rubric.layers': expected layers from 0 to %d, ascending", path,
                shape->L);
        shape->taps[i] = (int)layer;
    }
}

void config_head(const json_t *config, const char *path, struct shape *shape)
{
    const json_t *rubric = rubric_of(config, path);
    shape->pool = POOL_POOLER;
    if (!rubric || !field(rubric, "loss")) {
        foreign_regression(config, path);
        shape->C = foreign_labels(config, path);
        return;
    }
    const char *pool = text_field(rubric, path, "pool", "pooler");
    if (!pooling_parse(pool, &shape->pool) || shape->pool == POOL_NONE)
        die(STATUS_BROKEN, "%s: field 'rubric.pool' is \"%s\": expected cls, pooler, mean, max or attention",
            path, pool);
    read_taps(rubric, path, shape);
    enum loss loss = loss_of(rubric, path);
    int classes = (int)json_array_size(own_labels(rubric, path));
    if (loss != LOSS_MSE && classes < 2)
        die(STATUS_BROKEN, "%s: field 'rubric.labels': expected at least two classes", path);
    shape->C = loss_outputs(loss, classes);
    shape->E = loss_extra_count(loss, classes);
}

/* ---- Labels and scoring ---- */

static enum label_type label_type_parse(const char *name, const char *path)
{
    enum label_type type;
    if (label_type_find(name, &type))
        return type;
    die(STATUS_BROKEN, "%s: field 'rubric.y' is \"%s\": expected none, integer, number or string", path,
        name);
}

/* Numbers of an array of `count`, or NULL where the key is absent. */
static double *numbers_of(const json_t *rubric, const char *path, const char *key, size_t count)
{
    const json_t *array = field(rubric, key);
    if (!array)
        return NULL;
    if (!json_is_array(array) || json_array_size(array) != count)
        die(STATUS_BROKEN, "%s: field 'rubric.%s': expected %zu numbers", path, key, count);
    double *numbers = memory_new(count, sizeof *numbers);
    for (size_t i = 0; i < count; i++) {
        const json_t *number = json_array_get(array, i);
        if (!json_is_number(number))
            die(STATUS_BROKEN, "%s: field 'rubric.%s': expected numbers", path, key);
        numbers[i] = json_number_value(number);
        if (i > 0 && !(numbers[i] >= numbers[i - 1]))
            die(STATUS_BROKEN, "%s: field 'rubric.%s': expected ascending numbers", path, key);
    }
    return numbers;
}

static struct classes own_classes(const json_t *rubric, const char *path)
{
    const json_t *labels = own_labels(rubric, path);
    struct classes classes = {.type = label_type_parse(text_field(rubric, path, "y", "none"), path),
                              .ordered = boolean_field(rubric, path, "ordered")};
    for (size_t i = 0; i < json_array_size(labels); i++) {
        struct label label = label_from_json(json_array_get(labels, i));
        if (label.type == LABEL_INTEGER && classes.type == LABEL_NUMBER)
            label.type = LABEL_NUMBER;
        if (label.type != classes.type || label.type == LABEL_NONE)
            die(STATUS_BROKEN, "%s: field 'rubric.labels': label %zu is not of type %s", path, i + 1,
                label_type_name(classes.type));
        if (!classes_add(&classes, &label))
            die(STATUS_BROKEN, "%s: field 'rubric.labels': labels %zd and %zu are the same", path,
                classes_find(&classes, &label) + 1, i + 1);
    }
    return classes;
}

static void own_scoring(const json_t *rubric, const char *path, struct model *model)
{
    model->classes = own_classes(rubric, path);
    size_t count = model->classes.count;
    struct scoring *scoring = &model->scoring;
    scoring->loss = loss_of(rubric, path);
    scoring->classes = (int)count;
    if (count > 0) {
        scoring->values = numbers_of(rubric, path, "values", count);
        scoring->thresholds = numbers_of(rubric, path, "thresholds", count - 1);
    }
    scoring->deviation = real_field(rubric, path, "deviation", 0, 1e300, 0);
}

/* The classes that the outputs are named after; numbered where they have no names. */
static struct classes foreign_classes(const json_t *config, const char *path)
{
    size_t count = (size_t)foreign_labels(config, path);
    const json_t *names = label_names(config, count);
    struct classes classes = {.type = LABEL_STRING};
    for (size_t i = 0; i < count; i++) {
        char key[24], numbered[32];
        snprintf(key, sizeof key, "%zu", i);
        snprintf(numbered, sizeof numbered, "LABEL_%zu", i);
        const json_t *name = json_object_get(names, key);
        if (names && !json_is_string(name))
            die(STATUS_BROKEN, "%s: field 'id2label' has no name for output %zu", path, i);
        struct label label = {.type = LABEL_STRING,
                              .string = slice_of(name ? json_string_value(name) : numbered)};
        if (!classes_add(&classes, &label))
            die(STATUS_BROKEN, "%s: field 'id2label': outputs %zd and %zu have one name", path,
                classes_find(&classes, &label), i);
    }
    return classes;
}

/* A name as a whole number, if it is one as one would write it. */
static bool whole_number(struct slice name, struct label *label)
{
    char *text = slice_string(name), *end, back[24];
    long long number = strtoll(text, &end, 10);
    snprintf(back, sizeof back, "%lld", number);
    bool whole = *text && strcmp(back, text) == 0;
    free(text);
    *label = (struct label){.type = LABEL_INTEGER, .integer = number, .number = (double)number};
    return whole;
}

/* Whether every name is a whole number, in ascending order: those, as classes. */
static bool whole_numbers(const struct classes *names, struct classes *numbers)
{
    *numbers = (struct classes){.type = LABEL_INTEGER, .ordered = true};
    for (size_t i = 0; i < names->count; i++) {
        struct label label;
        bool ascends = whole_number(names->labels[i].string, &label) &&
                       (i == 0 || label.integer > numbers->labels[i - 1].integer);
        if (!ascends)
            return false;
        classes_add(numbers, &label);
    }
    return true;
}

static void foreign_scoring(const json_t *config, const char *path, struct model *model)
{
    if (foreign_regression(config, path)) {
        model->classes = (struct classes){.type = LABEL_NUMBER, .ordered = true};
        model->scoring.loss = LOSS_MSE;
        return;
    }
    struct classes names = foreign_classes(config, path), numbers;
    bool whole = whole_numbers(&names, &numbers);
    model->scoring = (struct scoring){.loss = LOSS_CE, .classes = (int)names.count};
    if (whole) {
        model->scoring.values = memory_new(numbers.count, sizeof *model->scoring.values);
        for (size_t i = 0; i < numbers.count; i++)
            model->scoring.values[i] = numbers.labels[i].number;
    }
    model->classes = whole ? numbers : names;
    classes_free(whole ? &names : &numbers);
}

void config_scoring(const json_t *config, const char *path, struct model *model)
{
    const json_t *rubric = rubric_of(config, path);
    if (rubric && field(rubric, "loss"))
        own_scoring(rubric, path, model);
    else
        foreign_scoring(config, path, model);
}
