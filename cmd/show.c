/* show: looks inside a stream, selects from it, verifies it; takes it to JSON Lines and back. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/options.h"
#include "base/standard.h"
#include "base/terminal.h"
#include "model/history.h"
#include "stream/anonymise.h"
#include "stream/check.h"
#include "stream/jsonlines.h"
#include "stream/selection.h"
#include "stream/stream.h"
#include "stream/trail.h"
#include "stream/view.h"
#include "text/stream_vocabulary.h"

enum { FULL = 1 << 16 };

struct settings {
    struct csv_options csv;
    bool json, stream, pack, header, trail, check, anonymise, force;
    int64_t at, limit, records;
    const char *id, *where, *model, *output;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {0, "json", OPTION_FLAG, AT(json), .help = "JSON Lines: the header, each record, the trailer"},
    {0, "csv", OPTION_FLAG, AT(csv.csv), .help = "CSV for programs: a row for each record"},
    CSV_OPTION_ROWS(csv),
    {0, "stream", OPTION_FLAG, AT(stream), .help = "a stream again, of the records selected"},
    {0, "anonymise", OPTION_FLAG, AT(anonymise), .help = "numbers for ids; no texts, kept columns, paths"},
    {0, "pack", OPTION_FLAG, AT(pack), .help = "make a stream of the JSON Lines that --json wrote"},
    {0, "header", OPTION_FLAG, AT(header), .help = "only the header of each segment, as JSON"},
    {0, "trail", OPTION_FLAG, AT(trail), .help = "the commands that made the stream, ready to run"},
    {0, "check", OPTION_FLAG, AT(check), .help = "verify all of it and say what it is"},
    {0, "records", OPTION_INTEGER, AT(records), "N", 0, 0x1p63,
     .help = "with --check: there must be N records"},
    {0, "at", OPTION_INTEGER, AT(at), "N", 1, 0x1p63, .help = "select the Nth record, counted from 1"},
    {0, "id", OPTION_ID, AT(id), "ID", .help = "select the record with this id"},
    {0, "where", OPTION_WHERE, AT(where), "NAME=VALUE",
     .help = "select records by a field or a kept column;\nan empty VALUE: those without it"},
    {'n', "limit", OPTION_INTEGER, AT(limit), "N", 0, 0x1p63, .help = "select at most N records"},
    {'m', "model", OPTION_FILE, AT(model), "DIR", .help = "model whose vocabulary turns ids into text"},
    {'o', "output", OPTION_FILE, AT(output), "FILE", .help = "with --stream or --pack: write there"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "write over the file if it is there"},
};

static const struct command command = {
    "show",
    "[OPTION]... [FILE | MODEL]...",
    "Shows the records of a stream as text, one paragraph each; or how a model directory\n"
    "came to be.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

static struct selection selection_of(const struct settings *opt)
{
    struct selection selection = {.at = (uint64_t)opt->at, .id = opt->id, .limit = opt->limit};
    if (opt->where && !selection_where(&selection, opt->where))
        command_misuse("--where is '%s': expected NAME=VALUE", opt->where);
    return selection;
}

/* ---- Output ---- */

static void put_out(struct buffer *out, size_t unless_below)
{
    if (out->size < unless_below)
        return;
    file_write(STDOUT_FILENO, out->at, out->size, "standard output");
    out->size = 0;
}

/* ---- Input ---- */

static bool next_segment(struct stream_reader *in, struct header *header, const struct settings *opt)
{
    if (!stream_next(in, header, KIND_ANY))
        return false;
    if (opt->anonymise)
        anonymise_header(header);
    return true;
}

/* The next record of the segment that is selected; NULL after its last. */
static struct record *next_record(struct stream_reader *in, struct selection *selection,
                                  const struct header *header, const struct settings *opt)
{
    for (struct record *record; stream_read(in, &record);) {
        if (!selection_wants(selection, record))
            continue;
        if (opt->anonymise)
            anonymise_record(record, header->kind, selection->seen);
        return record;
    }
    return NULL;
}

/* ---- Views ---- */

static void decode(void *tokenizer, const int32_t *ids, size_t count, struct buffer *out)
{
    tokenizer_decode(tokenizer, ids, count, out);
}

