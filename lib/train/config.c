#include "train/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"

const char *monitor_name(enum monitor monitor)
{
    static const char *const names[] = {"qwk", "accuracy", "loss", "macro_f1"};
    return names[monitor];
}

struct fit_config fit_config_defaults(void)
{
    return (struct fit_config){
        .head = -1,
        .loss = -1,
        .pool = -1,
        .select = SELECT_AUTO,
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

void fit_config_check(const struct fit_config *config)
{
    if (config->shape && !config->scratch)
        command_misuse("--shape gives the shape of random weights: it goes with --scratch");
    struct shape parsed;
    if (config->shape && !model_shape_parse(config->shape, &parsed))
        command_misuse("--shape is '%s': expected tiny, mini, small, medium, base or L,H,A", config->shape);
    if (config->shape && parsed.H % parsed.A != 0)
        command_misuse("--shape is '%s': a hidden size of %d is no multiple of %d heads", config->shape,
                       parsed.H, parsed.A);
    if (config->select == SELECT_NONE &&
        (config->patience > 0 || config->keep == KEEP_BEST || config->monitor >= 0))
        command_misuse("%s needs records to select by, and --select none has none",
                       config->patience > 0        ? "--patience"
                       : config->keep == KEEP_BEST ? "--keep best"
                                                   : "--monitor");
}

enum pooling fit_config_pooling(int pool)
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
        command_misuse("--freeze is '%s': expected embeddings, or embeddings and the layers above them "
                       "such as embeddings,0-3",
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

/* Which records select, and which epoch is kept.  None select unless asked: training on every record to an
 * end that the schedule sets has served better than an epoch selected by a tenth of few (examples/README.md,
 * "What came out"). */
static void resolve_selection(struct fit_config *config, bool val_selects)
{
    bool wanted = config->keep == KEEP_BEST || config->patience > 0 ||
                  config->thresholds == THRESHOLDS_TUNED || (config->monitor >= 0 && config->keep < 0);
    if (config->select == SELECT_AUTO && config->keep == KEEP_LAST && !wanted)
        config->select = SELECT_NONE;
    if (config->select == SELECT_AUTO)
        config->select = val_selects ? SELECT_VAL : wanted ? SELECT_SLICE : SELECT_NONE;
    if (config->select == SELECT_NONE)
        config->keep = KEEP_LAST;
    if (config->keep < 0)
        config->keep = KEEP_BEST;
}

/* ---- What suits the labels ---- */

static enum loss default_loss(const struct classes *classes) { return classes->ordered ? LOSS_MSE : LOSS_CE; }

/* What the loss needs and the labels lack, to stand behind "needs"; NULL: nothing. */
static const char *lacking(enum loss loss, const struct classes *classes)
{
    if (classes->count == 0 && loss != LOSS_MSE)
        return "classes, and these labels are measurements (too many different numbers)";
    if (!classes->ordered && (loss == LOSS_MSE || loss_needs_order(loss)))
        return "classes with an order, and these labels are strings without one";
    return NULL;
}

static void adopt_head(struct fit_config *config, const struct classes *classes, const struct model *model)
{
    if (config->scratch || !model->has_head || !model->rubric || model->classes.count != classes->count)
        return;
    if (config->loss < 0 && !lacking(model->scoring.loss, classes))
        config->loss = (int)model->scoring.loss;
    for (int pool = FIT_POOL_CLS; pool <= FIT_POOL_FIRST && config->pool < 0; pool++)
        if (fit_config_pooling(pool) == model->layout->shape.pool)
            config->pool = pool;
}

static void check_loss(const char *option, const char *name, enum loss loss, const struct classes *classes,
                       const char *instead)
{
    const char *need = lacking(loss, classes);
    if (need)
        die(STATUS_USAGE,
            "--%s %s needs %s: use --%s %s, or declare the scale with tok --classes LOW,...,HIGH", option,
            name, need, option, instead);
}

/* Scorers shrink towards the middle; that the classes come as often as in training puts it right
 * (examples/README.md, "What came out"). */
static void resolve_thresholds(struct fit_config *config, const struct classes *classes)
{
    bool ordered = classes->ordered && classes->count > 0;
    if (config->thresholds < 0)
        config->thresholds = ordered ? THRESHOLDS_PRIOR : THRESHOLDS_ROUND;
    if (config->thresholds != THRESHOLDS_ROUND && !ordered)
        die(STATUS_USAGE, "--thresholds needs classes with an order, and these labels are %s",
            classes->count ? "strings without one: declare it with tok --classes LOW,...,HIGH"
                           : "measurements");
}

/* From random weights a model needs some steps before it knows anything, and soon overfits few essays. */
static int64_t default_epochs(bool pretrained, uint64_t trainable, int64_t batch)
{
    enum { PRETRAINED = 3, LEAST = 4, MOST = 8, STEPS = 300 };
    if (pretrained)
        return PRETRAINED;
    uint64_t steps = (trainable + (uint64_t)batch - 1) / (uint64_t)batch;
    int64_t epochs = (int64_t)((STEPS + steps - 1) / steps);
    return epochs < LEAST ? LEAST : epochs > MOST ? MOST : epochs;
}

void fit_config_resolve(struct fit_config *config, const struct classes *classes, const struct model *model,
                        uint64_t trainable, bool val_selects)
{
    bool pretrained = model->pretrained && !config->scratch;
    struct shape shape = model->layout->shape;
    if (config->shape)
        model_shape_parse(config->shape, &shape);
    adopt_head(config, classes, model);
    if (config->loss < 0)
        config->loss = (int)default_loss(classes);
    check_loss("loss", loss_name((enum loss)config->loss), (enum loss)config->loss, classes,
               loss_name(default_loss(classes)));
    if (config->label_smoothing > 0 && config->loss != LOSS_CE)
        die(STATUS_USAGE, "--label-smoothing goes with --loss ce, and the loss is %s",
            loss_name((enum loss)config->loss));
    if (config->pool < 0)
        config->pool = FIT_POOL_MEAN;
    resolve_selection(config, val_selects);
    if (config->monitor < 0)
        config->monitor = classes->count == 0 ? MONITOR_LOSS
                          : classes->ordered  ? MONITOR_QWK
                                              : MONITOR_ACCURACY;
    if (config->monitor != MONITOR_LOSS && classes->count == 0)
        die(STATUS_USAGE, "--monitor %s needs classes, and these labels are measurements",
            monitor_name((enum monitor)config->monitor));
    resolve_thresholds(config, classes);
    if (config->thresholds == THRESHOLDS_TUNED && config->select == SELECT_NONE)
        die(STATUS_USAGE, "--thresholds tuned needs records to set them on that are not trained on");
    if (config->sample != SAMPLE_NATURAL && classes->count == 0)
        die(STATUS_USAGE, "--sample needs classes, and these labels are measurements");
    if (config->epochs == 0)
        config->epochs = default_epochs(pretrained, trainable, config->batch);
    if (config->rate <= 0)
        config->rate = pretrained ? 1e-4 : 4e-4;
    config->frozen = config->freeze ? parse_freeze(config->freeze, shape.L) : 0;
}

/* The name of a choice among those of its option; valid until the next call with the same `name`. */
static const char *choice_name(const char *choices, int index, char name[32])
{
    for (; index > 0; index--)
        choices = strchr(choices, '|') + 1;
    size_t size = strcspn(choices, "|");
    memcpy(name, choices, size);
    name[size] = '\0';
    return name;
}

/* What only training by steps knows would do nothing here. */
static void refuse_steps(const struct fit_config *config)
{
    const struct fit_config plain = fit_config_defaults();
    const struct {
        const char *option;
        bool given;
    } steps[] = {
        {"loss", config->loss >= 0},
        {"pool", config->pool >= 0},
        {"epochs", config->epochs > 0},
        {"max-steps", config->max_steps > 0},
        {"batch", config->batch != plain.batch},
        {"lr", config->rate > 0},
        {"head-lr", config->head_rate != plain.head_rate},
        {"layer-decay", config->layer_decay != plain.layer_decay},
        {"schedule", config->schedule != plain.schedule},
        {"warmup", config->warmup != plain.warmup},
        {"weight-decay", config->weight_decay != plain.weight_decay},
        {"clip", config->clip != plain.clip},
        {"dropout", config->dropout >= 0},
        {"token-dropout", config->token_dropout > 0},
        {"span-deletion", config->span_deletion > 0},
        {"label-smoothing", config->label_smoothing > 0},
        {"freeze", config->freeze != NULL},
        {"ema", config->ema > 0},
        {"sample", config->sample != plain.sample},
        {"select", config->select != plain.select},
        {"keep", config->keep >= 0},
        {"monitor", config->monitor >= 0},
        {"patience", config->patience > 0},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].given)
            command_misuse("--%s is for tokens: on vectors --head says what is fitted, and it is solved at "
                           "once",
                           steps[i].option);
}

enum linear_kind fit_config_head(const struct fit_config *config, bool ordered)
{
    if (config->head >= 0)
        return (enum linear_kind)config->head;
    return ordered ? LINEAR_RIDGE : LINEAR_LOGISTIC;
}

void fit_config_resolve_head(struct fit_config *config, const struct classes *classes)
{
    static const enum loss losses[] = {
        [LINEAR_RIDGE] = LOSS_MSE, [LINEAR_LOGISTIC] = LOSS_CE, [LINEAR_ORDINAL] = LOSS_CLM};
    char name[32];
    refuse_steps(config);
    config->head = (int)fit_config_head(config, classes->ordered);
    config->loss = (int)losses[config->head];
    check_loss("head", choice_name(LINEAR_NAMES, config->head, name), (enum loss)config->loss, classes,
               classes->ordered ? "ridge" : "logistic");
    resolve_thresholds(config, classes);
    if (config->thresholds == THRESHOLDS_TUNED && config->head != LINEAR_RIDGE)
        die(STATUS_USAGE, "--thresholds tuned needs scores of records that were not fitted to: of these "
                          "heads only ridge has them");
    config->select = SELECT_NONE;
    config->keep = KEEP_LAST;
    config->pool = config->monitor = 0;
}

const char *fit_config_selected_by(const struct fit_config *config)
{
    return config->select == SELECT_VAL ? "val" : "train";
}

json_t *fit_config_json(const struct fit_config *config)
{
    const struct {
        const char *key, *choices;
        int value;
    } choices[] = {
        {"loss", LOSS_NAMES, config->loss},
        {"pool", FIT_POOL_CHOICES, config->pool},
        {"schedule", SCHEDULE_CHOICES, config->schedule},
        {"select", SELECT_CHOICES, config->select},
        {"monitor", MONITOR_CHOICES, config->monitor},
        {"keep", KEEP_CHOICES, config->keep},
        {"sample", SAMPLE_CHOICES, config->sample},
        {"thresholds", THRESHOLDS_NAMES, config->thresholds},
    };
    const struct {
        const char *key;
        int64_t value;
    } integers[] = {
        {"epochs", config->epochs}, {"batch", config->batch},       {"max-steps", config->max_steps},
        {"seed", config->seed},     {"patience", config->patience}, {"fold", config->fold},
    };
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"lr", config->rate},
        {"head-lr", config->head_rate},
        {"layer-decay", config->layer_decay},
        {"warmup", config->warmup},
        {"weight-decay", config->weight_decay},
        {"clip", config->clip},
        {"dropout", config->dropout},
        {"label-smoothing", config->label_smoothing},
        {"ema", config->ema},
        {"token-dropout", config->token_dropout},
        {"span-deletion", config->span_deletion},
    };
    /* Of a file of weights the name: fit_identity has its hash, and a path is nobody's business. */
    const char *weights = config->class_weight ? file_last_component(config->class_weight).at : NULL;
    const struct {
        const char *key, *value;
    } texts[] = {{"freeze", config->freeze}, {"class-weight", weights}, {"shape", config->shape}};
    json_t *object = json_object();
    char name[32];
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        json_object_set_new(object, choices[i].key,
                            json_string(choice_name(choices[i].choices, choices[i].value, name)));
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        json_object_set_new(object, integers[i].key, json_integer(integers[i].value));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(object, numbers[i].key, json_real(numbers[i].value));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_object_set_new(object, texts[i].key, texts[i].value ? json_string(texts[i].value) : json_null());
    json_object_set_new(object, "head",
                        config->head < 0 ? json_null()
                                         : json_string(choice_name(LINEAR_NAMES, config->head, name)));
    json_object_set_new(object, "scratch", json_boolean(config->scratch));
    return object;
}
