/* tally: what is in a stream, before anything is trained on it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/file.h"
#include "base/options.h"
#include "base/standard.h"
#include "base/terminal.h"
#include "corpus/tally.h"
#include "stream/stream.h"
#include "text/stream_vocabulary.h"

struct settings {
    const char *model, *part;
    struct csv_options csv;
    bool json, no_duplicates;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {0, "part", OPTION_TEXT, AT(part), "NAME", .help = "use only the records of this part"},
    {0, "no-duplicates", OPTION_FLAG, AT(no_duplicates),
     .help = "do not look for duplicates; memory then stays constant"},
    {'m', "model", OPTION_FILE, AT(model), "DIR", .help = "use the vocabulary of this model to tell [UNK]"},
    {0, "csv", OPTION_FLAG, AT(csv.csv), .help = "print CSV for programs: what,part,name,value"},
    CSV_OPTION_ROWS(csv),
    {0, "json", OPTION_FLAG, AT(json), .help = "print a JSON object"},
};

static const struct command command = {
    "tally",
    "[OPTION]... [FILE]...",
    "Counts what is in a stream: classes in each part, lengths in words and tokens, what is cut\n"
    "off, unknown tokens, missing labels, duplicates.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

/* The id of [UNK] in the vocabulary of the segment, -1 when that is not at hand. */
static int32_t unknown_id(const char *model, const struct header *header)
{
    struct tokenizer *tokenizer = header->kind == KIND_TOKENS ? stream_vocabulary(model, header) : NULL;
    int32_t id = tokenizer ? tokenizer_special(tokenizer).unk : -1;
    tokenizer_free(tokenizer);
    return id;
}

static void print(const struct tally *tally, const struct settings *opt)
{
    if (opt->json) {
        json_t *all = tally_json(tally);
        struct buffer line = {0};
        json_put(&line, all, JSON_LINE);
        buffer_byte(&line, '\n');
        fwrite(line.at, 1, line.size, stdout);
        buffer_free(&line);
        json_decref(all);
    } else if (opt->csv.csv || opt->csv.spreadsheet) {
        struct csv_writer csv = csv_writer_new(&opt->csv, terminal_is(STDOUT_FILENO));
        struct buffer out = {0};
        tally_csv(tally, &csv, &out);
        file_write(STDOUT_FILENO, out.at, out.size, "standard output");
        csv_writer_free(&csv);
        buffer_free(&out);
    } else {
        tally_text(tally, stdout, terminal_columns(STDOUT_FILENO), terminal_colour(STDOUT_FILENO));
    }
    standard_flush();
}

int main(int argc, char **argv)
{
    struct settings opt = {0};
    int first = command_parse(&command, &opt, argc, argv);
    if (csv_options_check(&opt.csv) && opt.json)
        command_misuse("--json goes neither with --csv nor with --spreadsheet");
    struct tally *tally = tally_new(!opt.no_duplicates);
    struct stream_reader *in = stream_open(argv + first, (size_t)(argc - first));

    for (struct header head; stream_next(in, &head, KIND_ANY); header_free(&head)) {
        tally_segment(tally, &head, unknown_id(opt.model, &head));
        for (struct record *record; stream_read(in, &record);)
            if (!opt.part || slice_is(record->part, opt.part))
                tally_add(tally, record);
    }
    stream_close(in);
    if (opt.part && tally->n == 0)
        die(STATUS_INPUT, "no record is of part '%s'", opt.part);
    tally_settle(tally);
    print(tally, &opt);
    tally_free(tally);
    return STATUS_GOOD;
}
