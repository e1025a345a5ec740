#include "train/loop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/terminal.h"
#include "model/safetensors.h"
#include "train/augment.h"
#include "train/calibration.h"
#include "train/ema.h"
#include "train/log.h"
#include "train/sampler.h"
#include "train/schedule.h"
#include "train/step.h"

/* Everything that lives as long as a run. */
struct loop {
    const struct training *t;
    const struct layout *layout;
    struct workspace **workspaces;
    struct network_packed *packed; /* of the parameters computed with last */
    struct optimizer *optimizer;
    struct stepper *stepper;
    struct sampler *sampler;
    struct ema *ema; /* NULL: no averaging */
    struct source training, selection;
    bool selects;
    struct metrics selection_metrics;
    struct schedule schedule;
    struct run_state state;
    struct log log;
    struct progress progress;
    double started, saved; /* monotonic seconds */
    bool calibrating;      /* after the last step */
    float bias;            /* of the head, before it was calibrated */
};

static uint64_t count_steps(const struct fit_config *config, uint64_t examples)
{
    uint64_t batch = (uint64_t)config->batch, per_epoch = (examples + batch - 1) / batch,
             steps = (uint64_t)config->epochs * per_epoch;
    return config->max_steps && (uint64_t)config->max_steps < steps ? (uint64_t)config->max_steps : steps;
}

/* ---- Beginning and ending ---- */

static struct sampler *make_sampler(const struct loop *l)
{
    const struct fit_config *config = l->t->config;
    uint64_t count = source_count(&l->training);
    if (config->sample == SAMPLE_NATURAL)
        return sampler_new(SAMPLE_NATURAL, count, NULL, 0, (uint64_t)config->seed);
    int32_t *classes = memory_new(count, sizeof *classes);
    struct example_store store = {0};
    for (uint64_t i = 0; i < count; i++) {
        struct example example;
        source_get(&l->training, i, &store, &example);
        classes[i] = (int32_t)l->t->dataset->classes.places[example.label];
    }
    example_store_free(&store);
    struct sampler *sampler = sampler_new((enum sample_mode)config->sample, count, classes,
                                          l->t->dataset->classes.count, (uint64_t)config->seed);
    free(classes);
    return sampler;
}

static size_t blocks_of(const struct loop *l, struct float_block blocks[4])
{
    size_t size = l->layout->size, count = 0;
    blocks[count++] = (struct float_block){l->t->model->params, size};
    blocks[count++] = (struct float_block){optimizer_moments1(l->optimizer), size};
    blocks[count++] = (struct float_block){optimizer_moments2(l->optimizer), size};
    if (l->ema)
        blocks[count++] = (struct float_block){ema_params(l->ema), size};
    return count;
}

static void make_workspaces(struct loop *l)
{
    size_t threads = (size_t)pool_threads(l->t->pool);
    l->workspaces = memory_new(threads, sizeof *l->workspaces);
    l->packed = network_packed_new(l->layout, true);
    for (size_t i = 0; i < threads; i++) {
        l->workspaces[i] = workspace_new(l->layout);
        workspace_use_packed(l->workspaces[i], l->packed);
    }
}

static void make_stepper(struct loop *l)
{
    const struct training *t = l->t;
    const struct fit_config *config = t->config;
    struct optimizer_settings settings = {.beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-8,
                                          .weight_decay = config->weight_decay,
                                          .clip = config->clip,
                                          .head_rate = config->head_rate,
                                          .layer_decay = config->layer_decay,
                                          .frozen = config->frozen};
    l->optimizer = optimizer_new(l->layout, &settings);
    struct step_setup setup = {.layout = l->layout,
                               .params = t->model->params,
                               .optimizer = l->optimizer,
                               .pool = t->pool,
                               .workspaces = l->workspaces,
                               .objective = t->objective,
                               .seed = (uint64_t)config->seed,
                               .dropout = true,
                               .frozen = config->frozen};
    l->stepper = stepper_new(&setup, (size_t)config->batch);
}

static void loop_start(struct loop *l)
{
    const struct training *t = l->t;
    const struct fit_config *config = t->config;
    make_workspaces(l);
    make_stepper(l);
    l->training = training_source(config, t->dataset);
    l->selects = selection_source(config, t->dataset, &l->selection);
    if (config->select == SELECT_VAL && !l->selects)
        die(STATUS_INPUT, "--select val: no record of the part val has a label");
    l->sampler = make_sampler(l);
    if (config->ema > 0)
        l->ema = ema_new(l->layout->size, t->model->params, config->ema);
    uint64_t steps = count_steps(config, sampler_size(l->sampler));
    l->schedule = (struct schedule){(enum schedule_shape)config->schedule, config->rate, steps,
                                    schedule_warmup(config->warmup, steps)};
    metrics_init(&l->state.running, t->dataset->classes.count);
    metrics_init(&l->selection_metrics, t->dataset->classes.count);
}

