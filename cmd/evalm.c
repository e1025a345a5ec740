/* evalm: the evaluation of a stream of predictions. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/options.h"
#include "base/standard.h"
#include "base/terminal.h"
#include "eval/report.h"
#include "stream/stream.h"

struct settings {
    const char *part, *by, *rater;
    char *against;
    struct text_list gates;
    int64_t errors, resamples, seed;
    bool ci, tsv, json;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {0, "part", OPTION_TEXT, AT(part), "NAME", .help = "use only the records of this part"},
    {0, "by", OPTION_TEXT, AT(by), "FIELD", .help = "also report each value of FIELD, and their mean"},
    {0, "rater", OPTION_TEXT, AT(rater), "FIELD",
     .help = "compare with a second human, whose label is in FIELD"},
    {0, "errors", OPTION_INTEGER, AT(errors), "N", 1, 1e6, .help = "list the N largest disagreements"},
    {0, "ci", OPTION_FLAG, AT(ci), .help = "add 95 % intervals (bootstrap)"},
    {0, "against", OPTION_FILE, AT(against), "FILE",
     .help = "compare with other predictions of the same records:\n"
             "differences with intervals, McNemar's test"},
    {0, "resamples", OPTION_INTEGER, AT(resamples), "N", 2, 1e6,
     .help = "resamples for --ci and --against (1000)"},
    {0, "seed", OPTION_INTEGER, AT(seed), "N", 0, 0x1p53, .help = "seed of the resamples (0)"},
    {0, "min", OPTION_LIST, AT(gates), "NAME=X,...",
     .help = "exit with status 5 unless each figure is at least X\n(mae, rmse and losses: at most)"},
    {0, "tsv", OPTION_FLAG, AT(tsv), .help = "print a line NAME<TAB>VALUE for each figure"},
    {0, "json", OPTION_FLAG, AT(json), .help = "print the report as a JSON object"},
};

static const struct command command = {
    "evalm",
    "[OPTION]... [FILE]...",
    "Reports how well the predictions of a stream agree with its labels: confusion matrix,\n"
    "precision, recall and F1 of each class, quadratic weighted kappa and other figures.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

static struct report_plan plan_of(const struct settings *opt)
{
    double bound;
    if (opt->tsv && opt->json)
        command_misuse("--tsv and --json exclude each other");
    for (size_t i = 0; i < opt->gates.count; i++)
        report_parse_gate(opt->gates.at[i], &bound); /* before anything is read */
    return (struct report_plan){
        .part = opt->part,
        .by = opt->by,
        .rater = opt->rater,
        .errors = (size_t)opt->errors,
        .intervals = opt->ci,
        .against = opt->against,
        .resamples = (size_t)opt->resamples,
        .seed = (uint64_t)opt->seed,
    };
}

static void print(const struct report *report, const struct settings *opt)
{
    if (opt->json) {
        json_t *all = report_json(report);
        struct buffer line = {0};
        json_put(&line, all, JSON_LINE);
        buffer_byte(&line, '\n');
        fwrite(line.at, 1, line.size, stdout);
        buffer_free(&line);
        json_decref(all);
    } else if (opt->tsv) {
        report_tsv(report, stdout);
    } else {
        report_text(report, stdout, terminal_columns(STDOUT_FILENO), terminal_colour(STDOUT_FILENO));
    }
    standard_flush();
}

static void read_baseline(struct report *report, char *path)
{
    struct stream_reader *in = stream_open(&path, 1);
    for (struct header head; stream_next(in, &head, KIND_PREDICTIONS); header_free(&head)) {
        report_baseline_segment(report, &head);
        for (struct record *record; stream_read(in, &record);)
            report_baseline_add(report, record);
    }
    stream_close(in);
}

int main(int argc, char **argv)
{
    struct settings opt = {.resamples = 1000};
    int first = command_parse(&command, &opt, argc, argv);
    struct report_plan plan = plan_of(&opt);
    struct report *report = report_new(&plan);
    if (opt.against)
        read_baseline(report, opt.against);
    struct stream_reader *in = stream_open(argv + first, (size_t)(argc - first));

    for (struct header head; stream_next(in, &head, KIND_PREDICTIONS); header_free(&head)) {
        report_segment(report, &head);
        for (struct record *record; stream_read(in, &record);)
            report_add(report, record);
    }
    stream_close(in);
    report_settle(report);
    print(report, &opt);
    size_t failed = report_check_gates(report, &opt.gates);
    report_free(report);
    text_list_free(&opt.gates);
    return failed ? STATUS_GATE : STATUS_GOOD;
}
