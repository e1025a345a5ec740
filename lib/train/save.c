#include "train/save.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json.h"

static json_t *whole(uint64_t value) { return json_integer((json_int_t)value); }

static json_t *counts_json(const struct training *t)
{
    struct source training = training_source(t->config, t->dataset), selection;
    bool selects = selection_source(t->config, t->dataset, &selection);
    return json_pack("{s:o, s:o, s:o, s:o}", "trained", whole(source_count(&training)), "chose",
                     whole(selects ? source_count(&selection) : 0), "passed_on",
                     whole(held_out_count(t->config, t->dataset)), "unlabelled",
                     whole(t->dataset->unlabelled));
}

/* What fit adds to the model's "rubric" object. */
static json_t *rubric_json(const struct training *t, const struct outcome *outcome)
{
    json_t *rubric = json_pack("{s:s, s:o, s:o, s:o, s:o}", "chosen_by", fit_config_selected_by(t->config),
                               "epoch", whole(outcome->kept_epoch), "steps", whole(outcome->steps), "records",
                               counts_json(t), "run", json_deep_copy(t->identity));
    if (t->dataset->vectors) {
        const json_t *encoder = json_object_get(t->dataset->headers[0].map, "encoder");
        json_object_set_new(rubric, "encoder",
                            json_pack("{s:O}", "print", json_object_get(encoder, "print")));
    }
    return rubric;
}

static double *doubles_copy(const double *from, size_t count)
{
    if (!from)
        return NULL;
    double *copy = memory_new(count, sizeof *copy);
    memcpy(copy, from, count * sizeof *copy);
    return copy;
}

static void set_scoring(struct model *model, const struct objective *objective, const struct outcome *outcome)
{
    size_t k = (size_t)objective->scoring.classes;
    scoring_free(&model->scoring);
    model->scoring = objective->scoring;
    model->scoring.values = doubles_copy(objective->scoring.values, k);
    model->scoring.thresholds = doubles_copy(objective->scoring.thresholds, k ? k - 1 : 0);
    if (objective->spec.loss == LOSS_MSE)
        model->scoring.deviation = metrics_deviation(outcome->selected ? &outcome->selection
                                                                       : &outcome->training);
}

/* New text is to be treated as the training text was, whatever the starting model's own settings are. */
static void set_text(struct model *model, const struct header *header)
{
    const json_t *had = json_object_get(header->map, "tokenizer");
    const char *placeholders = json_string_value(json_object_get(had, "placeholders"));
    const char *policy = json_string_value(json_object_get(had, "long"));
    const json_t *longest = json_object_get(had, "max_length"), *stride = json_object_get(had, "stride");
    if (placeholders)
        placeholders_find(placeholders, &model->text.placeholders);
    if (policy)
        long_policy_find(policy, &model->text.long_policy);
    if (json_is_integer(longest))
        model->text.max_length = (int)json_integer_value(longest);
    if (json_is_integer(stride))
        model->text.stride = (int)json_integer_value(stride);
}

/* The commands that led here. */
static void save_trail(const struct training *t, const struct command_record *command)
{
    struct header header = header_copy(&t->dataset->headers[0]);
    header_sign(&header, command, t->config->seed);
    json_t *object = json_pack("{s:O}", "trail", json_object_get(header.map, "trail"));
    if (t->dataset->segments > 1)
        json_object_set_new(object, "segments", whole(t->dataset->segments));
    char *path = output_path(t->output, "trail.json");
    json_save(path, object);
    free(path);
    json_decref(object);
    header_free(&header);
}

void fit_save(const struct training *t, const struct outcome *outcome, const char *vocabulary_from,
              const struct command_record *command)
{
    struct model *model = t->model;
    if (!t->dataset->vectors)
        objective_fold(t->objective, model->layout, model->params);
    classes_free(&model->classes);
    model->classes = classes_copy(&t->dataset->classes);
    set_scoring(model, t->objective, outcome);
    set_text(model, &t->dataset->headers[0]);
    model->has_head = true;
    json_decref(model->rubric);
    model->rubric = rubric_json(t, outcome);
    model_save(model, t->output->partial, vocabulary_from);
    save_trail(t, command);
    output_finish(t->output);
    interrupt_end();
}

void fit_check_finished(const struct output *output, const json_t *identity)
{
    char *path = memory_format("%s/config.json", output->kept);
    json_t *config = json_read_object(path, 0);
    const json_t *was = json_object_get(json_object_get(config, "rubric"), "run");
    if (!was)
        die(STATUS_USAGE, "%s: exists and does not say how it was trained (-f replaces it)", output->kept);
    run_identity_compare(was, identity, output->kept);
    json_decref(config);
    free(path);
}
