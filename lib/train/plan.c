#include "train/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "nn/linear.h"
#include "train/heads.h"

struct plan plan_defaults(void)
{
    return (struct plan){
        .head = -1,
        .loss = -1,
        .pool = -1,
        .select = CHOOSE_AUTO,
        .monitor = -1,
        .schedule = SCHEDULE_LINEAR,
        .keep = -1,
        .sample = SAMPLE_NATURAL,
        .thresholds = -1,
        .batch = 16,
        .fold = -1,
        .head_rate = 10,
        .layer_decay = 1,
        .warmup = 0.1,
        .weight_decay = 0.01,
        .clip = 1,
        .dropout = -1,
    };
}

void plan_check(const struct plan *plan)
{
    if (plan->shape && !plan->scratch)
        command_misuse("--shape gives the shape of random weights: it goes with --scratch");
    struct shape parsed;
    if (plan->shape && !model_shape_parse(plan->shape, &parsed))
        command_misuse("--shape is '%s': expected tiny, mini, small, medium, base or L,H,A", plan->shape);
    if (plan->shape && parsed.H % parsed.A != 0)
        command_misuse("--shape is '%s': a hidden size of %d is no multiple of %d heads", plan->shape,
                       parsed.H, parsed.A);
    if (plan->select == CHOOSE_NOTHING &&
        (plan->patience > 0 || plan->keep == KEEP_BEST || plan->monitor >= 0))
        command_misuse("%s needs records to choose by: not --select none",
                       plan->patience > 0        ? "--patience"
                       : plan->keep == KEEP_BEST ? "--keep best"
                                                 : "--monitor");
}

enum pooling plan_pooling(int pool)
{
    static const enum pooling pools[] = {POOL_POOLER, POOL_MEAN, POOL_MAX, POOL_ATTENTION, POOL_CLS};
    return pools[pool];
}

/* "embeddings", "embeddings,0-3", "embeddings,0-1,2": what is frozen is the bottom of the network. */
static int parse_freeze(const char *text, int layers)
{
    const char *at = text;
    static const char word[] = "embeddings";
    if (strncmp(at, word, sizeof word - 1) != 0)
        command_misuse("--freeze is '%s': expected embeddings, or embeddings and the layers above them such "
                       "as "
                       "embeddings,0-3",
                       text);
    at += sizeof word - 1;
    int frozen = 1;
    while (*at == ',') {
        char *end;
        long from = strtol(at + 1, &end, 10), to = from;
        if (end > at + 1 && *end == '-') {
            at = end;
            to = strtol(at + 1, &end, 10);
        }
        if (end == at + 1 || from != frozen - 1 || to < from || to >= layers)
            command_misuse("--freeze is '%s': expected layers from 0 upwards without a gap, below %d", text,
                           layers);
        frozen = (int)to + 2;
        at = end;
    }
    if (*at)
        command_misuse("--freeze is '%s': cannot read '%s'", text, at);
    return frozen;
}

static void adopt_head(struct plan *plan, const struct classes *classes, const struct model *model)
{
    if (plan->scratch || !model->has_head || !model->rubric || model->label_count != classes->count)
        return;
    if (plan->loss < 0 && !goal_lacks(model->scoring.loss, classes))
        plan->loss = (int)model->scoring.loss;
    for (int pool = PLAN_POOL_CLS; pool <= PLAN_POOL_FIRST && plan->pool < 0; pool++)
        if (plan_pooling(pool) == model->layout->shape.pool)
            plan->pool = pool;
}

/* Which records choose, and which epoch is kept.  Nothing chooses unless asked: training on every record to an
 * end that the schedule sets has served better than an epoch chosen by a tenth of few (examples/README.md,
 * "What came out"). */
static void resolve_choosing(struct plan *plan, bool val_chooses)
{
    bool sought = plan->keep == KEEP_BEST || plan->patience > 0 || plan->thresholds == THRESHOLDS_TUNED ||
        (plan->monitor >= 0 && plan->keep < 0);
    if (plan->select == CHOOSE_AUTO && plan->keep == KEEP_LAST && !sought)
        plan->select = CHOOSE_NOTHING;
    if (plan->select == CHOOSE_AUTO)
        plan->select = val_chooses ? CHOOSE_VAL : sought ? CHOOSE_SLICE : CHOOSE_NOTHING;
    if (plan->select == CHOOSE_NOTHING)
        plan->keep = KEEP_LAST;
    if (plan->keep < 0)
        plan->keep = KEEP_BEST;
}

