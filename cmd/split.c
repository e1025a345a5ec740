/* split: marks each record with its part (train, val, test) or its fold. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "base/standard.h"
#include "corpus/split_rules.h"
#include "stream/stream.h"

struct settings {
    const char *output, *ratio, *by, *group, *hold_out, *from;
    bool stratify, random, keep, replace, force;
    struct text_list edges;
    int64_t seed, folds, bins;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {0, "ratio", OPTION_TEXT, AT(ratio), "A:B[:C]", .help = "shares of train, val and test (80:20)"},
    {0, "stratify", OPTION_FLAG, AT(stratify), .help = "divide each class by itself"},
    {0, "bins", OPTION_INTEGER, AT(bins), "N", 2, 100,
     .help = "with --stratify: divide numbers into N bins of about\nequal size, from the first 1,000 labels"},
    {0, "edges", OPTION_LIST, AT(edges), "X,...", .help = "with --stratify: bins with these edges"},
    {0, "random", OPTION_FLAG, AT(random), .help = "draw each record independently"},
    {0, "by", OPTION_TEXT, AT(by), "id",
     .help = "assign by a hash of the id, so that adding rows never\nmoves a record"},
    {0, "group", OPTION_TEXT, AT(group), "FIELD",
     .help = "assign by a hash of FIELD: records that share its value\nstay together"},
    {0, "hold-out", OPTION_WHERE, AT(hold_out), "FIELD=VALUE",
     .help = "make these records test and the others train (or divide\nthem by --ratio)"},
    {0, "from", OPTION_FILE, AT(from), "FILE",
     .help = "read the parts from a CSV file with columns id and part\n(or fold)"},
    {0, "folds", OPTION_INTEGER, AT(folds), "K", 2, SPLIT_MAX_PARTS,
     .help = "write fold 0 .. K-1 instead of a part"},
    {0, "keep", OPTION_FLAG, AT(keep), .help = "leave records that have a mark as they are"},
    {0, "replace", OPTION_FLAG, AT(replace), .help = "discard existing marks and assign new ones"},
    {0, "seed", OPTION_INTEGER, AT(seed), "N", 0, 0x1p63, .help = "seed of the draws (0)"},
    {'o', "output", OPTION_FILE, AT(output), "FILE", .help = "write to FILE instead of standard output"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "overwrite an existing file"},
};

static const struct command command = {
    "split",
    "[OPTION]... [FILE]...",
    "Marks each record of a stream with its part: 80 % train and 20 % val, or as you ask.\n"
    "A note on standard error counts the records of each part.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

/* FIELD=VALUE into its two halves. */
static void set_hold_out(struct split_plan *plan, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        command_misuse("--hold-out is '%s': expected FIELD=VALUE", text);
    plan->hold_field = slice_string((struct slice){text, (size_t)(equals - text)});
    plan->hold_value = equals + 1;
}

static void set_edges(struct split_plan *plan, const struct text_list *list)
{
    double *edges = memory_new(list->count, sizeof *edges);
    for (size_t i = 0; i < list->count; i++)
        if (!parse_number(list->at[i], -1e300, 1e300, &edges[i]) || (i > 0 && edges[i] <= edges[i - 1]))
            command_misuse("--edges has '%s': expected ascending numbers such as 1.5,2.5", list->at[i]);
    plan->edges = edges;
    plan->edge_count = list->count;
}

