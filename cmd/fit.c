/* fit: fine-tunes an encoder with a head on labelled records, and saves a model directory. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "base/terminal.h"
#include "linear/linear.h"
#include "stream/stream.h"
#include "train/log.h"
#include "train/budget.h"
#include "train/save.h"
#include "train/linear_head.h"
#include "train/report.h"
#include "train/initial_model.h"

struct settings {
    const char *model, *output;
    bool force, resume, dry_run;
    struct fit_config config;
    int64_t threads, records;
    uint64_t memory;
    double checkpoint;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {'m', "model", OPTION_TEXT, AT(model), "DIR", .help = "start from this model directory"},
    {'o', "output", OPTION_TEXT, AT(output), "DIR", .help = "save the model there (model)"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "replace the model that is there"},
    {0, "loss", OPTION_CHOICE, AT(config.loss), LOSS_NAMES,
     .help = "what is minimised (mse for ordered labels, else ce)"},
    {0, "epochs", OPTION_INTEGER, AT(config.epochs), "N", 1, 1e6,
     "times through the records (4 to 8, for 300 steps;\n3 if pretrained)"},
    {0, "batch", OPTION_INTEGER, AT(config.batch), "N", 1, 65536, "records a step (16)"},
    {0, "lr", OPTION_NUMBER, AT(config.rate), "X", 1e-12, 10,
     "highest learning rate (4e-4; 1e-4 if pretrained)"},
    {0, "head-lr", OPTION_NUMBER, AT(config.head_rate), "X", 0, 1e6, "times that for the head (10)"},
    {0, "layer-decay", OPTION_NUMBER, AT(config.layer_decay), "X", 0, 1,
     "times that for each layer further down (1)"},
    {0, "schedule", OPTION_CHOICE, AT(config.schedule), SCHEDULE_CHOICES,
     .help = "of the learning rate (linear)"},
    {0, "warmup", OPTION_NUMBER, AT(config.warmup), "X", 0, 1e9,
     "share of the steps, or number of steps, that warm up (0.1)"},
    {0, "weight-decay", OPTION_NUMBER, AT(config.weight_decay), "X", 0, 1e3, "of matrices (0.01)"},
    {0, "clip", OPTION_NUMBER, AT(config.clip), "X", 0, 1e9, "largest norm of the gradient, 0: any (1)"},
    {0, "dropout", OPTION_NUMBER, AT(config.dropout), "P", 0, 0.99,
     "everywhere (as the model's config.json says)"},
    {0, "label-smoothing", OPTION_NUMBER, AT(config.label_smoothing), "X", 0, 0.99, "of ce (0)"},
    {0, "head", OPTION_CHOICE, AT(config.head), LINEAR_NAMES,
     .help = "on vectors: what is fitted (ridge; logistic for\nunordered labels)"},
    {0, "pool", OPTION_CHOICE, AT(config.pool), FIT_POOL_CHOICES, .help = "what the head reads (mean)"},
    {0, "token-dropout", OPTION_NUMBER, AT(config.token_dropout), "P", 0, 0.9,
     "share of the tokens left out, drawn each epoch (0)"},
    {0, "span-deletion", OPTION_NUMBER, AT(config.span_deletion), "P", 0, 0.9,
     "longest run of tokens left out, as a share (0)"},
    {0, "freeze", OPTION_TEXT, AT(config.freeze), "PARTS",
     .help = "not trained: embeddings, or embeddings,0-3"},
    {0, "max-steps", OPTION_INTEGER, AT(config.max_steps), "N", 1, 1e15, "stop after so many steps"},
    {0, "scratch", OPTION_FLAG, AT(config.scratch), .help = "start from random weights"},
    {0, "shape", OPTION_TEXT, AT(config.shape), "SHAPE",
     .help = "of these: tiny, mini, small, medium, base or L,H,A"},
    {0, "class-weight", OPTION_TEXT, AT(config.class_weight), "HOW",
     .help = "none, balanced, effective or a file (none)"},
    {0, "sample", OPTION_CHOICE, AT(config.sample), SAMPLE_CHOICES,
     .help = "how often each class is seen (natural)"},
    {0, "ema", OPTION_NUMBER, AT(config.ema), "X", 0, 0.999999,
     "keep a moving average of the weights, such as 0.999"},
    {0, "select", OPTION_CHOICE, AT(config.select), CHOOSE_CHOICES,
     .help = "which records choose the epoch (val beside test; a\n"
             "slice of train where something is to be chosen)"},
    {0, "monitor", OPTION_CHOICE, AT(config.monitor), MONITOR_CHOICES,
     .help = "by what (qwk; accuracy for unordered labels)"},
    {0, "keep", OPTION_CHOICE, AT(config.keep), KEEP_CHOICES,
     .help = "which epoch (last; best where records choose)"},
    {0, "patience", OPTION_INTEGER, AT(config.patience), "N", 1, 1e6,
     "stop after N epochs without a better one"},
    {0, "thresholds", OPTION_CHOICE, AT(config.thresholds), THRESHOLDS_NAMES,
     .help = "cuts between classes: halfway, by the classes' shares,\n"
             "or for the best kappa (prior; round for unordered labels)"},
    {0, "fold", OPTION_INTEGER, AT(config.fold), "K", 0, 1e9, "hold this fold out"},
    {0, "seed", OPTION_INTEGER, AT(config.seed), "N", 0, 0x1p63, "of everything drawn (0)"},
    {0, "threads", OPTION_INTEGER, AT(threads), "N", 1, 1024, "(the CPUs this process may use)"},
    {0, "memory", OPTION_BYTES, AT(memory), "SIZE",
     .help = "keep to this much memory; essays beyond it go to disk\n(1G of essays stay)"},
    {0, "checkpoint", OPTION_NUMBER, AT(checkpoint), "SECONDS", 0, 1e9,
     "time between two saved states (600)"},
    {0, "resume", OPTION_FLAG, AT(resume), .help = "go on with an interrupted run, if there is one"},
    {0, "dry-run", OPTION_FLAG, AT(dry_run), .help = "say what a run would take, after a few steps of it"},
    {0, "records", OPTION_INTEGER, AT(records), "N", 0, 0x1p63, "fail unless exactly so many come"},
};

static const struct command command = {
    "fit",
    "[OPTION]... [FILE]...",
    "Trains a model on the labelled records of the training part and saves it as a directory.\n"
    "Passes on the records it did not train on; on a terminal, says how well it scores them.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

/* Trains from the start that the stream's header named, and leaves the finished directory. */
static void train(const struct settings *opt, const struct initial_model *initial, struct dataset *dataset,
                  struct output *output, struct pool *pool, const json_t *identity, const json_t *trail)
{
    struct objective objective;
    struct label_sums sums = dataset_sums(dataset);
    objective_init(&objective, (enum loss)opt->config.loss, opt->config.label_smoothing, &dataset->classes,
                   &sums, opt->config.class_weight);
    label_sums_free(&sums);
    struct training training = {.config = &opt->config,
                                .dataset = dataset,
                                .objective = &objective,
                                .output = output,
                                .pool = pool,
                                .identity = identity,
                                .checkpoint_seconds = opt->checkpoint};
    struct outcome outcome;
    if (opt->dry_run) {
        training.model = initial_model_open(initial, &objective);
        log_plan(&training);
        training_try(&training);
        exit(STATUS_GOOD);
    }
    if (dataset->vectors) {
        training.model = linear_head_train(&opt->config, initial, dataset, &objective, pool, &outcome);
    } else {
        training.model = initial_model_open(initial, &objective);
        log_plan(&training);
        training_run(&training, &outcome);
        log_outcome(&training, &outcome);
    }
    fit_save(&training, &outcome, trail, initial->settings->directory);
    outcome_free(&outcome);
    model_free(training.model);
    objective_free(&objective);
}