static void resume(struct loop *l)
{
    struct float_block blocks[4];
    size_t count = blocks_of(l, blocks);
    checkpoint_load(l->t->output, l->t->identity, &l->state, blocks, count);
    optimizer_restore(l->optimizer, l->state.step);
    l->started -= l->state.seconds;
    note("resuming after step %" PRIu64 " of %" PRIu64, l->state.step, l->schedule.steps);
}

static void loop_end(struct loop *l)
{
    for (int i = 0; i < pool_threads(l->t->pool); i++)
        workspace_free(l->workspaces[i]);
    free(l->workspaces);
    network_packed_free(l->packed);
    optimizer_free(l->optimizer);
    stepper_free(l->stepper);
    sampler_free(l->sampler);
    ema_free(l->ema);
    metrics_free(&l->state.running);
    metrics_free(&l->selection_metrics);
    log_close(&l->log);
}

/* ---- Checkpoints ---- */

static void save_checkpoint(struct loop *l)
{
    optimizer_catch_up_all(l->optimizer, l->t->model->params, l->t->pool);
    log_sync(&l->log);
    l->state.log_size = l->log.steps.size;
    l->state.epochs_size = l->log.epochs.size;
    l->state.seconds = monotonic_seconds() - l->started;
    struct float_block blocks[4];
    size_t count = blocks_of(l, blocks);
    checkpoint_save(l->t->output, l->t->identity, &l->state, blocks, count);
    l->saved = monotonic_seconds();
}

/* Between two steps, or two chunks of an evaluation, which starts anew when the run is resumed. */
static void stop_if_signalled(void *context)
{
    struct loop *l = context;
    if (!interrupt_pending())
        return;
    if (l->calibrating)
        l->t->model->params[l->layout->head_bias] = l->bias;
    save_checkpoint(l);
    progress_line_clear();
    warn("interrupted after step %" PRIu64 " of %" PRIu64 "; %s/ holds its state (fit --resume goes on)",
         l->state.step, l->schedule.steps, l->t->output->partial);
    interrupt_end();
}

static void save_if_due(struct loop *l)
{
    if (monotonic_seconds() - l->saved >= l->t->checkpoint_seconds)
        save_checkpoint(l);
}

/* ---- Steps ---- */

static size_t load_batch(struct loop *l, uint64_t size)
{
    struct batch_slot *slots = stepper_slots(l->stepper);
    uint64_t left = size - l->state.position, batch = (uint64_t)l->t->config->batch;
    size_t count = (size_t)(left < batch ? left : batch);
    const struct fit_config *config = l->t->config;
    struct augmentation how = {config->token_dropout, config->span_deletion, (uint64_t)config->seed};
    for (size_t i = 0; i < count; i++) {
        uint64_t index = sampler_pick(l->sampler, l->state.epoch, l->state.position + i);
        source_get(&l->training, index, &slots[i].store, &slots[i].example);
        augment(&how, l->state.epoch, index, &slots[i].store, &slots[i].example);
    }
    return count;
}

static void stop_if_not_finite(const struct loop *l, const struct step_result *result)
{
    if (result->finite)
        return;
    struct buffer names = {0};
    stepper_not_finite(l->stepper, &names);
    die(STATUS_SYSTEM,
        "step %" PRIu64 " (epoch %" PRIu64 "): the loss or its gradient is not finite any more; "
        "records: %.*s (a lower --lr may help)",
        l->state.step + 1, l->state.epoch + 1, (int)names.size, names.at);
}

static void take_step(struct loop *l, uint64_t size)
{
    double began = monotonic_seconds(), rate = schedule_rate(&l->schedule, l->state.step);
    size_t count = load_batch(l, size);
    network_packed_update(l->packed, l->t->model->params, l->t->pool);
    struct step_result result = stepper_run(l->stepper, count, l->state.step, rate, &l->state.running);
    stop_if_not_finite(l, &result);
    if (l->ema) {
        optimizer_catch_up_all(l->optimizer, l->t->model->params, l->t->pool);
        ema_update(l->ema, l->t->model->params, l->state.step, l->t->pool);
    }
    l->state.step++;
    l->state.position += count;
    double now = monotonic_seconds();
    log_step(&l->log, l->state.step, l->state.epoch + 1, &result, rate, now - began, now - l->started);
    progress_update(&l->progress, l->state.position);
}

/* ---- Epochs ---- */

/* What is evaluated and kept: the average, where there is one. */
static float *result_params(const struct loop *l)
{
    return l->ema ? ema_params(l->ema) : l->t->model->params;
}