static struct split_plan plan_of(const struct settings *opt)
{
    int ways = opt->stratify + opt->random + (opt->by != NULL) + (opt->group != NULL) + (opt->from != NULL);
    if (ways > 1)
        command_misuse("--stratify, --random, --by, --group and --from are different ways: choose one");
    if (opt->by && strcmp(opt->by, "id") != 0)
        command_misuse("--by is '%s': expected id (--group %s keeps equal values together)", opt->by,
                       opt->by);
    if ((opt->bins || opt->edges.count) && !opt->stratify)
        command_misuse("--bins and --edges go with --stratify");
    if (opt->bins && opt->edges.count)
        command_misuse("--bins and --edges both say where bins end: choose one");
    if (opt->from && (opt->ratio || opt->hold_out))
        command_misuse("--from says where each record goes: it goes with neither --ratio nor --hold-out");
    if (opt->hold_out && ways && !opt->ratio)
        command_misuse("--stratify, --random, --by and --group have nothing to divide beside --hold-out: "
                       "the others are all train unless --ratio divides them");
    if (opt->folds && (opt->ratio || opt->hold_out))
        command_misuse("--folds goes with neither --ratio nor --hold-out");
    if (opt->keep && opt->replace)
        command_misuse("--keep and --replace exclude each other");
    struct split_plan plan = {
        .mode = opt->stratify           ? SPLIT_STRATIFY
                : opt->random           ? SPLIT_RANDOM
                : opt->from             ? SPLIT_FROM
                : opt->by || opt->group ? SPLIT_BY_FIELD
                                        : SPLIT_EXACT,
        .shares = opt->folds ? split_shares_equal((int)opt->folds)
                             : split_shares_parse(opt->ratio ? opt->ratio : "80:20"),
        .seed = (uint64_t)opt->seed,
        .folds = opt->folds > 0,
        .marked = opt->keep      ? MARKED_KEEP
                  : opt->replace ? MARKED_REPLACE
                                 : MARKED_REFUSE,
        .field = opt->by ? opt->by : opt->group,
        .from = opt->from,
        .divide_rest = opt->ratio != NULL,
        .bins = (int)opt->bins,
    };
    if (!plan.folds && plan.shares.parts > 3)
        command_misuse("--ratio is '%s': expected two or three shares (train:val:test); --folds K makes more",
                       opt->ratio);
    if (opt->hold_out)
        set_hold_out(&plan, opt->hold_out);
    if (opt->edges.count)
        set_edges(&plan, &opt->edges);
    return plan;
}

/* The records of one segment; some may wait for others. */
static void divide(struct split_rules *split_rules, const struct header *head, struct stream_reader *in,
                   struct stream_writer *out)
{
    split_rules_begin(split_rules, head);
    for (struct record *record; stream_read(in, &record);) {
        split_rules_put(split_rules, record);
        while ((record = split_rules_take(split_rules)))
            stream_write(out, record);
    }
    split_rules_end(split_rules);
    for (struct record *record; (record = split_rules_take(split_rules));)
        stream_write(out, record);
}

/* What plan_of allocated. */
static void plan_free(struct split_plan *plan)
{
    free(plan->hold_field);
    free(plan->edges);
}

int main(int argc, char **argv)
{
    struct settings opt = {0};
    int first = command_parse(&command, &opt, argc, argv);
    struct split_plan plan = plan_of(&opt);
    struct split_rules *split_rules = split_rules_new(&plan);
    struct stream_reader *in = stream_open(argv + first, (size_t)(argc - first));
    standard_spare_inputs(opt.output, argv + first, (size_t)(argc - first));
    struct stream_writer *out = stream_create(opt.output, opt.force);

    struct command_record line = command_record_new(&command, argc, argv, first);
    struct header head;
    for (bool more = stream_next(in, &head, KIND_ANY); more;) {
        header_sign(&head, &line, opt.seed);
        stream_write_header(out, &head);
        divide(split_rules, &head, in, out);
        header_free(&head);
        json_t *counts = json_deep_copy(stream_trailer(in));
        more = stream_next(in, &head, KIND_ANY);
        if (!more)
            split_rules_finish(split_rules); /* what it finds must leave the stream unsealed */
        stream_write_trailer(out, counts);
        json_decref(counts);
    }
    split_rules_report(split_rules);
    split_rules_free(split_rules);
    plan_free(&plan);
    text_list_free(&opt.edges);
    command_record_free(&line);
    return stream_finish(in, out);
}
