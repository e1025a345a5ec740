#include "predict/prediction_csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/interner.h"
#include "base/terminal.h"
#include "stream/lookahead.h"
#include "stream/view.h"

struct column {
    char *title, *source; /* owned */
    ptrdiff_t class;      /* of prob; -1: not a probability */
};

struct prediction_csv {
    struct csv_writer csv;
    const struct text_list *asked;
    struct column *columns;
    size_t count, capacity;
    bool decided;
    struct header header; /* of the first segment */
    struct lookahead held;
    struct interner kept; /* columns that the held records have */
    bool labelled;        /* one of them has a label */
    uint64_t lost;
    struct double_array prob; /* of the record being written */
    struct buffer text;
};

struct prediction_csv *prediction_csv_new(const struct csv_options *options, const struct text_list *columns,
                                          bool escape)
{
    struct prediction_csv *csv = memory_zeroed(1, sizeof *csv);
    csv->csv = csv_writer_new(options, escape);
    csv->asked = columns;
    return csv;
}

void prediction_csv_free(struct prediction_csv *csv)
{
    if (!csv)
        return;
    for (size_t i = 0; i < csv->count; i++) {
        free(csv->columns[i].title);
        free(csv->columns[i].source);
    }
    free(csv->columns);
    header_free(&csv->header);
    lookahead_free(&csv->held);
    interner_free(&csv->kept);
    csv_writer_free(&csv->csv);
    free(csv->prob.at);
    buffer_free(&csv->text);
    free(csv);
}

/* ---- Which columns ---- */

static void add_column(struct prediction_csv *csv, struct slice title, struct slice source, ptrdiff_t class)
{
    memory_grow(&csv->columns, &csv->capacity, csv->count + 1, sizeof *csv->columns);
    csv->columns[csv->count++] = (struct column){slice_string(title), slice_string(source), class};
}

static struct slice printed(struct buffer *text, const char *before, const struct label *label)
{
    text->size = 0;
    buffer_text(text, before);
    label_print(text, label);
    return (struct slice){text->at, text->size};
}

static bool has_prob(const struct header *header)
{
    return json_is_true(json_object_get(header->map, "probabilities"));
}

static void add_prob(struct prediction_csv *csv)
{
    const struct classes *classes = &csv->header.classes;
    for (size_t i = 0; has_prob(&csv->header) && i < classes->count; i++)
        add_column(csv, printed(&csv->text, "prob_", &classes->labels[i]), SLICE("prob"), (ptrdiff_t)i);
}

/* Lists a held record's kept columns; counts those of a later one that are not listed. */
static void visit_kept(struct prediction_csv *csv, const struct record *record)
{
    struct meta_cursor meta = record_meta_begin(record);
    for (struct slice column, value; record_meta_next(&meta, &column, &value);) {
        if (!csv->decided)
            interner_add(&csv->kept, column, NULL);
        else if (interner_find(&csv->kept, column) == INTERNER_NONE)
            csv->lost++;
    }
}

static void add_kept(struct prediction_csv *csv)
{
    for (size_t i = 0; i < csv->kept.count; i++) {
        struct slice name = csv->kept.at[i];
        csv->text.size = 0;
        buffer_format(&csv->text, "meta.%.*s", (int)name.size, name.at);
        add_column(csv, name, (struct slice){csv->text.at, csv->text.size}, -1);
    }
}

static bool is_kept(const struct column *column) { return strncmp(column->source, "meta.", 5) == 0; }

/* Kept columns that have the title of a field's are called meta.NAME. */
static void part_titles(struct prediction_csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        struct column *kept = &csv->columns[i];
        bool taken = false;
        for (size_t j = 0; j < csv->count && is_kept(kept) && !taken; j++)
            taken = !is_kept(&csv->columns[j]) && strcmp(csv->columns[j].title, kept->title) == 0;
        if (taken) {
            free(kept->title);
            kept->title = memory_string(kept->source);
        }
    }
}

static void usual_columns(struct prediction_csv *csv)
{
    add_column(csv, SLICE("id"), SLICE("id"), -1);
    add_kept(csv);
    if (csv->labelled)
        add_column(csv, SLICE("y"), SLICE("y"), -1);
    add_column(csv, SLICE("pred"), SLICE("pred"), -1);
    add_column(csv, SLICE("score"), SLICE("score"), -1);
    add_prob(csv);
    add_column(csv, SLICE("reason"), SLICE("reason"), -1);
    part_titles(csv);
}

static bool known_source(const char *source)
{
    static const char *const known[] = {"id",   "y",    "w",     "part",   "fold",  "words",
                                        "full", "pred", "score", "logits", "reason"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], source) == 0)
            return true;
    return false;
}

/* Some held record has it, or there is none to ask. */
static bool is_there(struct prediction_csv *csv, const char *source)
{
    struct record record = {0};
    bool found = csv->held.count == 0;
    for (size_t at = 0; !found && lookahead_next(&csv->held, &at, csv->header.y, &record);)
        found = record_value(&record, source).at;
    record_free(&record);
    return found;
}

static void refuse_source(struct prediction_csv *csv, const char *source)
{
    size_t before = csv->count;
    usual_columns(csv);
    struct buffer names = {0};
    for (size_t i = before; i < csv->count; i++)
        buffer_format(&names, i > before ? ", %s" : "%s", csv->columns[i].title);
    command_misuse(
        "--columns: there is no '%s': there are %.*s (tok --keep COLUMN keeps a column of the input)", source,
        (int)names.size, names.at);
}

