#include "model/prediction_csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/terminal.h"
#include "stream/msgpack.h"
#include "stream/view.h"

struct column {
    char *title, *source; /* owned */
    ptrdiff_t class;      /* of prob; -1: not a probability */
};

struct prediction_csv {
    const struct text_list *asked;
    struct column *columns;
    size_t count, capacity;
    bool decided;
    struct double_array prob;
    struct buffer text;
};

struct prediction_csv *prediction_csv_new(const struct text_list *columns)
{
    struct prediction_csv *csv = memory_zeroed(1, sizeof *csv);
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

static void add_prob(struct prediction_csv *csv, const struct header *header)
{
    for (size_t i = 0; has_prob(header) && i < header->label_count; i++)
        add_column(csv, printed(&csv->text, "prob_", &header->labels[i]), SLICE("prob"), (ptrdiff_t)i);
}

/* Calls add_column for each kept column. */
static void add_meta(struct prediction_csv *csv, const struct record *record)
{
    struct slice meta = record_field(record, "meta");
    struct msgpack_cursor c = {(const uint8_t *)meta.at, (const uint8_t *)meta.at + meta.size};
    struct msgpack_token head, key;
    if (!meta.at || msgpack_next(&c, &head) != MSGPACK_GOOD || head.type != MSGPACK_MAP)
        return;
    for (uint32_t i = 0; i < head.count; i++) {
        if (msgpack_next(&c, &key) != MSGPACK_GOOD || key.type != MSGPACK_STRING ||
            msgpack_skip(&c, 1) != MSGPACK_GOOD)
            return;
        csv->text.size = 0;
        buffer_format(&csv->text, "meta.%.*s", (int)key.bytes.size, key.bytes.at);
        add_column(csv, key.bytes, (struct slice){csv->text.at, csv->text.size}, -1);
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

static void usual_columns(struct prediction_csv *csv, const struct record *record,
                          const struct header *header)
{
    add_column(csv, SLICE("id"), SLICE("id"), -1);
    if (record)
        add_meta(csv, record);
    if (record && record->y.type != LABEL_NONE)
        add_column(csv, SLICE("y"), SLICE("y"), -1);
    add_column(csv, SLICE("pred"), SLICE("pred"), -1);
    add_column(csv, SLICE("score"), SLICE("score"), -1);
    add_prob(csv, header);
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

static void refuse_source(struct prediction_csv *csv, const char *source, const struct record *record,
                          const struct header *header)
{
    size_t before = csv->count;
    usual_columns(csv, record, header);
    struct buffer names = {0};
    for (size_t i = before; i < csv->count; i++)
        buffer_format(&names, i > before ? ", %s" : "%s", csv->columns[i].title);
    command_misuse(
        "--columns: there is no '%s': there are %.*s (tok --keep COLUMN keeps a column of the input)", source,
        (int)names.size, names.at);
}

static void asked_column(struct prediction_csv *csv, const char *asked, const struct record *record,
                         const struct header *header)
{
    const char *equals = strchr(asked, '=');
    const char *source = equals ? equals + 1 : asked;
    struct slice title = {asked, equals ? (size_t)(equals - asked) : strlen(asked)};
    if (strcmp(source, "prob") == 0) {
        add_prob(csv, header);
        return;
    }
    for (size_t i = 0; has_prob(header) && i < header->label_count; i++) {
        if (slice_equal(slice_of(source), printed(&csv->text, "prob_", &header->labels[i]))) {
            add_column(csv, title, SLICE("prob"), (ptrdiff_t)i);
            return;
        }
    }
    csv->text.size = 0;
    if (!known_source(source) && record && !record_text(record, source, &csv->text))
        refuse_source(csv, source, record, header);
    add_column(csv, title, slice_of(source), -1);
}

/* ---- Cells ---- */

static void decide(struct prediction_csv *csv, const struct record *record, const struct header *header,
                   struct buffer *out)
{
    if (csv->asked->count == 0)
        usual_columns(csv, record, header);
    for (size_t i = 0; i < csv->asked->count; i++)
        asked_column(csv, csv->asked->at[i], record, header);
    for (size_t i = 0; i < csv->count; i++) {
        if (i > 0)
            buffer_byte(out, ',');
        csv_cell(out, slice_of(csv->columns[i].title), csv->count == 1);
    }
    buffer_byte(out, '\n');
    csv->decided = true;
}

static void put_logits(const struct record *record, struct double_array *numbers, struct buffer *text)
{
    if (!record_doubles(record, "logits", numbers))
        return;
    for (size_t i = 0; i < numbers->count; i++) {
        if (i > 0)
            buffer_byte(text, ' ');
        buffer_number(text, numbers->at[i]);
    }
}

static void cell_text(struct prediction_csv *csv, const struct column *column, const struct record *record)
{
    csv->text.size = 0;
    if (column->class >= 0) {
        if (record_doubles(record, "prob", &csv->prob) && (size_t)column->class < csv->prob.count)
            buffer_number(&csv->text, csv->prob.at[column->class]);
    } else if (strcmp(column->source, "logits") == 0) {
        put_logits(record, &csv->prob, &csv->text);
    } else {
        record_text(record, strcmp(column->source, "reason") == 0 ? "bad" : column->source, &csv->text);
    }
}

void prediction_csv_record(struct prediction_csv *csv, const struct record *record,
                           const struct header *header, struct buffer *out)
{
    if (!csv->decided)
        decide(csv, record, header, out);
    for (size_t i = 0; i < csv->count; i++) {
        if (i > 0)
            buffer_byte(out, ',');
        cell_text(csv, &csv->columns[i], record);
        csv_cell(out, (struct slice){csv->text.at, csv->text.size}, csv->count == 1);
    }
    buffer_byte(out, '\n');
}

void prediction_csv_end(struct prediction_csv *csv, const struct header *header, struct buffer *out)
{
    if (!csv->decided)
        decide(csv, NULL, header, out);
}

/* ---- The table ---- */

enum { ID_WIDTH = 28, PRED_WIDTH = 12 };

/* Text in a field of `width` columns, cut where it must be, control characters escaped. */
static void put_padded(struct slice text, size_t width, struct buffer *out)
{
    char *to = buffer_reserve(out, width + 1);
    size_t used = terminal_escape(to, width, text.at, text.size);
    memset(to + used, ' ', width + 1 - used);
    out->size += width + 1;
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
    ptrdiff_t class = header_class(header, &pred);
    if (record_doubles(record, "prob", &prob) && class >= 0 && (size_t)class < prob.count)
        buffer_format(out, "  %.3f", prob.at[class]);
    buffer_byte(out, '\n');
    free(prob.at);
    buffer_free(&text);
}
