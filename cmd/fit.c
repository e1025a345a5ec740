/* fit: fine-tunes an encoder with a head on labelled records, and saves a model directory. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "base/terminal.h"
#include "nn/linear.h"
#include "stream/stream.h"
#include "train/account.h"
#include "train/budget.h"
#include "train/finish.h"
#include "train/heads.h"
#include "train/report.h"
#include "train/start.h"

struct settings {
    const char *model, *output;
    bool force, resume, dry_run;
    struct plan plan;
    int64_t threads, records;
    uint64_t memory;
    double checkpoint;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {'m', "model", OPTION_TEXT, AT(model), "DIR", .help = "start from this model directory"},
    {'o', "output", OPTION_TEXT, AT(output), "DIR", .help = "save the model there (model)"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "replace the model that is there"},
    {0, "loss", OPTION_CHOICE, AT(plan.loss), LOSS_NAMES,
     .help = "what is minimised (mse for ordered labels, else ce)"},
    {0, "epochs", OPTION_INTEGER, AT(plan.epochs), "N", 1, 1e6,
     "times through the records (4 to 8, for 300 steps;\n3 if pretrained)"},
    {0, "batch", OPTION_INTEGER, AT(plan.batch), "N", 1, 65536, "records a step (16)"},
    {0, "lr", OPTION_NUMBER, AT(plan.rate), "X", 1e-12, 10,
     "highest learning rate (4e-4; 1e-4 if pretrained)"},
    {0, "head-lr", OPTION_NUMBER, AT(plan.head_rate), "X", 0, 1e6, "times that for the head (10)"},
    {0, "layer-decay", OPTION_NUMBER, AT(plan.layer_decay), "X", 0, 1,
     "times that for each layer further down (1)"},
    {0, "schedule", OPTION_CHOICE, AT(plan.schedule), SCHEDULE_CHOICES,
     .help = "of the learning rate (linear)"},
    {0, "warmup", OPTION_NUMBER, AT(plan.warmup), "X", 0, 1e9,
     "share of the steps, or number of steps, that warm up (0.1)"},
    {0, "weight-decay", OPTION_NUMBER, AT(plan.weight_decay), "X", 0, 1e3, "of matrices (0.01)"},
    {0, "clip", OPTION_NUMBER, AT(plan.clip), "X", 0, 1e9, "largest norm of the gradient, 0: any (1)"},
    {0, "dropout", OPTION_NUMBER, AT(plan.dropout), "P", 0, 0.99,
     "everywhere (as the model's config.json says)"},
    {0, "label-smoothing", OPTION_NUMBER, AT(plan.label_smoothing), "X", 0, 0.99, "of ce (0)"},
    {0, "head", OPTION_CHOICE, AT(plan.head), LINEAR_NAMES,
     .help = "on vectors: what is fitted (ridge; logistic for\nunordered labels)"},
    {0, "pool", OPTION_CHOICE, AT(plan.pool), PLAN_POOL_CHOICES, .help = "what the head reads (mean)"},
    {0, "token-dropout", OPTION_NUMBER, AT(plan.token_dropout), "P", 0, 0.9,
     "share of the tokens left out, drawn each epoch (0)"},
    {0, "span-deletion", OPTION_NUMBER, AT(plan.span_deletion), "P", 0, 0.9,
     "longest run of tokens left out, as a share (0)"},
    {0, "freeze", OPTION_TEXT, AT(plan.freeze), "PARTS",
     .help = "not trained: embeddings, or embeddings,0-3"},
    {0, "max-steps", OPTION_INTEGER, AT(plan.max_steps), "N", 1, 1e15, "stop after so many steps"},
    {0, "scratch", OPTION_FLAG, AT(plan.scratch), .help = "start from random weights"},
    {0, "shape", OPTION_TEXT, AT(plan.shape), "SHAPE",
     .help = "of these: tiny, mini, small, medium, base or L,H,A"},
    {0, "class-weight", OPTION_TEXT, AT(plan.class_weight), "HOW",
     .help = "none, balanced, effective or a file (none)"},
    {0, "sample", OPTION_CHOICE, AT(plan.sample), SAMPLE_CHOICES,
     .help = "how often each class is seen (natural)"},
    {0, "ema", OPTION_NUMBER, AT(plan.ema), "X", 0, 0.999999,
     "keep a moving average of the weights, such as 0.999"},
    {0, "select", OPTION_CHOICE, AT(plan.select), CHOOSE_CHOICES,
     .help = "which records choose the epoch (val beside test; a\nslice of train where something is to be chosen)"},
    {0, "monitor", OPTION_CHOICE, AT(plan.monitor), MONITOR_CHOICES,
     .help = "by what (qwk; accuracy for unordered labels)"},
    {0, "keep", OPTION_CHOICE, AT(plan.keep), KEEP_CHOICES, .help = "which epoch (last; best where records choose)"},
    {0, "patience", OPTION_INTEGER, AT(plan.patience), "N", 1, 1e6,
     "stop after N epochs without a better one"},
    {0, "thresholds", OPTION_CHOICE, AT(plan.thresholds), THRESHOLDS_NAMES,
     .help = "cuts between classes: halfway, by the classes' shares,\nor for the best kappa (prior; round for unordered labels)"},
    {0, "fold", OPTION_INTEGER, AT(plan.fold), "K", 0, 1e9, "hold this fold out"},
    {0, "seed", OPTION_INTEGER, AT(plan.seed), "N", 0, 0x1p63, "of everything drawn (0)"},
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
    "fit", "[OPTION]... [FILE]...",
    "Trains a model on the labelled records of the training part and saves it as a directory.\n"
    "Passes on the records it did not train on; on a terminal, says how well it scores them.",
    rows, OPTION_COUNT(rows), .reads_input = true};

/* Trains from the start that the stream's header named, and leaves the finished directory. */
static void train(const struct settings *opt, const struct start *start, struct intake *intake,
                  struct output *output, struct pool *pool, const json_t *identity, const json_t *trail)
{
    struct goal goal;
    struct label_sums sums = intake->train_sums;
    label_sums_join(&sums, &intake->slice_sums);
    goal_init(&goal, (enum loss)opt->plan.loss, opt->plan.label_smoothing, &intake->classes, &sums,
              opt->plan.class_weight);
    struct training training = {.plan = &opt->plan,
                                .intake = intake,
                                .goal = &goal,
                                .output = output,
                                .pool = pool,
                                .identity = identity,
                                .checkpoint_seconds = opt->checkpoint};
    struct outcome outcome;
    if (opt->dry_run) {
        training.model = start_open(start, &goal);
        account_plan(&training);
        training_try(&training);
        exit(STATUS_GOOD);
    }
    if (intake->vectors) {
        training.model = head_train(&opt->plan, start, intake, &goal, pool, &outcome);
    } else {
        training.model = start_open(start, &goal);
        account_plan(&training);
        training_run(&training, &outcome);
        account_outcome(&training, &outcome);
    }
    fit_save(&training, &outcome, trail, start->settings->directory);
    outcome_free(&outcome);
    model_free(training.model);
    goal_free(&goal);
}

