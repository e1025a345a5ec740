#include "train/heads.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/terminal.h"
#include "nn/linear.h"
#include "train/cuts.h"

int head_default(const struct classes *classes) { return classes->ordered ? LINEAR_RIDGE : LINEAR_LOGISTIC; }

enum loss head_loss(int head)
{
    static const enum loss losses[] = {[LINEAR_RIDGE] = LOSS_MSE, [LINEAR_LOGISTIC] = LOSS_CE,
                                       [LINEAR_ORDINAL] = LOSS_CLM};
    return losses[head];
}

/* Everything that is fitted to, in memory. */
struct design {
    struct linear_data data;
    float *x;          /* [n, X] */
    double *values, *weights;
    int *classes;
    struct instance *instances; /* [n] labels and weights; their ids and vectors are not kept */
};

/* Records of weight 0 say nothing, and are left out. */
static void load_design(struct design *d, const struct source *source, const struct goal *goal, size_t width)
{
    uint64_t total = source_count(source);
    d->x = memory_new(total, width * sizeof *d->x);
    d->values = memory_new(total, sizeof *d->values);
    d->weights = memory_new(total, sizeof *d->weights);
    d->classes = memory_new(total, sizeof *d->classes);
    d->instances = memory_new(total, sizeof *d->instances);
    struct instance_store store = {0};
    size_t n = 0;
    for (uint64_t i = 0; i < total; i++) {
        struct instance *instance = &d->instances[n];
        source_get(source, i, &store, instance);
        d->weights[n] = goal_weight(goal, instance);
        if (!(d->weights[n] > 0))
            continue;
        memcpy(d->x + n * width, instance->vector, width * sizeof *d->x);
        d->values[n] = goal_value(goal, instance);
        d->classes[n] = goal_target(goal, instance).class;
        n++;
    }
    instance_store_free(&store);
    d->data = (struct linear_data){.x = d->x,
                                   .count = n,
                                   .width = width,
                                   .values = d->values,
                                   .classes = d->classes,
                                   .class_count = goal->objective.classes,
                                   .weights = d->weights};
}

static void free_design(struct design *d)
{
    free(d->x);
    free(d->values);
    free(d->weights);
    free(d->classes);
    free(d->instances);
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
                 const struct goal *goal, struct outcome *outcome, double *scores)
{
    float *logits = memory_new((size_t)head->outputs, sizeof *logits);
    for (size_t i = 0; i < d->data.count; i++) {
        network_head(model->layout, model->params, d->x + i * head->width, logits);
        if (head->left_out)
            logits[0] = (float)head->left_out[i];
        struct target target = {.class = d->classes[i], .value = d->values[i]};
        float dlogits[CLASSES_MAX + 1], dextra[CLASSES_MAX + 1];
        double loss = loss_compute(&goal->objective, logits, head->extra, &target, dlogits, dextra);
        marks_add(&outcome->training, goal, &d->instances[i], logits, head->extra, loss);
        scores[i] = goal_score(goal, logits, head->extra, NULL).score;
    }
    free(logits);
}

static void account(const struct plan *plan, const struct linear_head *head, const struct outcome *outcome,
                    size_t n)
{
    struct buffer line = {0};
    if (outcome->training.k)
        buffer_format(&line, "accuracy %.3f, kappa %.3f", marks_accuracy(&outcome->training),
                      marks_qwk(&outcome->training));
    else
        buffer_format(&line, "root mean squared error %.4g", marks_deviation(&outcome->training));
    static const char *const names[] = {[LINEAR_RIDGE] = "ridge", [LINEAR_LOGISTIC] = "logistic",
                                        [LINEAR_ORDINAL] = "ordinal"};
    const char *how = head->left_out ? "each record scored by a head fitted to the others"
                                     : "on the records it was fitted to";
    note("%s head on %zu vectors of %zu numbers: penalty %g, %s: %.*s (%.1f s)", names[plan->head], n,
         head->width, head->penalty, how, (int)line.size, line.at, outcome->seconds);
    buffer_free(&line);
}

struct model *head_train(const struct plan *plan, const struct start *start, struct intake *intake,
                         struct goal *goal, struct pool *pool, struct outcome *outcome)
{
    double began = monotonic_seconds();
    goal_plain(goal);
    struct source source = {intake, SOURCE_TRAIN_AND_SLICE};
    struct design design;
    load_design(&design, &source, goal, start->width);
    struct linear_options options = {.kind = (enum linear_kind)plan->head, .standardise = true,
                                     .seed = (uint64_t)plan->seed};
    struct linear_head *head = linear_fit(&design.data, &options, pool);
    struct model *model = start_open_encoder(start, head->outputs, head->extras);
    put_head(head, model);
    *outcome = (struct outcome){.kept_epoch = 1, .epochs = 1};
    marks_init(&outcome->training, intake->classes.count);
    marks_init(&outcome->choosing, intake->classes.count);
    double *scores = memory_new(design.data.count, sizeof *scores);
    mark(&design, head, model, goal, outcome, scores);
    cuts_set(goal, plan->thresholds, scores, design.classes, design.data.count);
    outcome->seconds = monotonic_seconds() - began;
    account(plan, head, outcome, design.data.count);
    free(scores);
    linear_free(head);
    free_design(&design);
    return model;
}
