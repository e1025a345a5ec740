#include "predict/prediction.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

bool prediction_has_prob(const struct model *model)
{
    const struct scoring *scoring = &model->scoring;
    return scoring->classes > 0 && (scoring->loss != LOSS_MSE || scoring->deviation > 0);
}

static bool numeric(enum label_type y) { return y == LABEL_INTEGER || y == LABEL_NUMBER; }

/* The label type of the predictions: the model's, widened to numbers where the stream's labels are. */
static enum label_type common_type(const struct header *header, const struct model *model)
{
    if (header->y == LABEL_NONE)
        return model->classes.type;
    if (numeric(header->y) != numeric(model->classes.type))
        die(STATUS_BROKEN, "the stream's labels are of type %s, those of the model %s of type %s",
            label_type_name(header->y), model->directory, label_type_name(model->classes.type));
    return numeric(header->y) && model->classes.count == 0 ? header->y
           : header->y == LABEL_NUMBER                     ? LABEL_NUMBER
                                                           : model->classes.type;
}

/* How pred comes from score, for people. */
static json_t *rounding(const struct model *model)
{
    const struct scoring *scoring = &model->scoring;
    if (scoring->classes == 0)
        return json_string("the nearest label");
    if (!scoring->thresholds)
        return json_string(scoring->loss == LOSS_MSE ? "halfway between the classes"
                                                     : "the most probable class");
    struct buffer text = {0};
    for (int i = 0; i + 1 < scoring->classes; i++) {
        buffer_text(&text, i ? ", " : "at ");
        buffer_format(&text, "%.4g", scoring->thresholds[i]);
    }
    json_t *sentence = json_stringn(text.at, text.size);
    buffer_free(&text);
    return sentence;
}

void prediction_header(struct header *header, const struct model *model)
{
    static const char *const payload[] = {"tokenizer", "dim", "layers", "pool", "encoder"};
    header_set_type(header, common_type(header, model));
    header_set_kind(header, KIND_PREDICTIONS);
    for (size_t i = 0; i < sizeof payload / sizeof *payload; i++)
        json_object_del(header->map, payload[i]);
    if (model->classes.count > 0)
        header_set_labels(header, model->classes.labels, model->classes.count, model->classes.ordered);
    header_set(header, "loss", json_string(loss_name(model->scoring.loss)));
    if (model->scoring.values) {
        json_t *values = json_array();
        for (int i = 0; i < model->scoring.classes; i++)
            json_array_append_new(values, json_real(model->scoring.values[i]));
        header_set(header, "values", values);
    }
    header_set(header, "rounding", rounding(model));
    header_set(header, "probabilities", json_boolean(prediction_has_prob(model)));
    json_t *chosen_by = json_object_get(model->rubric, "chosen_by");
    if (chosen_by)
        header_set(header, "chosen_by", json_incref(chosen_by));
    header_set_model(header, model->directory, model->fingerprint);
}

/* Without classes of the model's own: the nearest of the stream's classes (the lower one halfway), else the
 * score itself, rounded where labels are whole numbers. */
static struct label label_of_score(double score, const struct header *header)
{
    double whole = round(score);
    size_t class = 0;
    const struct classes *classes = &header->classes;
    while (class + 1 < classes->count &&
           score > (classes->labels[class].number + classes->labels[class + 1].number) / 2)
        class ++;
    if (classes->count > 0 && classes->ordered && numeric(header->y))
        return classes->labels[class];
    if (header->y == LABEL_INTEGER && fabs(whole) < 9e15)
        return (struct label){.type = LABEL_INTEGER, .integer = (int64_t)whole, .number = whole};
    return (struct label){.type = LABEL_NUMBER, .number = score};
}

static bool finite_values(const struct batch_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (!isfinite(result->values[i]))
            return false;
    return true;
}

/* Its payload, and what an earlier prediction left. */
static void drop_old(struct record *record)
{
    static const char *const old[] = {"ids", "types", "win", "vec", "pred", "score", "prob", "logits"};
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        record_remove(record, old[i]);
}

bool prediction_set(const struct batch_result *result, const struct model *model, const struct header *header,
                    bool logits, double *prob)
{
    struct record *record = result->record;
    const struct layout *layout = model->layout;
    drop_old(record);
    if (!result->values)
        return false;
    record_remove(record, "bad");
    if (!finite_values(result)) {
        record_set_string(record, "bad", SLICE("the model's outputs are not finite"));
        return false;
    }
    const float *extra = layout->shape.E > 0 ? model->params + layout->extra : NULL;
    struct scored scored = scoring_apply(&model->scoring, result->values, extra, prob);
    struct label label = scored.class >= 0 && (size_t)scored.class < model->classes.count
                             ? model->classes.labels[scored.class]
                             : label_of_score(scored.score, header);
    if (header->y == LABEL_NUMBER)
        label.type = LABEL_NUMBER;
    record_set_label(record, "pred", &label);
    record_set_number(record, "score", scored.score);
    if (scored.has_prob && model->classes.count > 0)
        record_set_doubles(record, "prob", prob, model->classes.count);
    if (logits) {
        double *wide = memory_new(result->count, sizeof *wide);
        for (size_t i = 0; i < result->count; i++)
            wide[i] = (double)result->values[i];
        record_set_doubles(record, "logits", wide, result->count);
        free(wide);
    }
    return true;
}
