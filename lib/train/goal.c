#include "train/goal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "train/weights.h"

void label_sums_add(struct label_sums *sums, int32_t label, double value, double weight)
{
    if (label >= 0) {
        sums->counts[label]++;
        sums->weights[label] += weight;
    }
    sums->weight += weight;
    sums->n++;
    double difference = value - sums->mean;
    sums->mean += difference / (double)sums->n;
    sums->squares += difference * (value - sums->mean);
}

void label_sums_join(struct label_sums *to, const struct label_sums *from)
{
    if (from->n == 0)
        return;
    double a = (double)to->n, b = (double)from->n, difference = from->mean - to->mean;
    for (int i = 0; i < CLASSES_MAX; i++) {
        to->counts[i] += from->counts[i];
        to->weights[i] += from->weights[i];
    }
    to->weight += from->weight;
    to->n += from->n;
    to->mean += difference * b / (a + b);
    to->squares += from->squares + difference * difference * a * b / (a + b);
}

enum loss goal_default_loss(const struct classes *classes) { return classes->ordered ? LOSS_MSE : LOSS_CE; }

const char *goal_lacks(enum loss loss, const struct classes *classes)
{
    if (classes->count == 0 && loss != LOSS_MSE)
        return "classes, and these labels are measurements (too many different numbers)";
    if (!classes->ordered && (loss == LOSS_MSE || loss_needs_order(loss)))
        return "classes with an order, and these labels are strings without one";
    return NULL;
}

/* Squared differences are summed from the counts, so that the order of the records plays no part. */
static void set_scale(struct goal *goal, const double *counts, const struct label_sums *sums)
{
    const struct objective *o = &goal->objective;
    double n = (double)sums->n;
    if (o->classes == 0) {
        goal->centre = sums->mean;
        goal->spread = sqrt(sums->squares / n);
    } else {
        for (int c = 0; c < o->classes; c++)
            goal->centre += counts[c] / n * (o->values ? o->values[c] : c);
        for (int c = 0; c < o->classes; c++) {
            double away = (o->values ? o->values[c] : c) - goal->centre;
            goal->spread += counts[c] / n * away * away;
        }
        goal->spread = sqrt(goal->spread);
    }
    if (!(goal->spread > 0))
        goal->spread = 1;
}

/* A head of squared error holds the labels' scale in single precision. */
static void check_scale(const struct goal *goal)
{
    const double widest = 1e30, farthest = 1e5;
    if (!(goal->spread <= widest && goal->spread >= 1 / widest))
        die(STATUS_INPUT, "the labels' standard deviation is %g: expected %g to %g (change their unit)",
            goal->spread, 1 / widest, widest);
    if (!(fabs(goal->centre) <= farthest * goal->spread))
        die(STATUS_INPUT,
            "the labels lie around %.10g, and only %g apart: too near to tell in single precision (subtract "
            "%.10g from them)",
            goal->centre, goal->spread, goal->centre);
}

/* What is learned from has to weigh something, and to differ. */
static void check_weight(const struct goal *goal, const struct label_sums *sums)
{
    size_t k = goal->classes->count, heavy = 0;
    bool *weighs = memory_zeroed(k, sizeof *weighs);
    for (size_t i = 0; k && i < goal->classes->found_count; i++) {
        size_t c = (size_t)goal->classes->of_found[i];
        if (sums->weights[i] * (goal->class_weights ? goal->class_weights[c] : 1) > 0)
            weighs[c] = true;
    }
    for (size_t c = 0; c < k; c++)
        heavy += weighs[c];
    free(weighs);
    if (k ? heavy == 0 : !(sums->weight > 0))
        die(STATUS_INPUT, "all %llu records to train on have the weight 0: nothing can be learned from them",
            (unsigned long long)sums->n);
    if (heavy == 1)
        die(STATUS_INPUT, "all records to train on that have a weight have the same label: nothing can be "
                          "learned from them");
}