int main(int argc, char **argv)
{
    struct settings opt = {
        .output = "model", .plan = plan_defaults(), .threads = pool_cpus(), .records = -1,
        .checkpoint = 600};
    int first = command_parse(&command, &opt, argc, argv);
    plan_check(&opt.plan);
    budget_begin();
    struct stream_writer *writer = terminal_is(1) ? NULL : stream_create(NULL);
    struct output *output = opt.dry_run ? NULL : output_claim(opt.output, opt.force, opt.resume);

    struct start start = {
        .option = opt.model, .plan = &opt.plan, .threads = (int)opt.threads, .memory = opt.memory};
    struct intake *intake = intake_read(&(struct intake_request){
        .paths = argv + first, .path_count = (size_t)(argc - first), .fold = opt.plan.fold,
        .seed = (uint64_t)opt.plan.seed, .room = start_room, .records = opt.records,
        .shape = &start.shape, .width = &start.width, .check_header = start_check_header, .context = &start});
    if (intake->vectors && opt.dry_run)
        command_misuse("--dry-run is for tokens: a head on vectors is solved at once");
    if (intake->vectors)
        plan_resolve_head(&opt.plan, &intake->classes);
    else
        plan_resolve(&opt.plan, &intake->classes, start.settings, intake_learnable(intake),
                     intake_val_chooses(intake));
    json_t *identity = fit_identity(&opt.plan, intake, start.settings->print);
    struct pool *pool = pool_new((int)opt.threads);

    struct header signed_header = header_copy(&intake->headers[0]);
    header_sign(&signed_header, argc, argv, opt.plan.seed);
    if (output && output->keeps)
        fit_check_finished(output, identity);
    else
        train(&opt, &start, intake, output, pool, identity, json_object_get(signed_header.map, "trail"));
    if (writer)
        fit_pass_on(&opt.plan, intake, writer, opt.output, argc, argv);
    else
        fit_report(&opt.plan, intake, opt.output, pool);

    header_free(&signed_header);
    json_decref(identity);
    pool_free(pool);
    intake_free(intake);
    start_free(&start);
    return stream_finish(NULL, writer);
}
