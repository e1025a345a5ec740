#include "train/loop.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/terminal.h"
#include "model/safetensors.h"
#include "train/log.h"
#include "train/augment.h"
#include "train/ema.h"
#include "train/calibration.h"
#include "train/csv_log.h"
#include "train/sampler.h"
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
    struct source training, choosing;
    bool chooses;
    struct metrics choosing_metrics;
    struct schedule schedule;
    struct run_state state;
    struct csv_log log, epochs;
    struct progress progress;
    double started, saved; /* monotonic seconds */
};

struct source training_source(const struct fit_config *config, struct dataset *dataset)
{
    return (struct source){dataset, config->select == CHOOSE_SLICE ? SOURCE_TRAIN : SOURCE_TRAIN_AND_SLICE};
}

bool choosing_source(const struct fit_config *config, struct dataset *dataset, struct source *source)
{
    *source = (struct source){dataset, config->select == CHOOSE_VAL ? SOURCE_VAL : SOURCE_SLICE};
    return config->select != CHOOSE_NOTHING && source_count(source) > 0;
}

uint64_t training_steps(const struct fit_config *config, uint64_t examples)
{
    uint64_t batch = (uint64_t)config->batch,
             steps = (uint64_t)config->epochs * ((examples + batch - 1) / batch);
    return config->max_steps && (uint64_t)config->max_steps < steps ? (uint64_t)config->max_steps : steps;
}

/* ---- Signals that ask a run to stop ---- */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t pending;

static void notice(int number) { pending = number; }

