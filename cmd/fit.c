/* fit: fine-tunes an encoder with a head on labelled records, and saves a model directory. */
#include "base/options.h"
#include "base/terminal.h"
#include "train/held_out.h"
#include "train/linear_head.h"
#include "train/log.h"
#include "train/save.h"

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
    {'m', "model", OPTION_FILE, AT(model), "DIR", .help = "start from this model directory"},
    {'o', "output", OPTION_FILE, AT(output), "DIR", .help = "save the model there (model)"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "replace the model that is there"},
    {0, "loss", OPTION_CHOICE, AT(config.loss), LOSS_NAMES,
     .help = "what is minimised (mse for ordered labels, else ce)"},
    {0, "epochs", OPTION_INTEGER, AT(config.epochs), "N", 1, 1e6,
     "times through the records (4 to 8, for 300 steps;\n3 if pretrained)"},
    {0, "batch", OPTION_INTEGER, AT(config.batch), "N", 1, 65536, "records per step (16)"},
    {0, "lr", OPTION_NUMBER, AT(config.rate), "X", 1e-12, 10,
     "highest learning rate (4e-4; 1e-4 if pretrained)"},
    {0, "head-lr", OPTION_NUMBER, AT(config.head_rate), "X", 0, 1e6,
     "multiply the learning rate by X for the head (10)"},
    {0, "layer-decay", OPTION_NUMBER, AT(config.layer_decay), "X", 0, 1,
     "multiply it by X for each layer further down (1)"},
    {0, "schedule", OPTION_CHOICE, AT(config.schedule), SCHEDULE_CHOICES,
     .help = "how the learning rate falls (linear)"},
    {0, "warmup", OPTION_NUMBER, AT(config.warmup), "X", 0, 1e9,
     "share of the steps, or number of steps, that warm up (0.1)"},
    {0, "weight-decay", OPTION_NUMBER, AT(config.weight_decay), "X", 0, 1e3,
     "weight decay of matrices (0.01)"},
    {0, "clip", OPTION_NUMBER, AT(config.clip), "X", 0, 1e9,
     "clip the gradient norm at X; 0 turns clipping off (1)"},
    {0, "dropout", OPTION_NUMBER, AT(config.dropout), "P", 0, 0.99,
     "dropout everywhere (as the model's config.json says)"},
    {0, "label-smoothing", OPTION_NUMBER, AT(config.label_smoothing), "X", 0, 0.99,
     "label smoothing of ce (0)"},
    {0, "head", OPTION_CHOICE, AT(config.head), LINEAR_NAMES,
     .help = "on vectors: the head that is fitted (ridge; logistic\nfor unordered labels)"},
    {0, "pool", OPTION_CHOICE, AT(config.pool), FIT_POOL_CHOICES, .help = "what the head reads (mean)"},
    {0, "token-dropout", OPTION_NUMBER, AT(config.token_dropout), "P", 0, 0.9,
     "leave out this share of an essay's tokens, drawn each\nepoch (0)"},
    {0, "span-deletion", OPTION_NUMBER, AT(config.span_deletion), "P", 0, 0.9,
     "leave out a run of up to this share of them (0)"},
    {0, "freeze", OPTION_TEXT, AT(config.freeze), "PARTS",
     .help = "do not train these: embeddings, or embeddings,0-3"},
    {0, "max-steps", OPTION_INTEGER, AT(config.max_steps), "N", 1, 1e15, "stop after N steps"},
    {0, "scratch", OPTION_FLAG, AT(config.scratch), .help = "start from random weights"},
    {0, "shape", OPTION_TEXT, AT(config.shape), "SHAPE",
     .help = "with --scratch: tiny, mini, small, medium, base or\nLAYERS,HIDDEN,HEADS"},
    {0, "class-weight", OPTION_FILE, AT(config.class_weight), "HOW",
     .help = "none, balanced, effective or a file (none)"},
    {0, "sample", OPTION_CHOICE, AT(config.sample), SAMPLE_CHOICES,
     .help = "how often each class is seen (natural)"},
    {0, "ema", OPTION_NUMBER, AT(config.ema), "X", 0, 0.999999,
     "keep a moving average of the weights, such as 0.999"},
    {0, "select", OPTION_CHOICE, AT(config.select), SELECT_CHOICES,
     .help = "records that select the epoch (val beside test; a slice\n"
             "of train where something is to be selected)"},
    {0, "monitor", OPTION_CHOICE, AT(config.monitor), MONITOR_CHOICES,
     .help = "figure to select by (qwk; accuracy for unordered labels)"},
    {0, "keep", OPTION_CHOICE, AT(config.keep), KEEP_CHOICES,
     .help = "epoch to keep (last; best where records select)"},
    {0, "patience", OPTION_INTEGER, AT(config.patience), "N", 1, 1e6,
     "stop after N epochs without a better one"},
    {0, "thresholds", OPTION_CHOICE, AT(config.thresholds), THRESHOLDS_NAMES,
     .help = "between classes: halfway, by their shares, or for the\n"
             "best kappa (prior; round for unordered labels)"},
    {0, "fold", OPTION_INTEGER, AT(config.fold), "K", 0, 1e9, "hold out this fold"},
    {0, "seed", OPTION_INTEGER, AT(config.seed), "N", 0, 0x1p63, "seed of everything that is drawn (0)"},
    {0, "threads", OPTION_INTEGER, AT(threads), "N", 1, 1024, "threads (the CPUs this process may use)"},
    {0, "memory", OPTION_BYTES, AT(memory), "SIZE",
     .help = "limit of memory; essays beyond it go to disk\n(1G of essays)"},
    {0, "checkpoint", OPTION_NUMBER, AT(checkpoint), "SECONDS", 0, 1e9,
     "seconds between two checkpoints (600)"},
    {0, "resume", OPTION_FLAG, AT(resume), .help = "resume an interrupted run, if there is one"},
    {0, "dry-run", OPTION_FLAG, AT(dry_run), .help = "say what a run would take, after a few steps of it"},
    {0, "records", OPTION_INTEGER, AT(records), "N", 0, 0x1p63, "fail unless exactly N records come"},
};