static struct evaluation evaluation_of(struct loop *l, const float *params)
{
    network_packed_update(l->packed, params, l->t->pool);
    return (struct evaluation){.layout = l->layout,
                               .params = params,
                               .pool = l->t->pool,
                               .workspaces = l->workspaces,
                               .objective = l->t->objective,
                               .between = stop_if_signalled,
                               .context = l};
}

static void evaluate_selection(struct loop *l, const float *params)
{
    struct evaluation e = evaluation_of(l, params);
    evaluate(&e, &l->selection, &l->selection_metrics);
}

static bool is_better(const struct loop *l)
{
    double value = metrics_monitored(&l->selection_metrics, (enum monitor)l->t->config->monitor);
    double loss = metrics_loss(&l->selection_metrics);
    const struct run_state *s = &l->state;
    return s->best_epoch == 0 || value > s->best_value || (!(value < s->best_value) && loss < s->best_loss);
}

static void keep_as_best(struct loop *l)
{
    struct run_state *s = &l->state;
    s->best_epoch = s->epoch + 1;
    s->best_value = metrics_monitored(&l->selection_metrics, (enum monitor)l->t->config->monitor);
    s->best_loss = metrics_loss(&l->selection_metrics);
    s->best_training_loss = metrics_loss(&s->running);
    s->since_best = 0;
    if (l->t->config->keep == KEEP_BEST)
        block_save(l->t->output, OUTPUT_BEST, &(struct float_block){result_params(l), l->layout->size});
}

/* A signal in the evaluation finds the state as it was after the epoch's last step: resumed, the run comes
 * here again. */
static void end_epoch(struct loop *l)
{
    struct run_state *s = &l->state;
    progress_end(&l->progress);
    optimizer_catch_up_all(l->optimizer, l->t->model->params, l->t->pool);
    bool best = false;
    if (l->selects) {
        evaluate_selection(l, result_params(l));
        best = is_better(l);
        s->since_best++;
        if (best)
            keep_as_best(l);
        s->last_loss = metrics_loss(&l->selection_metrics);
    }
    s->last_training_loss = metrics_loss(&s->running);
    s->epoch++;
    s->position = 0;
    log_epoch(&l->log, l->t->config, s->step, s->epoch, &s->running,
              l->selects ? &l->selection_metrics : NULL, best, monotonic_seconds() - l->started);
}

static bool epoch_is_whole(const struct loop *l)
{
    return l->state.position >= sampler_size(l->sampler) || l->state.step >= l->schedule.steps;
}

static void run_epoch(struct loop *l)
{
    uint64_t size = sampler_size(l->sampler);
    char *label = memory_format("epoch %" PRIu64 "/%" PRId64, l->state.epoch + 1, l->t->config->epochs);
    if (l->state.position == 0)
        metrics_clear(&l->state.running);
    progress_start(&l->progress, label, "essays", size);
    while (!epoch_is_whole(l)) {
        take_step(l, size);
        stop_if_signalled(l);
        if (!epoch_is_whole(l))
            save_if_due(l);
    }
    end_epoch(l);
    stop_if_signalled(l);
    save_if_due(l);
    free(label);
}

static bool finished(const struct loop *l)
{
    const struct run_state *s = &l->state;
    bool patient = l->t->config->patience == 0 || s->since_best < (uint64_t)l->t->config->patience;
    return s->position == 0 && (s->step >= l->schedule.steps || !patient);
}

/* ---- The result ---- */

/* Both moments of every tensor, named as the tensor with ".exp_avg" and ".exp_avg_sq" behind. */
static void save_optimizer(const struct loop *l)
{
    size_t count = l->layout->count;
    struct safetensor *tensors = memory_zeroed(2 * count, sizeof *tensors);
    char **names = memory_new(2 * count, sizeof *names);
    for (size_t i = 0; i < 2 * count; i++) {
        const struct parameter *p = &l->layout->table[i % count];
        float *moments = i < count ? optimizer_moments1(l->optimizer) : optimizer_moments2(l->optimizer);
        names[i] = memory_format("%s.%s", p->name, i < count ? "exp_avg" : "exp_avg_sq");
        tensors[i] = (struct safetensor){.name = names[i],
                                         .rank = p->cols ? 2 : 1,
                                         .shape = {(uint64_t)p->rows, (uint64_t)p->cols},
                                         .at = moments + p->offset};
    }
    char *path = output_path(l->t->output, "optimizer.safetensors");
    safetensors_save(path, tensors, 2 * count);
    for (size_t i = 0; i < 2 * count; i++)
        free(names[i]);
    free(names);
    free(tensors);
    free(path);
}

