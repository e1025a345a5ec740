#include "train/linear_head.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/terminal.h"
#include "train/calibration.h"

/* Everything that is fitted to, in memory. */
struct vectors {
    struct linear_data data;
    float *x; /* [n, X] */
    double *values, *weights;
    int *classes;
    struct example *examples; /* [n] labels and weights; their ids and vectors are not kept */
};

/* Records of weight 0 say nothing, and are left out. */
static void load_vectors(struct vectors *v, const struct source *source, const struct objective *objective,
                         size_t width)
{
    uint64_t total = source_count(source);
    v->x = memory_new(total, width * sizeof *v->x);
    v->values = memory_new(total, sizeof *v->values);
    v->weights = memory_new(total, sizeof *v->weights);
    v->classes = memory_new(total, sizeof *v->classes);
    v->examples = memory_new(total, sizeof *v->examples);
    struct example_store store = {0};
    size_t n = 0;
    for (uint64_t i = 0; i < total; i++) {
        struct example *example = &v->examples[n];
        source_get(source, i, &store, example);
        v->weights[n] = objective_weight(objective, example);
        if (!(v->weights[n] > 0))
            continue;
        memcpy(v->x + n * width, example->vector, width * sizeof *v->x);
        v->values[n] = objective_value(objective, example);
        v->classes[n] = objective_target(objective, example).class;
        n++;
    }
    example_store_free(&store);
    v->data = (struct linear_data){.x = v->x,
                                   .count = n,
                                   .width = width,
                                   .values = v->values,
                                   .classes = v->classes,
                                   .class_count = objective->spec.classes,
                                   .weights = v->weights};
}

static void free_vectors(struct vectors *v)
{
    free(v->x);
    free(v->values);
    free(v->weights);
    free(v->classes);
    free(v->examples);
}

static void put_head(const struct linear_head *head, struct model *model)
{
    const struct layout *layout = model->layout;
    memcpy(model->params + layout->head_weight, head->weight,
           (size_t)head->outputs * head->width * sizeof(float));
    memcpy(model->params + layout->head_bias, head->bias, (size_t)head->outputs * sizeof(float));
    if (head->extras)
        memcpy(model->params + layout->extra, head->extra, (size_t)head->extras * sizeof(float));
}

/* Of each training record: ridge has its score by the head that was fitted without it. */
static void score_vectors(const struct vectors *v, const struct linear_head *head, const struct model *model,
                          const struct objective *objective, struct metrics *metrics, double *scores)
{
    size_t outputs = (size_t)head->outputs, extras = (size_t)head->extras;
    float *logits = memory_new(outputs, sizeof *logits),
          *unused = memory_new(outputs + extras, sizeof *unused); /* the gradient */
    for (size_t i = 0; i < v->data.count; i++) {
        network_head(model->layout, model->params, v->x + i * head->width, logits);
        if (head->left_out)
            logits[0] = (float)head->left_out[i];
        struct target target = {.class = v->classes[i], .value = v->values[i]};
        double loss = loss_compute(&objective->spec, logits, head->extra, &target, unused, unused + outputs);
        metrics_add(metrics, objective, &v->examples[i], logits, head->extra, loss);
        scores[i] = objective_score(objective, logits, head->extra, NULL).score;
    }
    free(logits);
    free(unused);
}

static void note_head(const struct fit_config *config, const struct linear_head *head,
                      const struct outcome *outcome, size_t n)
{
    struct buffer line = {0};
    if (outcome->training.k)
        buffer_format(&line, "accuracy %.3f, kappa %.3f", metrics_accuracy(&outcome->training),
                      metrics_qwk(&outcome->training));
    else
        buffer_format(&line, "root mean squared error %.4g", metrics_deviation(&outcome->training));
    static const char *const names[] = {
        [LINEAR_RIDGE] = "ridge", [LINEAR_LOGISTIC] = "logistic", [LINEAR_ORDINAL] = "ordinal"};
    const char *how = head->left_out ? "each record scored by a head fitted to the others"
                                     : "on the records it was fitted to";
    note("%s head on %zu vectors of %zu numbers: penalty %g, %s: %.*s (%.1f s)", names[config->head], n,
         head->width, head->penalty, how, (int)line.size, line.at, outcome->seconds);
    buffer_free(&line);
}

struct model *linear_head_train(const struct fit_config *config, const struct initial_model *initial,
                                const struct dataset *dataset, struct objective *objective, struct pool *pool,
                                struct outcome *outcome)
{
    double began = monotonic_seconds();
    objective_plain(objective);
    struct source source = training_source(config, dataset);
    struct vectors vectors;
    load_vectors(&vectors, &source, objective, initial->width);
    struct linear_options options = {
        .kind = (enum linear_kind)config->head, .standardise = true, .seed = (uint64_t)config->seed};
    struct linear_head *head = linear_fit(&vectors.data, &options, pool);
    struct model *model = initial_model_open_encoder(initial, head->outputs, head->extras);
    put_head(head, model);
    *outcome = (struct outcome){.kept_epoch = 1, .epochs = 1};
    metrics_init(&outcome->training, dataset->classes.count);
    metrics_init(&outcome->selection, dataset->classes.count);
    double *scores = memory_new(vectors.data.count, sizeof *scores);
    score_vectors(&vectors, head, model, objective, &outcome->training, scores);
    set_thresholds(objective, config->thresholds, scores, vectors.classes, vectors.data.count);
    outcome->seconds = monotonic_seconds() - began;
    note_head(config, head, outcome, vectors.data.count);
    free(scores);
    linear_free(head);
    free_vectors(&vectors);
    return model;
}