void goal_init(struct goal *goal, enum loss loss, double smoothing, const struct classes *classes,
               const struct label_sums *sums, const char *class_weight)
{
    size_t k = classes->count;
    *goal = (struct goal){.classes = classes};
    double *counts = memory_zeroed(k, sizeof *counts), *shares = memory_zeroed(k, sizeof *shares),
           *values = NULL;
    for (size_t i = 0; k && i < classes->found_count; i++)
        counts[classes->of_found[i]] += (double)sums->counts[i];
    for (size_t c = 0; c < k; c++)
        shares[c] = counts[c] / (double)sums->n;
    if (k && classes->type != LABEL_STRING) {
        values = memory_new(k, sizeof *values);
        for (size_t c = 0; c < k; c++)
            values[c] = classes->list[c].number;
    }
    goal->objective = (struct objective){.loss = loss, .classes = (int)k, .values = values, .shares = shares,
                                         .smoothing = smoothing, .sharpness = LOSS_SHARPNESS};
    goal->scoring = (struct scoring){.loss = loss, .classes = (int)k};
    if (values) {
        goal->scoring.values = memory_new(k, sizeof *values);
        memcpy(goal->scoring.values, values, k * sizeof *values);
    }
    set_scale(goal, counts, sums);
    if (loss == LOSS_MSE)
        check_scale(goal);
    goal->class_weights = class_weights(class_weight, classes, counts);
    check_weight(goal, sums);
    free(counts);
}

void goal_plain(struct goal *goal)
{
    goal->centre = 0;
    goal->spread = 1;
}

void goal_free(struct goal *goal)
{
    free((void *)(uintptr_t)goal->objective.values);
    free((void *)(uintptr_t)goal->objective.shares);
    free(goal->class_weights);
    scoring_free(&goal->scoring);
}

static int class_of(const struct goal *goal, const struct instance *instance)
{
    return goal->objective.classes ? goal->classes->of_found[instance->label] : -1;
}

double goal_value(const struct goal *goal, const struct instance *instance)
{
    int c = class_of(goal, instance);
    if (c < 0)
        return instance->value;
    return goal->objective.values ? goal->objective.values[c] : c;
}

struct target goal_target(const struct goal *goal, const struct instance *instance)
{
    return (struct target){.class = class_of(goal, instance),
                           .value = (goal_value(goal, instance) - goal->centre) / goal->spread};
}

double goal_weight(const struct goal *goal, const struct instance *instance)
{
    return goal->class_weights ? instance->weight * goal->class_weights[class_of(goal, instance)]
                               : instance->weight;
}

struct scored goal_score(const struct goal *goal, const float *outputs, const float *extra, double *prob)
{
    if (goal->objective.loss != LOSS_MSE)
        return scoring_apply(&goal->scoring, outputs, extra, prob);
    float score = (float)(outputs[0] * goal->spread + goal->centre);
    return scoring_apply(&goal->scoring, &score, extra, prob);
}

void goal_fold(const struct goal *goal, const struct layout *layout, float *params)
{
    if (goal->objective.loss != LOSS_MSE)
        return;
    size_t inputs = (size_t)layout->shape.tap_count * (size_t)layout->shape.H;
    for (size_t i = 0; i < inputs; i++)
        params[layout->head_weight + i] = (float)(params[layout->head_weight + i] * goal->spread);
    params[layout->head_bias] = (float)(params[layout->head_bias] * goal->spread + goal->centre);
}

void goal_unfold(const struct goal *goal, const struct layout *layout, float *params)
{
    if (goal->objective.loss != LOSS_MSE)
        return;
    size_t inputs = (size_t)layout->shape.tap_count * (size_t)layout->shape.H;
    for (size_t i = 0; i < inputs; i++)
        params[layout->head_weight + i] = (float)(params[layout->head_weight + i] / goal->spread);
    params[layout->head_bias] = (float)((params[layout->head_bias] - goal->centre) / goal->spread);
}

double goal_loss(void *context, const float *outputs, const float *extra, float *doutputs, float *dextra)
{
    const struct goal_call *call = context;
    const struct objective *o = &call->goal->objective;
    double loss = loss_compute(o, outputs, extra, &call->target, doutputs, dextra);
    int outputs_count = loss_outputs(o->loss, o->classes),
        extra_count = loss_extra_count(o->loss, o->classes);
    for (int i = 0; i < outputs_count; i++)
        doutputs[i] = (float)(doutputs[i] * call->scale);
    for (int i = 0; i < extra_count; i++)
        dextra[i] = (float)(dextra[i] * call->scale);
    return loss;
}