static void show_text(struct stream_reader *in, const struct settings *opt)
{
    struct selection selection = selection_of(opt);
    struct text_view view = {.colour = terminal_colour(STDOUT_FILENO)};
    struct tokenizer *tokenizer = NULL;
    struct buffer out = {0};
    struct header header;
    while (!selection_done(&selection) && next_segment(in, &header, opt)) {
        if (header.kind == KIND_TOKENS && !tokenizer && !opt->anonymise) {
            tokenizer = stream_vocabulary(opt->model, &header);
            if (!tokenizer)
                note("no vocabulary with this stream's hash is at hand, "
                     "so ids are shown as numbers (-m DIR names one)");
            view.decode = tokenizer ? decode : NULL;
            view.with = tokenizer;
        }
        for (struct record *record;
             !selection_done(&selection) && (record = next_record(in, &selection, &header, opt));) {
            text_view_record(&view, record, &header, &out);
            put_out(&out, FULL);
        }
        header_free(&header);
    }
    put_out(&out, 1);
    selection_check(&selection);
    selection_free(&selection);
    text_view_free(&view);
    tokenizer_free(tokenizer);
    buffer_free(&out);
}

static void show_json(struct stream_reader *in, const struct settings *opt)
{
    struct selection selection = selection_of(opt);
    struct buffer out = {0};
    struct header header;
    while (next_segment(in, &header, opt)) {
        json_put(&out, header.map, JSON_LINE);
        buffer_byte(&out, '\n');
        for (struct record *record; (record = next_record(in, &selection, &header, opt));) {
            jsonlines_put_record(&out, record);
            put_out(&out, FULL);
        }
        json_t *trailer = opt->anonymise
                              ? json_pack("{s:O}", "end", json_object_get(stream_trailer(in), "end"))
                              : json_deep_copy(stream_trailer(in));
        json_put(&out, trailer, JSON_LINE);
        buffer_byte(&out, '\n');
        json_decref(trailer);
        header_free(&header);
    }
    put_out(&out, 1);
    selection_check(&selection);
    selection_free(&selection);
    buffer_free(&out);
}

static void show_csv(struct stream_reader *in, const struct settings *opt)
{
    struct selection selection = selection_of(opt);
    struct csv_view *view = csv_view_new(&opt->csv, terminal_is(STDOUT_FILENO));
    struct buffer out = {0};
    struct header header;
    while (next_segment(in, &header, opt)) {
        for (struct record *record; (record = next_record(in, &selection, &header, opt));) {
            csv_view_record(view, record, &header, &out);
            put_out(&out, FULL);
        }
        header_free(&header);
    }
    csv_view_end(view, &out);
    put_out(&out, 1);
    selection_check(&selection);
    selection_free(&selection);
    csv_view_free(view);
    buffer_free(&out);
}

/* Reads to the end whatever is selected: what is broken is never passed on sealed. */
static void show_stream(struct stream_reader *in, const struct settings *opt,
                        const struct command_record *line)
{
    struct selection selection = selection_of(opt);
    struct stream_writer *to = stream_create(opt->output, opt->force);
    struct header header;
    while (next_segment(in, &header, opt)) {
        uint64_t seen = selection.seen, taken = selection.taken;
        header_sign(&header, line, -1);
        stream_write_header(to, &header);
        for (struct record *record; (record = next_record(in, &selection, &header, opt));)
            stream_write(to, record);
        json_t *counts = json_object();
        json_object_set_new(counts, "left_out",
                            json_integer((json_int_t)(selection.seen - seen - (selection.taken - taken))));
        stream_write_trailer(to, counts);
        json_decref(counts);
        header_free(&header);
    }
    note("%llu of %llu records selected", (unsigned long long)selection.taken,
         (unsigned long long)selection.seen);
    selection_check(&selection);
    selection_free(&selection);
    stream_finish(NULL, to);
}

/* ---- About the whole ---- */

static void show_headers(struct stream_reader *in, bool trail)
{
    struct header header;
    struct buffer out = {0}, line = {0}, last = {0};
    while (stream_next(in, &header, KIND_ANY)) {
        line.size = 0;
        size_t left_out = 0;
        if (trail)
            left_out = trail_put_pipeline(&line, json_object_get(header.map, "trail"));
        else
            json_put(&line, header.map, JSON_LINES);
        if (left_out > 0)
            warn("commands of the trail that are not rubric's are left out: %zu (--header shows them)",
                 left_out);
        buffer_byte(&line, '\n');
        /* Segments of one making say the same. */
        if (!trail || !slice_equal((struct slice){line.at, line.size}, (struct slice){last.at, last.size}))
            buffer_append(&out, line.at, line.size);
        last.size = 0;
        buffer_append(&last, line.at, line.size);
        header_free(&header);
        put_out(&out, 1);
    }
    buffer_free(&out);
    buffer_free(&line);
    buffer_free(&last);
}

