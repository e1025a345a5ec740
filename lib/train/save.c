#include "train/save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/json.h"

static void set(json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        die(STATUS_SYSTEM, "out of memory: writing '%s'", key);
}

static json_t *whole(uint64_t value) { return json_integer((json_int_t)value); }

/* A file of class weights is known by its bytes, not its name. */
static json_t *weights_identity(const char *how)
{
    uint64_t hash = class_weights_hash(how);
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)hash);
    return hash ? json_string(hex) : json_null();
}

json_t *fit_identity(const struct fit_config *config, const struct dataset *dataset,
                     const char *model_fingerprint)
{
    char data[17];
    snprintf(data, sizeof data, "%016llx", (unsigned long long)dataset->hash);
    json_t *identity = json_object();
    set(identity, "options", fit_config_json(config));
    set(identity, "data", json_string(data));
    set(identity, "start", json_string(model_fingerprint));
    set(identity, "weights", weights_identity(config->class_weight));
    set(identity, "version", json_string(RUBRIC_VERSION));
    set(identity, "kernels", json_string(network_kernels()));
    set(identity, "blas", json_string(network_blas()));
    return identity;
}

void fit_check_finished(const struct output *output, const json_t *identity)
{
    char *path = memory_format("%s/config.json", output->directory);
    json_t *config = json_read_object(path);
    const json_t *was = json_object_get(json_object_get(config, "rubric"), "run");
    if (!was)
        die(STATUS_USAGE, "%s: exists and does not say how it was trained (-f replaces it)",
            output->directory);
    identity_compare(was, identity, output->directory);
    json_decref(config);
    free(path);
}

static const char *chosen_by(const struct fit_config *config)
{
    switch (config->select) {
    case CHOOSE_VAL:
        return "val";
    case CHOOSE_SLICE:
        return "train";
    default:
        return "train";
    }
}

static json_t *counts_json(const struct training *t)
{
    const struct dataset *in = t->dataset;
    struct source training = training_source(t->config, t->dataset), choosing;
    bool chooses = choosing_source(t->config, t->dataset, &choosing);
    json_t *counts = json_object();
    set(counts, "trained", whole(source_count(&training)));
    set(counts, "chose", whole(chooses ? source_count(&choosing) : 0));
    set(counts, "passed_on",
        whole(spool_count(in->rest) + (val_passes_on(t->config, in) ? spool_count(in->val) : 0)));
    set(counts, "unlabelled", whole(in->unlabelled));
    return counts;
}

static json_t *rubric_json(const struct training *t, const struct outcome *outcome)
{
    json_t *rubric = json_object();
    set(rubric, "chosen_by", json_string(chosen_by(t->config)));
    set(rubric, "epoch", whole(outcome->kept_epoch));
    set(rubric, "steps", whole(outcome->steps));
    set(rubric, "records", counts_json(t));
    set(rubric, "run", json_deep_copy(t->identity));
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
        model->scoring.deviation = metrics_deviation(outcome->chose ? &outcome->choosing
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

void fit_save(const struct training *t, const struct outcome *outcome, const json_t *trail,
              const char *vocabulary_from)
{
    struct model *model = t->model;
    const json_t *encoder = json_object_get(t->dataset->headers[0].map, "encoder");
    if (!t->dataset->vectors)
        objective_fold(t->objective, model->layout, model->params);
    classes_free(&model->classes);
    model->classes = classes_copy(&t->dataset->classes);
    set_scoring(model, t->objective, outcome);
    set_text(model, &t->dataset->headers[0]);
    model->has_head = true;
    json_decref(model->rubric);
    model->rubric = rubric_json(t, outcome);
    if (t->dataset->vectors)
        set(model->rubric, "encoder", json_pack("{s:O}", "print", json_object_get(encoder, "print")));
    model_save(model, t->output->partial, vocabulary_from);
    char *path = output_path(t->output, "trail.json");
    json_t *object = json_pack("{s:O}", "trail", trail);
    if (t->dataset->segments > 1)
        set(object, "segments", whole(t->dataset->segments));
    json_save(path, object);
    json_decref(object);
    free(path);
    output_finish(t->output);
}

/* ---- Passing on ---- */

struct passing {
    const struct fit_config *config;
    struct dataset *dataset;
    struct stream_writer *writer;
    const char *directory;
    char fingerprint[65];
    int argc, first; /* of the operands */
    char **argv;
    size_t segment; /* the one under way */
    bool begun;
};

struct header fit_header(const struct fit_config *config, const struct dataset *dataset, size_t segment)
{
    struct header header = header_copy(&dataset->headers[segment]);
    const struct classes *classes = &dataset->classes;
    if (classes->count)
        header_set_labels(&header, classes->labels, classes->count, classes->ordered);
    header_set(&header, "chosen_by", json_string(chosen_by(config)));
    return header;
}

static void begin_segment(struct passing *p)
{
    struct header header = fit_header(p->config, p->dataset, p->segment);
    header_set_model(&header, p->directory, p->fingerprint);
    header_sign(&header, p->argc, p->argv, p->first, p->config->seed);
    stream_write_header(p->writer, &header);
    header_free(&header);
    p->begun = true;
}

/* Moves on to segment `segment`, sealing those before it, empty ones too. */
static void reach_segment(struct passing *p, size_t segment)
{
    if (!p->begun)
        begin_segment(p);
    while (p->segment < segment) {
        stream_write_trailer(p->writer, NULL);
        p->segment++;
        begin_segment(p);
    }
}

static void pass_record(void *context, size_t segment, const struct record *record)
{
    struct passing *p = context;
    reach_segment(p, segment);
    stream_write(p->writer, record);
}

bool val_passes_on(const struct fit_config *config, const struct dataset *dataset)
{
    return config->select != CHOOSE_VAL || !dataset_val_chooses(dataset);
}

void fit_pass_on(const struct fit_config *config, struct dataset *dataset, struct stream_writer *writer,
                 const char *directory, int argc, char **argv, int first)
{
    struct passing p = {.config = config,
                        .dataset = dataset,
                        .writer = writer,
                        .directory = directory,
                        .argc = argc,
                        .first = first,
                        .argv = argv};
    model_fingerprint(directory, p.fingerprint);
    dataset_pass_on(dataset, val_passes_on(config, dataset), pass_record, &p);
    reach_segment(&p, dataset->segments - 1);
    stream_write_trailer(writer, NULL);
}