static void check_loss(const char *option, const char *name, enum loss loss, const struct classes *classes,
                       const char *instead)
{
    const char *lacking = goal_lacks(loss, classes);
    if (lacking)
        die(STATUS_USAGE,
            "--%s %s needs %s: use --%s %s, or declare the scale with tok --classes LOW,...,HIGH", option,
            name, lacking, option, instead);
}

/* Scorers shrink towards the middle; that the classes come as often as in training puts it right
 * (examples/README.md, "What came out"). */
static void resolve_thresholds(struct plan *plan, const struct classes *classes)
{
    bool ordered = classes->ordered && classes->count > 0;
    if (plan->thresholds < 0)
        plan->thresholds = ordered ? THRESHOLDS_PRIOR : THRESHOLDS_ROUND;
    if (plan->thresholds != THRESHOLDS_ROUND && !ordered)
        die(STATUS_USAGE, "--thresholds needs classes with an order, and these labels are %s",
            classes->count ? "strings without one: declare it with tok --classes LOW,...,HIGH" : "measurements");
}

/* From random weights a model needs some steps before it knows anything, and then soon learns few essays by
 * heart. */
static int64_t default_epochs(bool pretrained, uint64_t examples, int64_t batch)
{
    enum { PRETRAINED = 3, LEAST = 4, MOST = 8, STEPS = 300 };
    if (pretrained)
        return PRETRAINED;
    uint64_t steps = (examples + (uint64_t)batch - 1) / (uint64_t)batch;
    int64_t epochs = (int64_t)((STEPS + steps - 1) / steps);
    return epochs < LEAST ? LEAST : epochs > MOST ? MOST : epochs;
}

void plan_resolve(struct plan *plan, const struct classes *classes, const struct model *model, uint64_t examples,
                  bool val_chooses)
{
    bool pretrained = model->pretrained && !plan->scratch;
    struct shape shape = model->layout->shape;
    if (plan->shape)
        model_shape_parse(plan->shape, &shape);
    adopt_head(plan, classes, model);
    if (plan->loss < 0)
        plan->loss = (int)goal_default_loss(classes);
    check_loss("loss", loss_name((enum loss)plan->loss), (enum loss)plan->loss, classes,
               loss_name(goal_default_loss(classes)));
    if (plan->label_smoothing > 0 && plan->loss != LOSS_CE)
        die(STATUS_USAGE, "--label-smoothing goes with --loss ce, and the loss is %s",
            loss_name((enum loss)plan->loss));
    if (plan->pool < 0)
        plan->pool = PLAN_POOL_MEAN;
    resolve_choosing(plan, val_chooses);
    if (plan->monitor < 0)
        plan->monitor = classes->count == 0 ? MONITOR_LOSS
            : classes->ordered              ? MONITOR_QWK
                                            : MONITOR_ACCURACY;
    if (plan->monitor != MONITOR_LOSS && classes->count == 0)
        die(STATUS_USAGE, "--monitor %s needs classes, and these labels are measurements",
            monitor_name((enum monitor)plan->monitor));
    resolve_thresholds(plan, classes);
    if (plan->thresholds == THRESHOLDS_TUNED && plan->select == CHOOSE_NOTHING)
        die(STATUS_USAGE, "--thresholds tuned needs records to set them on that are not trained on");
    if (plan->sample != SAMPLE_NATURAL && classes->count == 0)
        die(STATUS_USAGE, "--sample needs classes, and these labels are measurements");
    if (plan->epochs == 0)
        plan->epochs = default_epochs(pretrained, examples, plan->batch);
    if (plan->rate <= 0)
        plan->rate = pretrained ? 1e-4 : 4e-4;
    plan->frozen = plan->freeze ? parse_freeze(plan->freeze, shape.L) : 0;
}

/* The name of a choice among those of its option. */
static const char *chosen(const char *choices, int index, char room[32])
{
    for (; index > 0; index--)
        choices = strchr(choices, '|') + 1;
    size_t size = strcspn(choices, "|");
    memcpy(room, choices, size);
    room[size] = '\0';
    return room;
}