static void check(struct stream_reader *in, const struct settings *opt)
{
    struct record_checker checker = {0};
    struct header header;
    uint64_t segments = 0, sealed = 0, records = 0;
    const char *kind = "";
    while (stream_next(in, &header, KIND_ANY)) {
        for (struct record *record; stream_read(in, &record); records++)
            record_check(&checker, record, &header);
        segments++;
        sealed += stream_sealed(in);
        kind = stream_kind_name(header.kind);
        header_free(&header);
    }
    record_checker_free(&checker);
    if (opt->anonymise && (opt->pack || opt->header || opt->trail || opt->check))
        command_misuse("--anonymise goes with --json, --csv, --spreadsheet or --stream");
    if (opt->records >= 0 && records != (uint64_t)opt->records)
        die(STATUS_BROKEN, "%s: %llu records: expected %lld", stream_name(in), (unsigned long long)records,
            (long long)opt->records);
    struct buffer out = {0};
    const char *state = sealed == segments ? "sealed" : sealed ? "partly sealed" : "unsealed";
    buffer_format(&out, "%s: %llu segment%s, %llu records of %s\n", state, (unsigned long long)segments,
                  segments == 1 ? "" : "s", (unsigned long long)records, kind);
    put_out(&out, 1);
    buffer_free(&out);
}

static bool is_directory(const char *path)
{
    struct stat about;
    return strcmp(path, "-") != 0 && stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static void show_models(char *const *directories, size_t count)
{
    struct buffer out = {0};
    for (size_t i = 0; i < count; i++) {
        if (!is_directory(directories[i]))
            command_misuse(
                "'%s' is not a model directory, the operand before it is: show streams and models apart",
                directories[i]);
        buffer_text(&out, i ? "\n" : "");
        if (count > 1) {
            terminal_put(&out, slice_of(directories[i]));
            buffer_byte(&out, '\n');
        }
        model_history(directories[i], &out);
    }
    put_out(&out, 1);
    buffer_free(&out);
}

static void check_options(const struct settings *opt)
{
    int forms = opt->json + csv_options_check(&opt->csv) + opt->stream + opt->pack + opt->header +
                opt->trail + opt->check;
    bool selects = opt->at || opt->id || opt->where || opt->limit >= 0;
    if (forms > 1)
        command_misuse(
            "--json, --csv, --spreadsheet, --stream, --pack, --header, --trail and --check exclude "
            "each other");
    if (selects && (opt->pack || opt->header || opt->trail || opt->check))
        command_misuse("--at, --id, --where and -n select records to show: they go with --json, --csv, "
                       "--spreadsheet or --stream");
    if (opt->anonymise && (opt->pack || opt->header || opt->trail || opt->check))
        command_misuse("--anonymise goes with --json, --csv, --spreadsheet or --stream");
    if (opt->records >= 0 && !opt->check)
        command_misuse("--records goes with --check");
    if (opt->output && !opt->stream && !opt->pack)
        command_misuse("-o goes with --stream or --pack");
}

int main(int argc, char **argv)
{
    struct settings opt = {.limit = -1, .records = -1};
    int first = command_parse(&command, &opt, argc, argv);
    check_options(&opt);
    size_t count = (size_t)(argc - first);
    if (count && is_directory(argv[first])) {
        show_models(argv + first, count);
        return STATUS_GOOD;
    }
    standard_spare_inputs(opt.output, argv + first, count);
    if (opt.pack) {
        if (count > 1)
            command_misuse("--pack reads one file");
        struct stream_writer *to = stream_create(opt.output, opt.force);
        jsonlines_pack(count ? argv[first] : "-", to);
        return stream_finish(NULL, to);
    }
    struct command_record line = command_record_new(&command, argc, argv, first);
    struct stream_reader *in = stream_open(argv + first, count);
    if (opt.json)
        show_json(in, &opt);
    else if (opt.csv.csv || opt.csv.spreadsheet)
        show_csv(in, &opt);
    else if (opt.stream)
        show_stream(in, &opt, &line);
    else if (opt.header || opt.trail)
        show_headers(in, opt.trail);
    else if (opt.check)
        check(in, &opt);
    else
        show_text(in, &opt);
    command_record_free(&line);
    return stream_finish(in, NULL);
}
