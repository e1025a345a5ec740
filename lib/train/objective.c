#include "train/objective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interner.h"
#include "base/options.h"

/* ---- What is known of the training records ---- */

/* Makes sums for the labels up to this one. */
static void reach_label(struct label_sums *sums, size_t label)
{
    memory_grow(&sums->labels, &sums->capacity, label + 1, sizeof *sums->labels);
    while (sums->label_count <= label)
        sums->labels[sums->label_count++] = (struct label_sum){0};
}

void label_sums_add(struct label_sums *sums, int32_t label, double value, double weight)
{
    if (label >= 0) {
        reach_label(sums, (size_t)label);
        sums->labels[label].count++;
        sums->labels[label].weight += weight;
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
    for (size_t i = 0; i < from->label_count; i++) {
        reach_label(to, i);
        to->labels[i].count += from->labels[i].count;
        to->labels[i].weight += from->labels[i].weight;
    }
    to->weight += from->weight;
    to->mean = to->n ? to->mean + difference * b / (a + b) : from->mean;
    to->squares += from->squares + difference * difference * a * b / (a + b);
    to->n += from->n;
}

void label_sums_free(struct label_sums *sums) { free(sums->labels); }

/* ---- Class weights ---- */

enum { FILE_LIMIT = 1 << 20 };

static void set_balanced(double *weights, const double *counts, size_t k)
{
    double n = 0, present = 0;
    for (size_t c = 0; c < k; c++) {
        n += counts[c];
        present += counts[c] > 0;
    }
    for (size_t c = 0; c < k; c++)
        weights[c] = counts[c] > 0 ? n / (present * counts[c]) : 1;
}

static void set_effective(double *weights, const double *counts, size_t k)
{
    const double b = 0.999;
    double n = 0, sum = 0;
    for (size_t c = 0; c < k; c++) {
        weights[c] = counts[c] > 0 ? (1 - b) / (1 - pow(b, counts[c])) : 0;
        n += counts[c];
        sum += counts[c] * weights[c];
    }
    for (size_t c = 0; c < k; c++)
        weights[c] = counts[c] > 0 ? weights[c] * n / sum : 1;
}

/* The classes' labels as they are printed, numbered as the classes. */
static struct interner printed_labels(const struct classes *classes)
{
    struct interner names = {0};
    struct buffer text = {0};
    for (size_t c = 0; c < classes->count; c++) {
        text.size = 0;
        label_print(&text, &classes->labels[c]);
        interner_add(&names, (struct slice){text.at, text.size}, NULL);
    }
    buffer_free(&text);
    return names;
}

/* A label may hold blanks: the weight is what stands behind the last one. */
static void read_line(double *weights, bool *named, const struct interner *names, const char *path,
                      size_t number, struct slice line)
{
    while (line.size && strchr(" \t\r", line.at[line.size - 1]))
        line.size--;
    if (line.size == 0)
        return;
    size_t end = line.size;
    while (end > 0 && !strchr(" \t", line.at[end - 1]))
        end--;
    char *text = slice_string((struct slice){line.at + end, line.size - end});
    double weight;
    if (end == 0 || !parse_number(text, 0, 1e9, &weight))
        die(STATUS_INPUT, "%s:%zu: \"%.*s\": expected a label, a blank and its weight", path, number,
            (int)line.size, line.at);
    free(text);
    while (end > 0 && strchr(" \t", line.at[end - 1]))
        end--;
    size_t c = interner_find(names, (struct slice){line.at, end});
    if (c == INTERNER_NONE)
        die(STATUS_INPUT, "%s:%zu: \"%.*s\" is not the label of a class", path, number, (int)end, line.at);
    if (named[c])
        die(STATUS_INPUT, "%s:%zu: \"%.*s\" has a weight already", path, number, (int)end, line.at);
    named[c] = true;
    weights[c] = weight;
}

static void set_from_file(double *weights, const struct classes *classes, const char *path)
{
    struct file_view file = file_view(path, FILE_LIMIT);
    const char *at = file.at, *end = file.at + file.size;
    struct interner names = printed_labels(classes);
    bool *named = memory_zeroed(classes->count, sizeof *named);
    for (size_t c = 0; c < classes->count; c++)
        weights[c] = 1;
    for (size_t number = 1; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        read_line(weights, named, &names, path, number, (struct slice){at, (size_t)(stop - at)});
        at = stop + 1;
    }
    free(named);
    interner_free(&names);
    file_unview(&file);
}

static bool is_rule(const char *how)
{
    return !how || strcmp(how, "none") == 0 || strcmp(how, "balanced") == 0 || strcmp(how, "effective") == 0;
}

uint64_t class_weights_hash(const char *how)
{
    if (is_rule(how))
        return 0;
    struct file_view file = file_view(how, FILE_LIMIT);
    uint64_t hash = XXH3_64bits(file.at, file.size);
    file_unview(&file);
    return hash;
}

double *class_weights(const char *how, const struct classes *classes, const double *counts)
{
    if (!how || strcmp(how, "none") == 0)
        return NULL;
    if (classes->count == 0)
        die(STATUS_USAGE, "--class-weight %s needs classes, and these labels are measurements", how);
    double *weights = memory_new(classes->count, sizeof *weights);
    if (strcmp(how, "balanced") == 0)
        set_balanced(weights, counts, classes->count);
    else if (strcmp(how, "effective") == 0)
        set_effective(weights, counts, classes->count);
    else
        set_from_file(weights, classes, how);
    return weights;
}

/* ---- The objective ---- */

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

/* Training records have to weigh something, and to differ. */
static void check_weight(const struct objective *objective, const struct label_sums *sums)
{
    size_t k = objective->classes->count, heavy = 0;
    bool *weighs = memory_zeroed(k, sizeof *weighs);
    for (size_t i = 0; k && i < sums->label_count; i++) {
        size_t c = objective->classes->places[i];
        if (sums->labels[i].weight * (objective->class_weights ? objective->class_weights[c] : 1) > 0)
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
    for (size_t i = 0; k && i < sums->label_count; i++)
        counts[classes->places[i]] += (double)sums->labels[i].count;
    for (size_t c = 0; c < k; c++)
        shares[c] = counts[c] / (double)sums->n;
    if (k && classes->type != LABEL_STRING) {
        values = memory_new(k, sizeof *values);
        for (size_t c = 0; c < k; c++)
            values[c] = classes->labels[c].number;
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
    return objective->spec.classes ? (int)objective->classes->places[example->label] : -1;
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
