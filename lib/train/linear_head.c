#include "train/linear_head.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/terminal.h"
#include "linear/linear.h"
#include "train/calibration.h"

int linear_head_default(const struct classes *classes)
{
    return classes->ordered ? LINEAR_RIDGE : LINEAR_LOGISTIC;
}

enum loss linear_head_loss(int head)
{
    static const enum loss losses[] = {
        [LINEAR_RIDGE] = LOSS_MSE, [LINEAR_LOGISTIC] = LOSS_CE, [LINEAR_ORDINAL] = LOSS_CLM};
    return losses[head];
}

/* Everything that is fitted to, in memory. */
struct design {
    struct linear_data data;
    float *x; /* [n, X] */
    double *values, *weights;
    int *classes;
    struct example *examples; /* [n] labels and weights; their ids and vectors are not kept */
};

/* Records of weight 0 say nothing, and are left out. */
static void load_design(struct design *d, const struct source *source, const struct objective *objective,
                        size_t width)
{
    uint64_t total = source_count(source);
    d->x = memory_new(total, width * sizeof *d->x);
    d->values = memory_new(total, sizeof *d->values);
    d->weights = memory_new(total, sizeof *d->weights);
    d->classes = memory_new(total, sizeof *d->classes);
    d->examples = memory_new(total, sizeof *d->examples);
    struct example_store store = {0};
    size_t n = 0;
    for (uint64_t i = 0; i < total; i++) {
        struct example *example = &d->examples[n];
        source_get(source, i, &store, example);
        d->weights[n] = objective_weight(objective, example);
        if (!(d->weights[n] > 0))
            continue;
        memcpy(d->x + n * width, example->vector, width * sizeof *d->x);
        d->values[n] = objective_value(objective, example);
        d->classes[n] = objective_target(objective, example).class;
        n++;
    }
    example_store_free(&store);
    d->data = (struct linear_data){.x = d->x,
                                   .count = n,
                                   .width = width,
                                   .values = d->values,
                                   .classes = d->classes,
                                   .class_count = objective->spec.classes,
                                   .weights = d->weights};
}

static void free_design(struct design *d)
{
    free(d->x);
    free(d->values);
    free(d->weights);
    free(d->classes);
    free(d->examples);
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
static void mark(const struct design *d, const struct linear_head *head, const struct model *model,
                 const struct objective *objective, struct outcome *outcome, double *scores)
{
    size_t outputs = (size_t)head->outputs, extras = (size_t)head->extras;
    float *logits = memory_new(outputs, sizeof *logits),
          *unused = memory_new(outputs + extras, sizeof *unused); /* the gradient */
    for (size_t i = 0; i < d->data.count; i++) {
        network_head(model->layout, model->params, d->x + i * head->width, logits);
        if (head->left_out)
            logits[0] = (float)head->left_out[i];
        struct target target = {.class = d->classes[i], .value = d->values[i]};
        double loss = loss_compute(&objective->spec, logits, head->extra, &target, unused, unused + outputs);
        metrics_add(&outcome->training, objective, &d->examples[i], logits, head->extra, loss);
        scores[i] = objective_score(objective, logits, head->extra, NULL).score;
    }
    free(logits);
    free(unused);
}

static void account(const struct fit_config *config, const struct linear_head *head,
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
                                struct dataset *dataset, struct objective *objective, struct pool *pool,
                                struct outcome *outcome)
{
    double began = monotonic_seconds();
    objective_plain(objective);
    struct source source = {dataset, SOURCE_TRAIN_AND_SLICE};
    struct design design;
    load_design(&design, &source, objective, initial->width);
    struct linear_options options = {
        .kind = (enum linear_kind)config->head, .standardise = true, .seed = (uint64_t)config->seed};
    struct linear_head *head = linear_fit(&design.data, &options, pool);
    struct model *model = initial_model_open_encoder(initial, head->outputs, head->extras);
    put_head(head, model);
    *outcome = (struct outcome){.kept_epoch = 1, .epochs = 1};
    metrics_init(&outcome->training, dataset->classes.count);
    metrics_init(&outcome->choosing, dataset->classes.count);
    double *scores = memory_new(design.data.count, sizeof *scores);
    mark(&design, head, model, objective, outcome, scores);
    set_thresholds(objective, config->thresholds, scores, design.classes, design.data.count);
    outcome->seconds = monotonic_seconds() - began;
    account(config, head, outcome, design.data.count);
    free(scores);
    linear_free(head);
    free_design(&design);
    return model;
}