static void interrupt_watch(void)
{
    pending = 0;
    struct sigaction action = {.sa_handler = notice, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

static int interrupt_pending(void) { return pending; }

static void interrupt_unwatch(void)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
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

static void open_csv_logs(struct loop *l)
{
    const struct output *output = l->t->output;
    char *log = output ? output_path(output, "log.csv") : NULL;
    char *epochs = output ? output_path(output, "epochs.csv") : NULL;
    csv_log_open(&l->log, log, "step,epoch,loss,rate,norm,tokens,tokens_per_second,seconds",
                 l->state.log_size);
    csv_log_open(&l->epochs, epochs,
                 "epoch,step,train_loss,train_accuracy,train_qwk,train_macro_f1,loss,accuracy,qwk,"
                 "macro_f1,seconds",
                 l->state.epochs_size);
    free(log);
    free(epochs);
}

static void loop_start(struct loop *l)
{
    const struct training *t = l->t;
    const struct fit_config *config = t->config;
    int threads = pool_threads(t->pool);
    l->workspaces = memory_new((size_t)threads, sizeof *l->workspaces);
    l->packed = network_packed_new(l->layout, true);
    for (int i = 0; i < threads; i++) {
        l->workspaces[i] = workspace_new(l->layout);
        workspace_use_packed(l->workspaces[i], l->packed);
    }
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
    l->training = training_source(config, t->dataset);
    l->chooses = choosing_source(config, t->dataset, &l->choosing);
    if (config->select == CHOOSE_VAL && !l->chooses)
        die(STATUS_INPUT, "--select val: no record of the part val has a label");
    l->sampler = make_sampler(l);
    if (config->ema > 0)
        l->ema = ema_new(l->layout->size, t->model->params, config->ema);
    uint64_t steps = training_steps(config, sampler_size(l->sampler));
    l->schedule = (struct schedule){(enum schedule_shape)config->schedule, config->rate, steps,
                                    schedule_warmup(config->warmup, steps)};
    metrics_init(&l->state.running, t->dataset->classes.count);
    metrics_init(&l->choosing_metrics, t->dataset->classes.count);
}

static void resume(struct loop *l)
{
    struct float_block blocks[4];
    size_t count = blocks_of(l, blocks);
    checkpoint_load(l->t->output, l->t->identity, &l->state, blocks, count);
    optimizer_restore(l->optimizer, l->state.step);
    l->started -= l->state.seconds;
    note("going on after step %" PRIu64 " of %" PRIu64, l->state.step, l->schedule.steps);
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
    metrics_free(&l->choosing_metrics);
    csv_log_close(&l->log);
    csv_log_close(&l->epochs);
}

/* ---- Checkpoints ---- */

static void save_checkpoint(struct loop *l)
{
    optimizer_catch_up_all(l->optimizer, l->t->model->params, l->t->pool);
    csv_log_sync(&l->log);
    csv_log_sync(&l->epochs);
    l->state.log_size = l->log.size;
    l->state.epochs_size = l->epochs.size;
    l->state.seconds = monotonic_seconds() - l->started;
    struct float_block blocks[4];
    size_t count = blocks_of(l, blocks);
    checkpoint_save(l->t->output, l->t->identity, &l->state, blocks, count);
    l->saved = monotonic_seconds();
}

static void heed_signals(struct loop *l)
{
    int number = interrupt_pending();
    if (number) {
        save_checkpoint(l);
        progress_line_clear();
        warn("interrupted after step %" PRIu64 " of %" PRIu64 "; %s/ holds its state (fit --resume goes on)",
             l->state.step, l->schedule.steps, l->t->output->partial);
        interrupt_unwatch();
        raise(number);
    }
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

static void stop_if_lost(const struct loop *l, const struct step_result *result)
{
    if (result->finite)
        return;
    struct buffer names = {0};
    stepper_blame(l->stepper, &names);
    die(STATUS_SYSTEM,
        "step %" PRIu64 " (epoch %" PRIu64 "): the loss or its gradient is not finite any more; "
        "records: %.*s (a lower --lr may help)",
        l->state.step + 1, l->state.epoch + 1, (int)names.size, names.at);
}

static void log_step(struct loop *l, const struct step_result *result, double rate, double began)
{
    double now = monotonic_seconds();
    csv_log_integer(&l->log, l->state.step);
    csv_log_integer(&l->log, l->state.epoch + 1);
    csv_log_number(&l->log, result->loss);
    csv_log_number(&l->log, rate);
    csv_log_number(&l->log, result->norm);
    csv_log_integer(&l->log, result->tokens);
    csv_log_integer(&l->log, (uint64_t)((double)result->tokens / (now - began + 1e-9)));
    csv_log_number(&l->log, round((now - l->started) * 1000) / 1000);
    csv_log_end_row(&l->log);
}

static void take_step(struct loop *l, uint64_t size)
{
    double began = monotonic_seconds(), rate = schedule_rate(&l->schedule, l->state.step);
    size_t count = load_batch(l, size);
    network_packed_update(l->packed, l->t->model->params, l->t->pool);
    struct step_result result = stepper_run(l->stepper, count, l->state.step, rate, &l->state.running);
    stop_if_lost(l, &result);
    if (l->ema) {
        optimizer_catch_up_all(l->optimizer, l->t->model->params, l->t->pool);
        ema_update(l->ema, l->t->model->params, l->state.step, l->t->pool);
    }
    l->state.step++;
    l->state.position += count;
    log_step(l, &result, rate, began);
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
    return (struct evaluation){l->layout, params, l->t->pool, l->workspaces, l->t->objective};
}

static void evaluate_choosing(struct loop *l, const float *params)
{
    struct evaluation e = evaluation_of(l, params);
    evaluate(&e, &l->choosing, &l->choosing_metrics);
}

static bool is_better(const struct loop *l)
{
    double value = metrics_monitored(&l->choosing_metrics, (enum monitor)l->t->config->monitor);
    double loss = metrics_loss(&l->choosing_metrics);
    const struct run_state *s = &l->state;
    return s->best_epoch == 0 || value > s->best_value || (!(value < s->best_value) && loss < s->best_loss);
}

static void keep_as_best(struct loop *l)
{
    struct run_state *s = &l->state;
    s->best_epoch = s->epoch + 1;
    s->best_value = metrics_monitored(&l->choosing_metrics, (enum monitor)l->t->config->monitor);
    s->best_loss = metrics_loss(&l->choosing_metrics);
    s->best_training_loss = metrics_loss(&s->running);
    s->since_best = 0;
    if (l->t->config->keep == KEEP_BEST)
        block_save(l->t->output, OUTPUT_BEST, &(struct float_block){result_params(l), l->layout->size});
}

static void csv_log_metrics(struct csv_log *csv, const struct metrics *metrics)
{
    csv_log_number(csv, metrics_loss(metrics));
    csv_log_number(csv, metrics_accuracy(metrics));
    csv_log_number(csv, metrics_qwk(metrics));
    csv_log_number(csv, metrics_macro_f1(metrics));
}

static void end_epoch(struct loop *l)
{
    struct run_state *s = &l->state;
    progress_end(&l->progress);
    optimizer_catch_up_all(l->optimizer, l->t->model->params, l->t->pool);
    bool best = false;
    if (l->chooses) {
        evaluate_choosing(l, result_params(l));
        best = is_better(l);
        s->since_best++;
        if (best)
            keep_as_best(l);
        s->last_loss = metrics_loss(&l->choosing_metrics);
    }
    s->last_training_loss = metrics_loss(&s->running);
    double seconds = monotonic_seconds() - l->started;
    log_epoch(l->t, s->epoch + 1, &s->running, l->chooses ? &l->choosing_metrics : NULL, best, seconds);
    csv_log_integer(&l->epochs, s->epoch + 1);
    csv_log_integer(&l->epochs, s->step);
    csv_log_metrics(&l->epochs, &s->running);
    csv_log_metrics(&l->epochs, &l->choosing_metrics);
    csv_log_number(&l->epochs, round(seconds * 1000) / 1000);
    csv_log_end_row(&l->epochs);
    s->epoch++;
    s->position = 0;
}

static bool finished(const struct loop *l)
{
    const struct run_state *s = &l->state;
    bool patient = l->t->config->patience == 0 || s->since_best < (uint64_t)l->t->config->patience;
    return s->position == 0 && (s->step >= l->schedule.steps || !patient);
}

static void run_epochs(struct loop *l)
{
    uint64_t size = sampler_size(l->sampler);
    while (!finished(l)) {
        char *label = memory_format("epoch %" PRIu64 "/%" PRId64, l->state.epoch + 1, l->t->config->epochs);
        if (l->state.position == 0)
            metrics_clear(&l->state.running);
        progress_start(&l->progress, label, "essays", size);
        while (l->state.position < size && l->state.step < l->schedule.steps) {
            take_step(l, size);
            if (l->state.position < size && l->state.step < l->schedule.steps)
                heed_signals(l);
        }
        end_epoch(l);
        heed_signals(l);
        free(label);
    }
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
static bool draws(const struct loop *l)
{
    const struct shape *s = &l->layout->shape;
    return s->hidden_dropout > 0 || s->attention_dropout > 0 || s->head_dropout > 0 ||
           l->t->config->token_dropout > 0 || l->t->config->span_deletion > 0;
}

static void take_result(struct loop *l, struct outcome *out)
{
    struct run_state *s = &l->state;
    float *params = l->t->model->params;
    bool best = l->chooses && l->t->config->keep == KEEP_BEST;
    if (best)
        block_load(l->t->output, OUTPUT_BEST, &(struct float_block){params, l->layout->size});
    else if (l->ema)
        memcpy(params, ema_params(l->ema), l->layout->size * sizeof *params);
    if (l->t->objective->spec.loss == LOSS_MSE && draws(l)) {
        struct evaluation e = evaluation_of(l, params);
        log_calibration(calibrate_bias(&e, &l->training, l->sampler, s->epoch, params));
    }
    bool prior = l->t->config->thresholds == THRESHOLDS_PRIOR;
    if (prior || (l->chooses && l->t->config->thresholds == THRESHOLDS_TUNED)) {
        struct evaluation e = evaluation_of(l, params);
        calibrate_thresholds(&e, prior ? &l->training : &l->choosing, l->t->objective,
                             l->t->config->thresholds);
    } else if (l->t->config->thresholds == THRESHOLDS_TUNED) {
        warn("--thresholds tuned: too few records to hold any back and set them on: scores are rounded");
    }
    if (l->chooses)
        evaluate_choosing(l, params);
    *out = (struct outcome){
        .steps = s->step,
        .epochs = s->epoch,
        .kept_epoch = best ? s->best_epoch : s->epoch,
        .best_epoch = s->best_epoch,
        .chose = l->chooses,
        .overfitted = l->chooses && s->best_epoch < s->epoch &&
                      s->last_training_loss < s->best_training_loss && s->last_loss > s->best_loss,
        .seconds = monotonic_seconds() - l->started,
    };
    out->training = metrics_copy(&s->running);
    out->choosing = metrics_copy(&l->choosing_metrics);
}

void outcome_free(struct outcome *outcome)
{
    metrics_free(&outcome->training);
    metrics_free(&outcome->choosing);
}

void training_run(const struct training *training, struct outcome *outcome)
{
    struct loop l = {.t = training, .layout = training->model->layout, .started = monotonic_seconds()};
    l.saved = l.started;
    interrupt_watch();
    loop_start(&l);
    if (training->output->resumes)
        resume(&l);
    open_csv_logs(&l);
    run_epochs(&l);
    save_optimizer(&l);
    take_result(&l, outcome);
    metrics_free(&l.state.running);
    loop_end(&l);
    interrupt_unwatch();
}

/* ---- Trying ---- */

static double peak_mebibytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

void training_try(const struct training *training)
{
    enum { TRIED = 4 }; /* the first is not counted: memory is new to it */
    struct loop l = {.t = training, .layout = training->model->layout, .started = monotonic_seconds()};
    loop_start(&l);
    open_csv_logs(&l);
    uint64_t size = sampler_size(l.sampler), counted = 0;
    double began = monotonic_seconds();
    for (int i = 0; i < TRIED && l.state.step < l.schedule.steps && l.state.position < size; i++) {
        take_step(&l, size);
        if (i == 0)
            began = monotonic_seconds();
        else
            counted += 1;
    }
    optimizer_catch_up_all(l.optimizer, training->model->params,
                           training->pool); /* as every epoch does: touches all memory */
    double per_step = counted ? (monotonic_seconds() - began) / (double)counted
                              : monotonic_seconds() - l.started;
    double batches = l.chooses ? (double)source_count(&l.choosing) / (double)training->config->batch : 0;
    double seconds = per_step * ((double)l.schedule.steps + batches / 3 * (double)training->config->epochs);
    char duration[32];
    duration_format(duration, sizeof duration, seconds);
    note("dry run: %" PRIu64 " steps, %zu parameters, %.0f MiB of memory, about %s; nothing was saved",
         l.schedule.steps, l.layout->size, peak_mebibytes(), duration);
    metrics_free(&l.state.running);
    loop_end(&l);
}