static const struct command command = {
    "fit",
    "[OPTION]... [FILE]...",
    "Trains a model on the labelled records of the training part and saves it as a directory.\n"
    "Writes the records it did not train on; on a terminal, says how well it scores them.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

/* Fills the options whose defaults depend on the labels and the model. */
static void resolve(struct fit_config *config, const struct dataset *dataset, const struct model *model)
{
    if (dataset->vectors)
        fit_config_resolve_head(config, &dataset->classes);
    else
        fit_config_resolve(config, &dataset->classes, model, dataset_trainable(dataset),
                           dataset_val_selects(dataset));
}

/* The objective and, of tokens, the model with a head for it. */
static void prepare(struct training *training, const struct initial_model *initial)
{
    const struct fit_config *config = training->config;
    const struct dataset *dataset = training->dataset;
    struct label_sums sums = dataset_label_sums(dataset);
    objective_init(training->objective, (enum loss)config->loss, config->label_smoothing, &dataset->classes,
                   &sums, config->class_weight);
    label_sums_free(&sums);
    if (dataset->vectors)
        return;
    training->model = initial_model_open(initial, training->objective);
    log_run(config, dataset, training->model, pool_threads(training->pool));
}

static void train(struct training *training, const struct initial_model *initial,
                  const struct command_record *line)
{
    struct outcome outcome;
    prepare(training, initial);
    output_begin(training->output);
    if (training->dataset->vectors) {
        training->model = linear_head_train(training->config, initial, training->dataset, training->objective,
                                            training->pool, &outcome);
    } else {
        training_run(training, &outcome);
        log_outcome(training->config, &training->dataset->classes, &outcome);
    }
    fit_save(training, &outcome, initial->settings->directory, line);
    outcome_free(&outcome);
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

    struct dataset *dataset = dataset_open(argv + first, (size_t)(argc - first));
    if (dataset->vectors && opt.dry_run)
        command_misuse("--dry-run is for tokens: a head on vectors is solved at once");
    struct initial_model initial;
    initial_model_find(&initial, opt.model, &dataset->headers[0], &opt.config);
    struct command_record line = command_record_new(&command, argc, argv, first);
    struct budget budget = {opt.memory, (int)opt.threads};
    dataset_read(dataset, &initial, &budget, opt.records);
    resolve(&opt.config, dataset, initial.settings);

    struct pool *pool = pool_new((int)opt.threads);
    json_t *identity = run_identity(&opt.config, dataset, initial.settings->fingerprint);
    struct objective objective = {0};
    struct training training = {.config = &opt.config,
                                .dataset = dataset,
                                .objective = &objective,
                                .output = output,
                                .pool = pool,
                                .identity = identity,
                                .checkpoint_seconds = opt.checkpoint};
    if (opt.dry_run) {
        prepare(&training, &initial);
        training_try(&training);
    } else {
        if (output->keeps) {
            fit_check_finished(output, identity);
            output_keep(output);
        } else {
            train(&training, &initial, &line);
        }
        if (writer)
            held_out_write(&opt.config, dataset, writer, opt.output, &line);
        else
            held_out_report(&opt.config, dataset, opt.output, pool);
    }

    command_record_free(&line);
    objective_free(&objective);
    json_decref(identity);
    model_free(training.model);
    pool_free(pool);
    dataset_free(dataset);
    initial_model_free(&initial);
    return stream_finish(NULL, writer);
}
