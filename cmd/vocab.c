/* vocab: trains a WordPiece vocabulary on the texts of CSV, TSV, JSON Lines or plain lines. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "base/standard.h"
#include "text/columns.h"
#include "text/placeholders.h"
#include "text/rejects.h"
#include "text/rows.h"
#include "text/vocabulary_trainer.h"

struct settings {
    const char *output;
    bool cased;
    int64_t size, min_frequency, min_texts;
    int placeholders;
    struct column_wishes columns;
    struct rows_options rows;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row option_rows[] = {
    {0, "size", OPTION_INTEGER, AT(size), "N", TRAINER_SMALLEST, 1 << 20, "pieces of the vocabulary (8000)"},
    {0, "min-frequency", OPTION_INTEGER, AT(min_frequency), "N", 1, 1e15,
     "leave pairs and characters alone that occur less often (2)"},
    {0, "min-texts", OPTION_INTEGER, AT(min_texts), "N", 1, 1e15,
     "leave words alone that stand in fewer texts (1)"},
    {0, "cased", OPTION_FLAG, AT(cased), .help = "keep case and accents"},
    {0, "text", OPTION_TEXT, AT(columns.names[COLUMN_TEXT]), "COL",
     .help = "column of the text (default: found by its name)"},
    ROWS_OPTION_ROWS(AT(rows.format), AT(rows.delimiter), AT(rows.encoding)),
    {0, "bad-rows", OPTION_FILE, AT(rows.bad_rows), "fail|skip|FILE",
     .help = "what becomes of bad rows (default fail);\nFILE gets them as they were"},
    {0, "placeholders", OPTION_CHOICE, AT(placeholders), "drop|mask|keep",
     .help = "what becomes of @PERSON1, @CAPS2, ... (default drop)"},
    {'o', "output", OPTION_FILE, AT(output), "FILE", .help = "write to FILE (default: standard output)"},
    {'f', "force", OPTION_FLAG, AT(rows.force), .help = "write over files that are there"},
};
static const struct command command = {
    "vocab",
    "[OPTION]... [FILE]...",
    "Trains a WordPiece vocabulary on the texts of CSV, TSV, JSON Lines or lines.",
    option_rows,
    OPTION_COUNT(option_rows),
    .reads_input = true,
};

/* One piece a line. */
static void write_vocabulary(struct file_output *out, const struct vocabulary *v)
{
    struct buffer lines = {0};
    for (size_t id = 0; id < v->count; id++) {
        struct slice piece = vocabulary_piece(v, id);
        buffer_append(&lines, piece.at, piece.size);
        buffer_byte(&lines, '\n');
    }
    file_output_write(out, lines.at, lines.size);
    file_output_close(out);
    buffer_free(&lines);
}

static void count_words(struct trainer *trainer, struct rows *rows, size_t text, enum placeholders policy)
{
    struct buffer store = {0};
    uint64_t placeholders[PLACEHOLDER_NAMES] = {0};
    for (struct row row; rows_next(rows, &row);)
        if (row.fields[text].at)
            trainer_add(trainer, placeholders_apply(policy, row.fields[text], &store, placeholders));
    buffer_free(&store);
}

int main(int argc, char **argv)
{
    struct settings s = {.size = 8000, .min_frequency = 2, .min_texts = 1};
    int first = command_parse(&command, &s, argc, argv);
    s.columns.text_only = true;
    if (s.rows.bad_rows && strcmp(s.rows.bad_rows, "mark") == 0)
        command_misuse("--bad-rows is 'mark': expected fail, skip or a file");

    standard_spare_inputs(s.output, argv + first, (size_t)(argc - first));
    const char *rejects = rejects_file(s.rows.bad_rows);
    standard_spare_output(s.output, rejects);
    struct rows *rows = rows_open(argv + first, (size_t)(argc - first), &s.rows);
    struct columns columns;
    columns_find(&columns, rows, first < argc ? argv[first] : "-", &s.columns);
    struct file_output out = file_output_open(s.output, s.rows.force, false);

    struct trainer_options options = {.size = (size_t)s.size,
                                      .min_frequency = (uint64_t)s.min_frequency,
                                      .min_texts = (uint64_t)s.min_texts,
                                      .cased = s.cased};
    struct trainer *trainer = trainer_new(&options);
    count_words(trainer, rows, (size_t)columns.at[COLUMN_TEXT], (enum placeholders)s.placeholders);
    columns_end(&columns);
    rows_report(rows);
    note("%llu texts, %llu words, %zu different", (unsigned long long)rows_count(rows),
         (unsigned long long)trainer_words(trainer), trainer_different(trainer));

    struct vocabulary vocabulary = {0};
    uint64_t left_out = trainer_finish(trainer, &vocabulary);
    write_vocabulary(&out, &vocabulary);
    note("%zu pieces%s; %llu words have characters that are no piece", vocabulary.count,
         vocabulary.count < (size_t)s.size ? " (the texts give no more)" : "", (unsigned long long)left_out);
    vocabulary_free(&vocabulary);
    trainer_free(trainer);
    rows_close(rows);
    columns_free(&columns);
    return STATUS_GOOD;
}
