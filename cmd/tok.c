/* tok: CSV, TSV or JSON Lines to a stream of tokens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "base/pool.h"
#include "base/standard.h"
#include "model/fingerprint.h"
#include "model/model.h"
#include "stream/stream.h"
#include "text/row_lookahead.h"
#include "text/rejects.h"
#include "text/token_line.h"
#include "text/tokens.h"

/* Rows are held back until this many labels, or bytes of input, have shown what the labels are. */
enum { LEADING_LABELS = 1000, LEADING_BYTES = 1 << 20 };

struct settings {
    const char *model, *vocabulary, *output, *shard, *classes, *id_hash;
    bool cased;
    int label_type, placeholders, long_policy;
    int64_t max_length, stride, threads;
    struct column_wishes columns;
    struct text_list keep;
    struct rows_options rows;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row option_rows[] = {
    {'m', "model", OPTION_FILE, AT(model), "DIR",
     .help = "take vocabulary and text settings from model directory DIR"},
    {0, "vocab", OPTION_FILE, AT(vocabulary), "FILE",
     .help = "take the vocabulary from FILE, one piece a line"},
    {0, "cased", OPTION_FLAG, AT(cased), NULL, .help = "with --vocab: keep case and accents"},
    {0, "text", OPTION_TEXT, AT(columns.names[COLUMN_TEXT]), "COL",
     .help = "column of the text (default: found by its name)"},
    {0, "label", OPTION_TEXT, AT(columns.names[COLUMN_LABEL]), "COL",
     .help = "column of the label (default: found by its name)"},
    {0, "id", OPTION_TEXT, AT(columns.names[COLUMN_ID]), "COL",
     .help = "column of the id (default: id, essay_id, ...; else FILE:ROW)"},
    {0, "id-hash", OPTION_FILE, AT(id_hash), "FILE", .help = "replace ids by a hash under the key in FILE"},
    {0, "weight", OPTION_TEXT, AT(columns.names[COLUMN_WEIGHT]), "COL",
     .help = "column of the weight (default: weight)"},
    {0, "part", OPTION_TEXT, AT(columns.names[COLUMN_PART]), "COL",
     .help = "column of the part (default: part)"},
    {0, "fold", OPTION_TEXT, AT(columns.names[COLUMN_FOLD]), "COL",
     .help = "column of the fold (default: fold)"},
    {0, "keep", OPTION_LIST, AT(keep), "COL,...", .help = "carry these columns along"},
    {0, "pair", OPTION_TEXT, AT(columns.names[COLUMN_PAIR]), "COL",
     .help = "column of a prompt that stands before the text"},
    ROWS_OPTION_ROWS(AT(rows.format), AT(rows.delimiter), AT(rows.encoding)),
    {0, "bad-rows", OPTION_FILE, AT(rows.bad_rows), "fail|skip|mark|FILE",
     .help = "what becomes of bad rows (default fail);\nFILE gets them as they were"},
    {0, "label-type", OPTION_CHOICE, AT(label_type), LABEL_TYPE_NAMES,
     .help = "type of the labels (default auto)"},
    {0, "classes", OPTION_TEXT, AT(classes), "LIST",
     .help = "the scale and its order: 1..5, or low,mid,high"},
    {0, "placeholders", OPTION_CHOICE, AT(placeholders), "drop|mask|keep",
     .help = "what becomes of @PERSON1, @CAPS2, ...\n(default: the model's; drop)"},
    {0, "long", OPTION_CHOICE, AT(long_policy), "head|tail|ends|windows|fail",
     .help = "what becomes of texts that are too long\n(default: the model's; head)"},
    {0, "max-length", OPTION_INTEGER, AT(max_length), "N", 3, 1 << 24,
     "tokens a text may have (default: the model's)"},
    {0, "stride", OPTION_INTEGER, AT(stride), "N", 0, 1 << 24,
     "overlap of windows, in tokens (default: the model's; 128)"},
    {0, "shard", OPTION_TEXT, AT(shard), "I/N", .help = "only every Nth row, from row I"},
    {0, "threads", OPTION_INTEGER, AT(threads), "N", 1, 1024, "threads (the CPUs this process may use)"},
    {'o', "output", OPTION_FILE, AT(output), "FILE", .help = "write to FILE (default: standard output)"},
    {'f', "force", OPTION_FLAG, AT(rows.force), .help = "write over files that are there"},
};
static const struct command command = {
    "tok",
    "[OPTION]... [FILE]...",
    "Turns CSV, TSV or JSON Lines into a stream of BERT WordPiece tokens.",
    option_rows,
    OPTION_COUNT(option_rows),
    .reads_input = true,
};

static void parse_shard(struct settings *s)
{
    int64_t index, count;
    if (!s->shard)
        return;
    char *copy = memory_string(s->shard), *slash = strchr(copy, '/');
    if (slash)
        *slash = '\0';
    if (!slash || !parse_integer(slash + 1, 1, INT32_MAX, &count) || !parse_integer(copy, 1, count, &index))
        command_misuse("--shard is '%s': expected I/N with I from 1 to N, such as 2/8", s->shard);
    free(copy);
    s->rows.shard = (uint64_t)index - 1;
    s->rows.shards = (uint64_t)count;
}

static struct tokenizer *open_tokenizer(const struct settings *s, char **directory)
{
    if (s->vocabulary && s->model)
        command_misuse("--vocab and -m both name a vocabulary: expected one");
    if (s->cased && !s->vocabulary)
        command_misuse("--cased goes with --vocab: a model directory says itself whether it is cased");
    *directory = s->vocabulary ? NULL : model_find(s->model, NULL);
    return s->vocabulary ? tokenizer_open_vocabulary(s->vocabulary, s->cased) : tokenizer_open(*directory);
}

/* The key of --id-hash; empty without it.  No output may be written over the file. */
static struct pseudonym_key read_key(const struct settings *s, const char *rejects)
{
    char *const file = (char *)(uintptr_t)s->id_hash;
    if (!file)
        return (struct pseudonym_key){0};
    if (strcmp(file, "-") == 0)
        command_misuse("--id-hash is '-': expected the name of a file");
    standard_spare_inputs(s->output, &file, 1);
    standard_spare_inputs(rejects, &file, 1);
    return pseudonym_key_read(file);
}

/* The command line's policies over those of the model. */
static void choose_policies(const struct settings *s, struct tokenizer_settings *t)
{
    if (s->placeholders >= 0)
        t->placeholders = (enum placeholders)s->placeholders;
    if (s->long_policy >= 0)
        t->long_policy = (enum long_policy)s->long_policy;
    if (s->max_length > t->max_length && !s->vocabulary)
        command_misuse("--max-length is %lld: the model has %d positions", (long long)s->max_length,
                       t->max_length);
    if (s->max_length)
        t->max_length = (int)s->max_length;
    if (s->stride >= 0)
        t->stride = (int)s->stride;
    else if (t->stride > t->max_length / 4)
        t->stride = t->max_length / 4;
    int most = sequence_most_stride(t->max_length);
    if (t->long_policy == LONG_WINDOWS && t->stride > most)
        command_misuse(
            "--stride is %d: expected at most %d, for windows of %d tokens that begin a quarter of that "
            "apart",
            t->stride, most, t->max_length);
}

/* Reads rows until their labels are known; true when the input ended before that. */
static bool hold_back(struct rows *rows, const struct columns *columns, struct labels *labels,
                      struct row_lookahead *lookahead)
{
    struct row row;
    bool more = true;
    while (labels->total < LEADING_LABELS && rows_bytes(rows) < LEADING_BYTES &&
           (more = rows_next(rows, &row))) {
        if (columns->at[COLUMN_LABEL] >= 0 && !row.bad)
            labels_observe(labels, row.fields[columns->at[COLUMN_LABEL]]);
        if (row.ours)
            row_lookahead_add(lookahead, &row);
    }
    labels_decide(labels);
    return !more;
}

/* The classes of an input that is held as a whole. */
static void find_classes(struct labels *labels, const struct row_lookahead *lookahead, ptrdiff_t column)
{
    for (size_t i = 0; column >= 0 && i < lookahead->count; i++)
        labels_see_class(labels, lookahead->rows[i].fields[column]);
    labels_end_classes(labels);
}

static void note_input(struct rows *rows, const struct columns *columns, const struct labels *labels,
                       const struct tokenizer *tokenizer, const char *directory)
{
    struct buffer line = {0};
    rows_describe(rows, &line);
    buffer_text(&line, ": ");
    columns_describe(columns, &line);
    buffer_text(&line, "; ");
    labels_describe(labels, &line);
    buffer_format(&line, "; %zu pieces of %s", tokenizer_size(tokenizer),
                  directory ? directory : tokenizer_vocabulary_path(tokenizer));
    buffer_byte(&line, '\0');
    note("%s", line.at);
    buffer_free(&line);
}

static void write_header(struct stream_writer *out, const struct labels *labels, struct tokenizer *tokenizer,
                         const char *directory, const struct command_record *line)
{
    struct header header;
    header_init(&header, KIND_TOKENS, labels->classes.type);
    if (labels->classes.count)
        header_set_labels(&header, labels->classes.labels, labels->classes.count, labels->classes.ordered);
    header_set(&header, "tokenizer",
               tokenizer_settings_json(tokenizer_settings(tokenizer), tokenizer_hash(tokenizer),
                                       tokenizer_size(tokenizer)));
    if (directory) {
        char fingerprint[65];
        model_fingerprint(directory, fingerprint);
        header_set_model(&header, directory, fingerprint);
    }
    header_sign(&header, line, -1);
    stream_write_header(out, &header);
    header_free(&header);
}

int main(int argc, char **argv)
{
    struct settings s = {.placeholders = -1, .long_policy = -1, .stride = -1, .threads = pool_cpus()};
    int first = command_parse(&command, &s, argc, argv);
    s.columns.keep = &s.keep;
    s.columns.no_label = s.label_type == LABEL_WISH_NONE;
    s.columns.text_first = !s.rows.bad_rows || strcmp(s.rows.bad_rows, "fail") == 0;
    parse_shard(&s);
    struct labels labels;
    labels_init(&labels, s.label_type, s.classes);

    const char *rejects = rejects_file(s.rows.bad_rows);
    struct pseudonym_key key = read_key(&s, rejects);
    standard_spare_inputs(s.output, argv + first, (size_t)(argc - first));
    standard_spare_inputs(rejects, argv + first, (size_t)(argc - first));
    standard_spare_output(s.output, rejects);
    struct stream_writer *out = stream_create(s.output, s.rows.force);
    char *directory;
    struct tokenizer *tokenizer = open_tokenizer(&s, &directory);
    choose_policies(&s, tokenizer_settings(tokenizer));

    struct rows *rows = rows_open(argv + first, (size_t)(argc - first), &s.rows);
    struct columns columns;
    columns_find(&columns, rows, first < argc ? argv[first] : "-", &s.columns);

    for (size_t i = 0; s.id_hash && i < columns.keep_count; i++)
        if ((ptrdiff_t)columns.keep[i] == columns.at[COLUMN_ID])
            warn("--keep carries the ids along, beside their pseudonyms");

    struct row_lookahead lookahead = {.fields = columns.count};
    bool complete = hold_back(rows, &columns, &labels, &lookahead);
    if (complete && !s.shard)
        find_classes(&labels, &lookahead, columns.at[COLUMN_LABEL]);
    note_input(rows, &columns, &labels, tokenizer, directory);
    struct command_record line = command_record_new(&command, argc, argv, first);
    write_header(out, &labels, tokenizer, directory, &line);
    command_record_free(&line);

    struct token_maker maker;
    token_maker_init(&maker, rows, &columns, &labels, tokenizer, &key);
    struct pool *pool = pool_new((int)s.threads);
    token_line_run(&(struct token_line){
        .maker = &maker, .lookahead = &lookahead, .more = !complete, .out = out, .pool = pool});
    pool_free(pool);
    columns_end(&columns);

    rows_report(rows);
    token_maker_report(&maker);
    json_t *counts = token_maker_counts(&maker);
    stream_write_trailer(out, counts);
    json_decref(counts);
    token_maker_free(&maker);
    pseudonym_key_free(&key);
    rows_close(rows);
    columns_free(&columns);
    labels_free(&labels);
    tokenizer_free(tokenizer);
    free(directory);
    text_list_free(&s.keep);
    return stream_finish(NULL, out);
}