static void asked_column(struct prediction_csv *csv, const char *asked)
{
    const struct header *header = &csv->header;
    const char *equals = strchr(asked, '=');
    const char *source = equals ? equals + 1 : asked;
    struct slice title = {asked, equals ? (size_t)(equals - asked) : strlen(asked)};
    if (strcmp(source, "prob") == 0) {
        add_prob(csv);
        return;
    }
    for (size_t i = 0; has_prob(header) && i < header->classes.count; i++) {
        if (slice_equal(slice_of(source), printed(&csv->text, "prob_", &header->classes.labels[i]))) {
            add_column(csv, title, SLICE("prob"), (ptrdiff_t)i);
            return;
        }
    }
    if (!known_source(source) && !is_there(csv, source))
        refuse_source(csv, source);
    add_column(csv, title, slice_of(source), -1);
}

/* ---- Rows ---- */

static void put_column(struct prediction_csv *csv, const struct column *column, const struct record *record,
                       struct buffer *out)
{
    const char *source = column->source;
    struct slice none = {0};
    if (column->class < 0)
        csv_value(&csv->csv, record_value(record, strcmp(source, "reason") == 0 ? "bad" : source),
                  strcmp(source, "score") == 0, out);
    else if ((size_t)column->class < csv->prob.count)
        csv_score(&csv->csv, csv->prob.at[column->class], out);
    else
        csv_plain(&csv->csv, none, out);
}

static void put_row(struct prediction_csv *csv, const struct record *record, struct buffer *out)
{
    if (!record_doubles(record, "prob", &csv->prob))
        csv->prob.count = 0;
    for (size_t i = 0; i < csv->count; i++)
        put_column(csv, &csv->columns[i], record, out);
}

/* Titles, then the records that were held back. */
static void decide(struct prediction_csv *csv, struct buffer *out)
{
    csv->decided = true;
    if (csv->asked->count == 0)
        usual_columns(csv);
    for (size_t i = 0; i < csv->asked->count; i++)
        asked_column(csv, csv->asked->at[i]);
    csv_begin(&csv->csv, csv->count, out);
    for (size_t i = 0; i < csv->count; i++)
        csv_text(&csv->csv, slice_of(csv->columns[i].title), out);
    struct record record = {0};
    for (size_t at = 0; lookahead_next(&csv->held, &at, csv->header.y, &record);)
        put_row(csv, &record, out);
    record_free(&record);
    lookahead_free(&csv->held);
}

void prediction_csv_begin(struct prediction_csv *csv, const struct header *header)
{
    if (!csv->header.map)
        csv->header = header_copy(header);
}

void prediction_csv_record(struct prediction_csv *csv, const struct record *record, struct buffer *out)
{
    bool has_label = record->y.type != LABEL_NONE;
    visit_kept(csv, record);
    if (csv->decided) {
        csv->lost += has_label && !csv->labelled;
        put_row(csv, record, out);
        return;
    }
    csv->labelled |= has_label;
    if (lookahead_add(&csv->held, record))
        decide(csv, out);
}

void prediction_csv_end(struct prediction_csv *csv, struct buffer *out)
{
    if (!csv->decided)
        decide(csv, out);
    if (csv->lost > 0 && csv->asked->count == 0)
        warn("%llu values have no column: the first %zu records had none of their kind "
             "(without --csv, the stream keeps all)",
             (unsigned long long)csv->lost, csv->held.count);
    csv_end(&csv->csv);
}

/* ---- The table ---- */

enum { ID_WIDTH = 28, PRED_WIDTH = 12 };

/* Text in a field of `width` columns, and a blank. */
static void put_padded(struct slice text, int width, struct buffer *out)
{
    int columns = width;
    size_t capacity = TERMINAL_ESCAPE * (size_t)width;
    out->size += terminal_fit(buffer_reserve(out, capacity), capacity, text, &columns);
    buffer_format(out, "%*s", width - columns + 1, "");
}

void prediction_table_record(const struct record *record, const struct header *header, bool first,
                             struct buffer *out)
{
    if (first)
        buffer_format(out, "%-*s %-*s %10s  %s\n", ID_WIDTH, "id", PRED_WIDTH, "pred", "score",
                      has_prob(header) ? "probability of pred" : "");
    struct slice reason;
    struct label pred;
    double score = 0;
    put_padded(record->id, ID_WIDTH, out);
    if (!record_label(record, "pred", &pred) || !record_number(record, "score", &score)) {
        buffer_text(out, "-            no score: ");
        if (record_string(record, "bad", &reason))
            put_padded(reason, 60, out);
        buffer_byte(out, '\n');
        return;
    }
    struct buffer text = {0};
    label_print(&text, &pred);
    put_padded((struct slice){text.at, text.size}, PRED_WIDTH, out);
    buffer_format(out, "%10.3f", score);
    struct double_array prob = {0};
    ptrdiff_t class = classes_find(&header->classes, &pred);
    if (record_doubles(record, "prob", &prob) && class >= 0 && (size_t) class < prob.count)
        buffer_format(out, "  %.3f", prob.at[class]);
    buffer_byte(out, '\n');
    free(prob.at);
    buffer_free(&text);
}
