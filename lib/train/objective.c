#include "train/objective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "train/class_weights.h"

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

enum loss objective_default_loss(const struct classes *classes)
{
    return classes->ordered ? LOSS_MSE : LOSS_CE;
}

const char *objective_lacks(enum loss loss, const struct classes *classes)
{
    if (classes->count == 0 && loss != LOSS_MSE)
        return "classes, and these labels are measurements (too many different numbers)";
    if (!classes->ordered && (loss == LOSS_MSE || loss_needs_order(loss)))
        return "classes with an order, and these labels are strings without one";
    return NULL;
}

/* Squared differences are summed from the counts, so that the order of the records plays no part. */
static void set_scale(struct objective *objective, const double *counts, const struct label_sums *sums)
{
    const struct loss_spec *o = &objective->spec;
    double n = (double)sums->n;
    if (o->classes == 0) {
        objective->centre = sums->mean;
        objective->spread = sqrt(sums->squares / n);
    } else {
        for (int c = 0; c < o->classes; c++)
            objective->centre += counts[c] / n * (o->values ? o->values[c] : c);
        for (int c = 0; c < o->classes; c++) {
            double away = (o->values ? o->values[c] : c) - objective->centre;
            objective->spread += counts[c] / n * away * away;
        }
        objective->spread = sqrt(objective->spread);
    }
    if (!(objective->spread > 0))
        objective->spread = 1;
}

/* A head of squared error holds the labels' scale in single precision. */
static void check_scale(const struct objective *objective)
{
    const double widest = 1e30, farthest = 1e5;
    if (!(objective->spread <= widest && objective->spread >= 1 / widest))
        die(STATUS_INPUT, "the labels' standard deviation is %g: expected %g to %g (change their unit)",
            objective->spread, 1 / widest, widest);
    if (!(fabs(objective->centre) <= farthest * objective->spread))
        die(STATUS_INPUT,
            "the labels lie around %.10g, and only %g apart: too near to tell in single precision (subtract "
            "%.10g from them)",
            objective->centre, objective->spread, objective->centre);
}

/* What is learned from has to weigh something, and to differ. */
static void check_weight(const struct objective *objective, const struct label_sums *sums)
{
    size_t k = objective->classes->count, heavy = 0;
    bool *weighs = memory_zeroed(k, sizeof *weighs);
    for (size_t i = 0; k && i < objective->classes->found_count; i++) {
        size_t c = (size_t)objective->classes->of_found[i];
        if (sums->weights[i] * (objective->class_weights ? objective->class_weights[c] : 1) > 0)
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

void objective_init(struct objective *objective, enum loss loss, double smoothing,
                    const struct classes *classes, const struct label_sums *sums, const char *class_weight)
{
    size_t k = classes->count;
    *objective = (struct objective){.classes = classes};
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
    objective->spec = (struct loss_spec){.loss = loss,
                                         .classes = (int)k,
                                         .values = values,
                                         .shares = shares,
                                         .smoothing = smoothing,
                                         .sharpness = LOSS_SHARPNESS};
    objective->scoring = (struct scoring){.loss = loss, .classes = (int)k};
    if (values) {
        objective->scoring.values = memory_new(k, sizeof *values);
        memcpy(objective->scoring.values, values, k * sizeof *values);
    }
    set_scale(objective, counts, sums);
    if (loss == LOSS_MSE)
        check_scale(objective);
    objective->class_weights = class_weights(class_weight, classes, counts);
    check_weight(objective, sums);
    free(counts);
}

void objective_plain(struct objective *objective)
{
    objective->centre = 0;
    objective->spread = 1;
}

void objective_free(struct objective *objective)
{
    free((void *)(uintptr_t)objective->spec.values);
    free((void *)(uintptr_t)objective->spec.shares);
    free(objective->class_weights);
    scoring_free(&objective->scoring);
}

static int class_of(const struct objective *objective, const struct example *example)
{
    return objective->spec.classes ? objective->classes->of_found[example->label] : -1;
}

double objective_value(const struct objective *objective, const struct example *example)
{
    int c = class_of(objective, example);
    if (c < 0)
        return example->value;
    return objective->spec.values ? objective->spec.values[c] : c;
}

struct target objective_target(const struct objective *objective, const struct example *example)
{
    return (struct target){.class = class_of(objective, example),
                           .value = (objective_value(objective, example) - objective->centre) /
                                    objective->spread};
}

double objective_weight(const struct objective *objective, const struct example *example)
{
    return objective->class_weights ? example->weight * objective->class_weights[class_of(objective, example)]
                                    : example->weight;
}

struct scored objective_score(const struct objective *objective, const float *outputs, const float *extra,
                              double *prob)
{
    if (objective->spec.loss != LOSS_MSE)
        return scoring_apply(&objective->scoring, outputs, extra, prob);
    float score = (float)(outputs[0] * objective->spread + objective->centre);
    return scoring_apply(&objective->scoring, &score, extra, prob);
}

void objective_fold(const struct objective *objective, const struct layout *layout, float *params)
{
    if (objective->spec.loss != LOSS_MSE)
        return;
    size_t inputs = (size_t)layout->shape.tap_count * (size_t)layout->shape.H;
    for (size_t i = 0; i < inputs; i++)
        params[layout->head_weight + i] = (float)(params[layout->head_weight + i] * objective->spread);
    params[layout->head_bias] = (float)(params[layout->head_bias] * objective->spread + objective->centre);
}

void objective_unfold(const struct objective *objective, const struct layout *layout, float *params)
{
    if (objective->spec.loss != LOSS_MSE)
        return;
    size_t inputs = (size_t)layout->shape.tap_count * (size_t)layout->shape.H;
    for (size_t i = 0; i < inputs; i++)
        params[layout->head_weight + i] = (float)(params[layout->head_weight + i] / objective->spread);
    params[layout->head_bias] = (float)((params[layout->head_bias] - objective->centre) / objective->spread);
}

double objective_loss(void *context, const float *outputs, const float *extra, float *doutputs, float *dextra)
{
    const struct objective_call *call = context;
    const struct loss_spec *o = &call->objective->spec;
    double loss = loss_compute(o, outputs, extra, &call->target, doutputs, dextra);
    int outputs_count = loss_outputs(o->loss, o->classes),
        extra_count = loss_extra_count(o->loss, o->classes);
    for (int i = 0; i < outputs_count; i++)
        doutputs[i] = (float)(doutputs[i] * call->scale);
    for (int i = 0; i < extra_count; i++)
        dextra[i] = (float)(dextra[i] * call->scale);
    return loss;
}