int main(int argc, char **argv)
{
    struct settings opt = {.output = "model",
                           .config = fit_config_defaults(),
                           .threads = pool_cpus(),
                           .records = -1,
                           .checkpoint = 600};
    int first = command_parse(&command, &opt, argc, argv);
    fit_config_check(&opt.config);
    budget_begin();
    struct stream_writer *writer = terminal_is(1) ? NULL : stream_create(NULL, false);
    struct output *output = opt.dry_run ? NULL : output_claim(opt.output, opt.force, opt.resume);

    struct initial_model initial = {
        .option = opt.model, .config = &opt.config, .threads = (int)opt.threads, .memory = opt.memory};
    struct dataset *dataset = dataset_read(
        &(struct dataset_request){.paths = argv + first,
                                  .path_count = (size_t)(argc - first),
                                  .fold = opt.config.fold,
                                  .seed = (uint64_t)opt.config.seed,
                                  .room = initial_model_room,
                                  .records = opt.records,
                                  .shape = &initial.shape,
                                  .width = &initial.width,
                                  .check_header = initial_model_check_header,
                                  .context = &initial});
    if (dataset->vectors && opt.dry_run)
        command_misuse("--dry-run is for tokens: a head on vectors is solved at once");
    if (dataset->vectors)
        fit_config_resolve_head(&opt.config, &dataset->classes);
    else
        fit_config_resolve(&opt.config, &dataset->classes, initial.settings, dataset_learnable(dataset),
                           dataset_val_chooses(dataset));
    json_t *identity = fit_identity(&opt.config, dataset, initial.settings->fingerprint);
    struct pool *pool = pool_new((int)opt.threads);

    struct header signed_header = header_copy(&dataset->headers[0]);
    header_sign(&signed_header, argc, argv, first, opt.config.seed);
    if (output && output->keeps)
        fit_check_finished(output, identity);
    else
        train(&opt, &initial, dataset, output, pool, identity, json_object_get(signed_header.map, "trail"));
    if (writer)
        fit_pass_on(&opt.config, dataset, writer, opt.output, argc, argv, first);
    else
        fit_report(&opt.config, dataset, opt.output, pool);

    header_free(&signed_header);
    json_decref(identity);
    pool_free(pool);
    dataset_free(dataset);
    initial_model_free(&initial);
    return stream_finish(NULL, writer);
}