/* What only training by steps knows would do nothing here. */
static void refuse_steps(const struct plan *plan)
{
    const struct plan plain = plan_defaults();
    const struct {
        const char *option;
        bool given;
    } steps[] = {
        {"loss", plan->loss >= 0},
        {"pool", plan->pool >= 0},
        {"epochs", plan->epochs > 0},
        {"max-steps", plan->max_steps > 0},
        {"batch", plan->batch != plain.batch},
        {"lr", plan->rate > 0},
        {"head-lr", plan->head_rate != plain.head_rate},
        {"layer-decay", plan->layer_decay != plain.layer_decay},
        {"schedule", plan->schedule != plain.schedule},
        {"warmup", plan->warmup != plain.warmup},
        {"weight-decay", plan->weight_decay != plain.weight_decay},
        {"clip", plan->clip != plain.clip},
        {"dropout", plan->dropout >= 0},
        {"token-dropout", plan->token_dropout > 0},
        {"span-deletion", plan->span_deletion > 0},
        {"label-smoothing", plan->label_smoothing > 0},
        {"freeze", plan->freeze != NULL},
        {"ema", plan->ema > 0},
        {"sample", plan->sample != plain.sample},
        {"select", plan->select != plain.select},
        {"keep", plan->keep >= 0},
        {"monitor", plan->monitor >= 0},
        {"patience", plan->patience > 0},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].given)
            command_misuse("--%s is for tokens: on vectors --head says what is fitted, and it is solved at "
                           "once",
                           steps[i].option);
}

void plan_resolve_head(struct plan *plan, const struct classes *classes)
{
    char name[32], other[32];
    refuse_steps(plan);
    if (plan->head < 0)
        plan->head = head_default(classes);
    plan->loss = (int)head_loss(plan->head);
    check_loss("head", chosen(LINEAR_NAMES, plan->head, name), (enum loss)plan->loss, classes,
               chosen(LINEAR_NAMES, head_default(classes), other));
    resolve_thresholds(plan, classes);
    if (plan->thresholds == THRESHOLDS_TUNED && plan->head != LINEAR_RIDGE)
        die(STATUS_USAGE, "--thresholds tuned needs scores of records that were not fitted to: of these "
                          "heads only ridge has them");
    plan->select = CHOOSE_NOTHING;
    plan->keep = KEEP_LAST;
    plan->pool = plan->monitor = 0;
}

json_t *plan_json(const struct plan *plan)
{
    const struct {
        const char *key, *choices;
        int value;
    } choices[] = {
        {"loss", LOSS_NAMES, plan->loss},          {"pool", PLAN_POOL_CHOICES, plan->pool},
        {"schedule", SCHEDULE_CHOICES, plan->schedule}, {"select", CHOOSE_CHOICES, plan->select},
        {"monitor", MONITOR_CHOICES, plan->monitor}, {"keep", KEEP_CHOICES, plan->keep},
        {"sample", SAMPLE_CHOICES, plan->sample},  {"thresholds", THRESHOLDS_NAMES, plan->thresholds},
    };
    const struct {
        const char *key;
        int64_t value;
    } integers[] = {
        {"epochs", plan->epochs}, {"batch", plan->batch}, {"max-steps", plan->max_steps},
        {"seed", plan->seed}, {"patience", plan->patience}, {"fold", plan->fold},
    };
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"lr", plan->rate}, {"head-lr", plan->head_rate}, {"layer-decay", plan->layer_decay},
        {"warmup", plan->warmup}, {"weight-decay", plan->weight_decay}, {"clip", plan->clip},
        {"dropout", plan->dropout}, {"label-smoothing", plan->label_smoothing}, {"ema", plan->ema},
        {"token-dropout", plan->token_dropout}, {"span-deletion", plan->span_deletion},
    };
    const struct {
        const char *key, *value;
    } texts[] = {{"freeze", plan->freeze}, {"class-weight", plan->class_weight}, {"shape", plan->shape}};
    json_t *object = json_object();
    char room[32];
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        json_object_set_new(object, choices[i].key,
                            json_string(chosen(choices[i].choices, choices[i].value, room)));
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        json_object_set_new(object, integers[i].key, json_integer(integers[i].value));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(object, numbers[i].key, json_real(numbers[i].value));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_object_set_new(object, texts[i].key, texts[i].value ? json_string(texts[i].value) : json_null());
    json_object_set_new(object, "head",
                        plan->head < 0 ? json_null() : json_string(chosen(LINEAR_NAMES, plan->head, room)));
    json_object_set_new(object, "scratch", json_boolean(plan->scratch));
    return object;
}