/* Whether steps see another network than the one that is saved. */
static bool steps_draw(const struct loop *l)
{
    const struct shape *s = &l->layout->shape;
    return s->hidden_dropout > 0 || s->attention_dropout > 0 || s->head_dropout > 0 ||
           l->t->config->token_dropout > 0 || l->t->config->span_deletion > 0;
}

static bool keeps_best(const struct loop *l) { return l->selects && l->t->config->keep == KEEP_BEST; }

/* The parameters that are kept go where training had its own. */
static void take_params(struct loop *l)
{
    float *params = l->t->model->params;
    size_t size = l->layout->size;
    if (keeps_best(l))
        block_load(l->t->output, OUTPUT_BEST, &(struct float_block){params, size});
    else if (l->ema)
        memcpy(params, ema_params(l->ema), size * sizeof *params);
}

/* A signal in an evaluation finds a state without a step to take: resumed, the run comes here again.  Its
 * parameters are then those that are kept (unless these come from the best epoch's file or the average
 * anyhow), with the bias as it was. */
static void calibrate(struct loop *l)
{
    const struct training *t = l->t;
    float *params = t->model->params;
    l->bias = params[l->layout->head_bias];
    l->calibrating = true;
    if (t->objective->spec.loss == LOSS_MSE && steps_draw(l)) {
        struct evaluation e = evaluation_of(l, params);
        log_calibration(calibrate_bias(&e, &l->training, l->sampler, l->state.epoch, params));
    }
    int rule = t->config->thresholds;
    bool prior = rule == THRESHOLDS_PRIOR;
    if (prior || (l->selects && rule == THRESHOLDS_TUNED)) {
        struct evaluation e = evaluation_of(l, params);
        calibrate_thresholds(&e, prior ? &l->training : &l->selection, t->objective, rule);
    } else if (rule == THRESHOLDS_TUNED) {
        warn("--thresholds tuned: too few records to hold any out and set them on: scores are rounded");
    }
    if (l->selects)
        evaluate_selection(l, params);
    stop_if_signalled(l);
}

static void set_outcome(const struct loop *l, struct outcome *out)
{
    const struct run_state *s = &l->state;
    *out = (struct outcome){
        .steps = s->step,
        .epochs = s->epoch,
        .kept_epoch = keeps_best(l) ? s->best_epoch : s->epoch,
        .best_epoch = s->best_epoch,
        .selected = l->selects,
        .overfitted = l->selects && s->best_epoch < s->epoch &&
                      s->last_training_loss < s->best_training_loss && s->last_loss > s->best_loss,
        .seconds = monotonic_seconds() - l->started,
    };
    out->training = metrics_copy(&s->running);
    out->selection = metrics_copy(&l->selection_metrics);
}

void training_run(const struct training *training, struct outcome *outcome)
{
    struct loop l = {.t = training, .layout = training->model->layout, .started = monotonic_seconds()};
    l.saved = l.started;
    interrupt_watch();
    loop_start(&l);
    if (training->output->resumes)
        resume(&l);
    log_open(&l.log, training->output, l.state.log_size, l.state.epochs_size);
    while (!finished(&l))
        run_epoch(&l);
    save_optimizer(&l);
    take_params(&l);
    calibrate(&l);
    set_outcome(&l, outcome);
    loop_end(&l);
}

/* ---- Trying ---- */

static double peak_mebibytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* The first step is not counted, for memory is new to it. */
static double seconds_per_step(struct loop *l)
{
    enum { TRIED = 4 };
    uint64_t size = sampler_size(l->sampler), counted = 0;
    double began = monotonic_seconds();
    for (int i = 0; i < TRIED && !epoch_is_whole(l); i++) {
        take_step(l, size);
        if (i == 0)
            began = monotonic_seconds();
        else
            counted++;
    }
    /* As every epoch does: touches all memory. */
    optimizer_catch_up_all(l->optimizer, l->t->model->params, l->t->pool);
    double now = monotonic_seconds();
    return counted ? (now - began) / (double)counted : now - l->started;
}

void training_try(const struct training *training)
{
    struct loop l = {.t = training, .layout = training->model->layout, .started = monotonic_seconds()};
    loop_start(&l);
    log_open(&l.log, NULL, 0, 0);
    double per_step = seconds_per_step(&l);
    /* An evaluation costs a third of training on the same records. */
    double batches = l.selects ? (double)source_count(&l.selection) / (double)training->config->batch : 0;
    double seconds = per_step * ((double)l.schedule.steps + batches / 3 * (double)training->config->epochs);
    char duration[32];
    duration_format(duration, sizeof duration, seconds);
    note("dry run: %" PRIu64 " steps, %zu parameters, %.0f MiB of memory, about %s; nothing was saved",
         l.schedule.steps, l.layout->size, peak_mebibytes(), duration);
    loop_end(&l);
}
