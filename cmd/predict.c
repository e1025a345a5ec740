/* predict: scores the records of a stream with a model directory. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "base/standard.h"
#include "base/terminal.h"
#include "predict/prediction.h"
#include "predict/prediction_csv.h"
#include "stream/stream.h"

struct settings {
    const char *model, *output;
    struct text_list columns;
    struct csv_options csv;
    bool logits, force;
    int64_t threads;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {'m', "model", OPTION_FILE, AT(model), "DIR", .help = "the model (the stream's model, or $RUBRIC_MODEL)"},
    {0, "logits", OPTION_FLAG, AT(logits), .help = "add the head's outputs as they are"},
    {0, "csv", OPTION_FLAG, AT(csv.csv), .help = "write CSV for programs: one row a record, in order"},
    CSV_OPTION_ROWS(csv),
    {0, "columns", OPTION_LIST, AT(columns), "LIST",
     .help = "with CSV: these columns, as SOURCE or TITLE=SOURCE:\n"
             "id, pred, score, prob, reason, kept columns, ..."},
    {0, "threads", OPTION_INTEGER, AT(threads), "N", 1, 1024, "threads (the CPUs this process may use)"},
    {'o', "output", OPTION_FILE, AT(output), "FILE", .help = "write there instead of standard output"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "write over the file if it is there"},
};

static const struct command command = {
    "predict",
    "[OPTION]... [FILE]...",
    "Scores the records of a stream of tokens or vectors with a model that fit has trained.\n"
    "On a terminal, prints a table of scores.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

/* Where predictions go: a stream, CSV, or a table on a terminal. */
struct output {
    struct stream_writer *stream;
    struct prediction_csv *csv;
    struct file_output file; /* of CSV and table */
    struct buffer text;
    const struct header *header;
    uint64_t scored, missing;
};

static struct output output_open(const struct settings *opt)
{
    struct output out = {0};
    bool to_file = opt->output && strcmp(opt->output, "-") != 0;
    bool csv = csv_options_check(&opt->csv);
    if (opt->columns.count > 0 && !csv)
        command_misuse("--columns goes with --csv or --spreadsheet");
    if (csv)
        out.csv = prediction_csv_new(&opt->csv, &opt->columns, !to_file && terminal_is(STDOUT_FILENO));
    else if (to_file || !terminal_is(STDOUT_FILENO))
        out.stream = stream_create(opt->output, opt->force);
    if (!out.stream)
        out.file = file_output_open(opt->output, opt->force, false);
    return out;
}

static void write_text(struct output *out)
{
    file_output_write(&out->file, out->text.at, out->text.size);
    out->text.size = 0;
}

static void write_record(struct output *out, const struct record *record)
{
    if (out->stream) {
        stream_write(out->stream, record);
        return;
    }
    if (out->csv)
        prediction_csv_record(out->csv, record, &out->text);
    else
        prediction_table_record(record, out->header, out->scored + out->missing == 1, &out->text);
}

static void write_computed(struct output *out, struct batch *batch, const struct model *model, bool logits,
                           double *prob)
{
    for (struct batch_result got; batch_take(batch, &got);) {
        if (prediction_set(&got, model, out->header, logits, prob))
            out->scored++;
        else
            out->missing++;
        write_record(out, got.record);
    }
    if (out->text.size > 0)
        write_text(out);
}

static struct model *open_model(const struct settings *opt, const struct header *head)
{
    char *directory = model_find(opt->model, head);
    struct model_request request = {.need_head = true};
    struct model *model = model_open(directory, &request);
    free(directory);
    return model;
}

static void account(const struct output *out, const struct model *model)
{
    note("%llu scored with %s", (unsigned long long)out->scored, model->directory);
    if (out->missing > 0)
        warn("%llu without a score: the field 'bad' (the column reason) says why",
             (unsigned long long)out->missing);
}

int main(int argc, char **argv)
{
    struct settings opt = {.threads = pool_cpus()};
    int first = command_parse(&command, &opt, argc, argv);
    standard_spare_inputs(opt.output, argv + first, (size_t)(argc - first));
    struct stream_reader *in = stream_open(argv + first, (size_t)(argc - first));
    struct output out = output_open(&opt);
    struct pool *pool = pool_new((int)opt.threads);
    struct model *model = NULL;
    struct batch *batch = NULL;
    double *prob = NULL;
    struct command_record line = command_record_new(&command, argc, argv, first);
    struct progress progress;
    progress_start(&progress, "predict", "texts", 0);

    for (struct header head; stream_next(in, &head, KIND_TOKENS | KIND_VECTORS); header_free(&head)) {
        if (!model) {
            model = open_model(&opt, &head);
            batch = batch_new(model, head.kind == KIND_TOKENS ? BATCH_LOGITS : BATCH_HEAD, pool);
            prob = memory_new(model->classes.count, sizeof *prob);
        }
        if (head.kind == KIND_TOKENS)
            model_check_tokens(model, &head);
        else
            model_check_vectors(model, &head);
        batch_begin(batch, head.y);
        prediction_header(&head, model);
        header_sign(&head, &line, -1);
        out.header = &head;
        if (out.stream)
            stream_write_header(out.stream, &head);
        else if (out.csv)
            prediction_csv_begin(out.csv, &head);
        for (struct record *record; stream_read(in, &record);) {
            batch_put(batch, record);
            write_computed(&out, batch, model, opt.logits, prob);
            progress_update(&progress, out.scored);
        }
        batch_flush(batch);
        write_computed(&out, batch, model, opt.logits, prob);
        if (out.stream)
            stream_write_trailer(out.stream, stream_trailer(in));
    }
    progress_end(&progress);
    if (out.csv)
        prediction_csv_end(out.csv, &out.text);
    if (!out.stream) {
        write_text(&out);
        file_output_close(&out.file);
    }
    account(&out, model);
    prediction_csv_free(out.csv);
    command_record_free(&line);
    buffer_free(&out.text);
    free(prob);
    batch_free(batch);
    model_free(model);
    pool_free(pool);
    text_list_free(&opt.columns);
    return stream_finish(in, out.stream);
}
