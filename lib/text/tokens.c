#include "text/tokens.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "base/utf8.h"
#include "text/validate.h"

void token_maker_init(struct token_maker *m, struct rows *rows, const struct columns *columns,
                      const struct labels *labels, struct tokenizer *tokenizer,
                      const struct pseudonym_key *key)
{
    *m = (struct token_maker){
        .rows = rows,
        .columns = columns,
        .labels = labels,
        .tokenizer = tokenizer,
        .settings = tokenizer_settings(tokenizer),
        .special = tokenizer_special(tokenizer),
        .key = key,
        .cache = tokenizer_cache_new(tokenizer),
        .kept = memory_new(columns->keep_count, sizeof *m->kept),
    };
    for (size_t i = 0; i < columns->keep_count; i++)
        m->kept[i].column = slice_of(columns->names[columns->keep[i]]);
}

void token_maker_init_like(struct token_maker *m, const struct token_maker *other)
{
    token_maker_init(m, other->rows, other->columns, other->labels, other->tokenizer, other->key);
}

void token_maker_free(struct token_maker *m)
{
    tokenizer_cache_free(m->cache);
    free(m->counts.doubly_encoded_first);
    free(m->text.at);
    free(m->prompt.at);
    sequence_free(&m->sequence);
    buffer_free(&m->cleaned);
    buffer_free(&m->id);
    free(m->kept);
}

/* ---- One row ---- */

static bool has_column(const struct token_maker *m, enum column_role role)
{
    return m->columns->at[role] >= 0;
}

static struct slice field(const struct token_maker *m, const struct row *row, enum column_role role)
{
    return has_column(m, role) ? row->fields[m->columns->at[role]] : (struct slice){0};
}

static const char *name_of(const struct token_maker *m, enum column_role role)
{
    return m->columns->names[m->columns->at[role]];
}

static bool set_id(struct token_maker *m, struct row *row, struct record *record)
{
    struct slice id = field(m, row, COLUMN_ID);
    if (!has_column(m, COLUMN_ID) || (row->bad && id.size == 0)) {
        m->id.size = 0;
        buffer_format(&m->id, "%s:%" PRIu64, row->file, row->number);
        id = (struct slice){m->id.at, m->id.size};
    } else if (id.size == 0) {
        rows_reject(m->rows, row, BAD_VALUE, "field '%s' is empty: expected an id", name_of(m, COLUMN_ID));
        return false;
    }
    char hashed[PSEUDONYM_DIGITS];
    if (m->key->bytes.size > 0) {
        pseudonym(m->key, id, hashed);
        id = (struct slice){hashed, sizeof hashed};
    }
    record_set_string(record, "id", id);
    return true;
}

static bool set_label(struct token_maker *m, struct row *row, struct record *record)
{
    char why[1200];
    struct label label;
    if (!has_column(m, COLUMN_LABEL)) {
        m->counts.unlabelled++;
        return true;
    }
    switch (labels_parse(m->labels, field(m, row, COLUMN_LABEL), name_of(m, COLUMN_LABEL), &label, why,
                         sizeof why)) {
    case LABEL_FITS:
        record_set_label(record, "y", &label);
        return true;
    case LABEL_MISSING:
        m->counts.unlabelled++;
        return true;
    case LABEL_MISFIT:
        break;
    }
    rows_reject(m->rows, row, BAD_LABEL, "%s", why);
    return false;
}

static bool bad_value(struct token_maker *m, struct row *row, enum column_role role, const char *expected)
{
    struct slice text = utf8_cut(field(m, row, role), 40);
    rows_reject(m->rows, row, BAD_VALUE, "field '%s' is \"%.*s\": expected %s", name_of(m, role),
                (int)text.size, text.at, expected);
    return false;
}

/* Weight, part and fold; an empty field is none. */
static bool set_marks(struct token_maker *m, struct row *row, struct record *record)
{
    struct slice weight = label_trim(field(m, row, COLUMN_WEIGHT));
    struct slice part = label_trim(field(m, row, COLUMN_PART));
    struct slice fold = label_trim(field(m, row, COLUMN_FOLD));
    double number;
    if (weight.size > 0) {
        if (!label_number(weight, &number) || number < 0)
            return bad_value(m, row, COLUMN_WEIGHT, "a weight, a number of at least 0");
        record_set_number(record, "w", number);
    }
    if (part.size > 0)
        record_set_string(record, "part", part);
    if (fold.size > 0) {
        if (!label_number(fold, &number) || number < 0 || number >= 1 << 30 ||
            number != (double)(int64_t)number)
            return bad_value(m, row, COLUMN_FOLD, "a fold, a whole number of at least 0");
        record_set_integer(record, "fold", (int64_t)number);
    }
    return true;
}

static void set_meta(const struct token_maker *m, const struct row *row, struct record *record)
{
    for (size_t i = 0; i < m->columns->keep_count; i++)
        m->kept[i].text = row->fields[m->columns->keep[i]];
    record_set_meta(record, m->kept, m->columns->keep_count);
}

static bool blank(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr(" \t\r\n", text.at[i]))
            return false;
    return true;
}

static void check_doubly_encoded(struct token_maker *m, const struct row *row, struct slice text)
{
    if (!text_doubly_encoded(text))
        return;
    if (m->counts.doubly_encoded++ == 0)
        m->counts.doubly_encoded_first = memory_format("%s:%" PRIu64, file_name(row->file), row->line);
}

/* Ids of a field after its placeholders are dealt with; returns its words. */
static size_t encode(struct token_maker *m, struct slice text, struct int_array *ids)
{
    struct slice cleaned = placeholders_apply(m->settings->placeholders, text, &m->cleaned,
                                              m->counts.placeholders);
    ids->count = 0;
    return tokenizer_encode(m->tokenizer, m->cache, cleaned, ids);
}

/* Sets ids and what goes with them. */
static enum sequence_result set_ids(struct token_maker *m, const struct slice *prompt, struct slice text,
                                    struct record *record)
{
    if (prompt)
        encode(m, *prompt, &m->prompt);
    size_t words = encode(m, text, &m->text);
    struct sequence *s = &m->sequence;
    enum sequence_result result = sequence_make(s, m->settings, &m->special, prompt ? &m->prompt : NULL,
                                                &m->text);
    if (result != SEQUENCE_GOOD)
        return result;
    record_set_ids(record, "ids", s->ids.at, s->ids.count);
    if (s->types.count)
        record_set_ids(record, "types", s->types.at, s->types.count);
    if (s->win.count)
        record_set_ids(record, "win", s->win.at, s->win.count);
    record_set_integer(record, "words", (int64_t)words);
    record_set_integer(record, "full", (int64_t)s->full);
    m->counts.empty += blank(text);
    m->counts.truncated += s->cut > 0;
    m->counts.cut += s->cut;
    m->counts.windowed += s->windows > 1;
    m->counts.tokens += s->full;
    m->counts.records++;
    return result;
}

/* A bad row that is to stay in the stream: what is known of it, and why it has no ids. */
static bool mark(struct token_maker *m, struct row *row, struct record *record)
{
    if (!row->bad)
        return false;
    record_clear(record);
    set_id(m, row, record);
    set_meta(m, row, record);
    record_set_string(record, "bad", slice_of(row->bad));
    return true;
}

static bool has_text(struct token_maker *m, struct row *row)
{
    struct slice text = field(m, row, COLUMN_TEXT);
    bool prompt = !has_column(m, COLUMN_PAIR) || field(m, row, COLUMN_PAIR).at;
    if (!text.at || !prompt) {
        rows_reject(m->rows, row, BAD_TEXT, "no '%s'", name_of(m, text.at ? COLUMN_PAIR : COLUMN_TEXT));
        return false;
    }
    check_doubly_encoded(m, row, text);
    return true;
}

/* Tokens that a text may have: one for each byte, or two, where [MASK] for @DR is no special token. */
static size_t most_tokens(struct slice text) { return 2 * text.size; }

static bool may_refuse(const struct token_maker *m, struct slice text)
{
    return has_column(m, COLUMN_PAIR) || sequence_may_refuse(m->settings, most_tokens(text));
}

/* Sets ids, or rejects the row; false when it is left out. */
static bool make_ids(struct token_maker *m, struct row *row, struct record *record)
{
    struct slice prompt = field(m, row, COLUMN_PAIR);
    const struct sequence *s = &m->sequence;
    switch (set_ids(m, prompt.at ? &prompt : NULL, field(m, row, COLUMN_TEXT), record)) {
    case SEQUENCE_GOOD:
        return true;
    case SEQUENCE_LONG:
        rows_reject(m->rows, row, BAD_TEXT,
                    "field '%s' makes %zu tokens: expected at most %d under --long fail",
                    name_of(m, COLUMN_TEXT), s->full, m->settings->max_length);
        break;
    case SEQUENCE_NOROOM:
        rows_reject(m->rows, row, BAD_TEXT,
                    "field '%s' takes %zu of %d tokens and leaves too few for the text",
                    name_of(m, COLUMN_PAIR), m->prompt.count, m->settings->max_length);
        break;
    case SEQUENCE_MANY:
        rows_reject(
            m->rows, row, BAD_TEXT,
            "field '%s' makes %zu tokens and would take %zu windows of %d: expected at most %zu windows",
            name_of(m, COLUMN_TEXT), s->full, s->needed, m->settings->max_length, s->allowed);
        break;
    }
    return mark(m, row, record);
}

bool token_maker_begin(struct token_maker *m, struct row *row, struct record *record, struct slice *text)
{
    record_clear(record);
    *text = (struct slice){0};
    if (row->bad || !set_id(m, row, record) || !set_label(m, row, record) || !set_marks(m, row, record))
        return mark(m, row, record);
    set_meta(m, row, record);
    if (!has_text(m, row))
        return mark(m, row, record);
    if (may_refuse(m, field(m, row, COLUMN_TEXT)))
        return make_ids(m, row, record);
    *text = field(m, row, COLUMN_TEXT);
    return true;
}

void token_maker_finish(struct token_maker *m, struct slice text, struct record *record)
{
    set_ids(m, NULL, text, record);
}

bool token_maker_make(struct token_maker *m, struct row *row, struct record *record)
{
    struct slice text;
    if (!token_maker_begin(m, row, record, &text))
        return false;
    if (text.at)
        token_maker_finish(m, text, record);
    return true;
}

/* ---- Accounts ---- */

void token_maker_add_counts(struct token_maker *to, const struct token_maker *from)
{
    struct token_counts *c = &to->counts;
    const struct token_counts *more = &from->counts;
    c->records += more->records;
    c->unlabelled += more->unlabelled;
    c->empty += more->empty;
    c->tokens += more->tokens;
    c->truncated += more->truncated;
    c->cut += more->cut;
    c->windowed += more->windowed;
    for (int i = 0; i < PLACEHOLDER_NAMES; i++)
        c->placeholders[i] += more->placeholders[i];
}

static void count(json_t *counts, const char *key, uint64_t value)
{
    if (value)
        json_object_set_new(counts, key, json_integer((json_int_t)value));
}

json_t *token_maker_counts(const struct token_maker *m)
{
    const struct token_counts *c = &m->counts;
    json_t *counts = json_object(), *bad = rows_bad_json(m->rows), *placeholders = json_object();
    count(counts, "rows", rows_count(m->rows));
    count(counts, "skipped", rows_bad(m->rows));
    if (bad)
        json_object_set_new(counts, "bad", bad);
    count(counts, "unlabelled", c->unlabelled);
    count(counts, "empty", c->empty);
    count(counts, "truncated", c->truncated);
    count(counts, "cut", c->cut);
    count(counts, "windowed", c->windowed);
    count(counts, "doubly_encoded", c->doubly_encoded);
    for (int i = 0; i < PLACEHOLDER_NAMES; i++)
        count(placeholders, placeholder_name(i), c->placeholders[i]);
    if (json_object_size(placeholders))
        json_object_set(counts, "placeholders", placeholders);
    json_decref(placeholders);
    return counts;
}

static void describe_placeholders(const struct token_maker *m, struct buffer *line)
{
    static const char *const done[] = {"dropped", "masked", "kept"};
    uint64_t total = 0;
    struct buffer names = {0};
    for (int i = 0; i < PLACEHOLDER_NAMES; i++) {
        if (m->counts.placeholders[i] == 0)
            continue;
        buffer_format(&names, "%s%s %" PRIu64, total ? ", " : "", placeholder_name(i),
                      m->counts.placeholders[i]);
        total += m->counts.placeholders[i];
    }
    if (total)
        buffer_format(line, "; %" PRIu64 " placeholder%s %s (%.*s)", total, total == 1 ? "" : "s",
                      done[m->settings->placeholders], (int)names.size, names.at);
    buffer_free(&names);
}

void token_maker_report(const struct token_maker *m)
{
    const struct token_counts *c = &m->counts;
    struct buffer line = {0};
    buffer_format(&line, "%" PRIu64 " record%s, %" PRIu64 " tokens", c->records, c->records == 1 ? "" : "s",
                  c->tokens);
    if (c->unlabelled && has_column(m, COLUMN_LABEL))
        buffer_format(&line, "; %" PRIu64 " without a label", c->unlabelled);
    if (c->empty)
        buffer_format(&line, "; %" PRIu64 " empty", c->empty);
    if (c->windowed)
        buffer_format(&line, "; %" PRIu64 " in several windows", c->windowed);
    if (c->truncated)
        buffer_format(&line,
                      "; %" PRIu64 " longer than %d tokens and cut (--long %s), %.1f %% of all tokens lost",
                      c->truncated, m->settings->max_length, long_policy_name(m->settings->long_policy),
                      100.0 * (double)c->cut / (double)c->tokens);
    describe_placeholders(m, &line);
    buffer_byte(&line, '\0');
    note("%s", line.at);
    buffer_free(&line);
    if (c->doubly_encoded)
        warn("%s: text looks encoded twice (UTF-8 read as Windows-1252); %" PRIu64 " row%s like it",
             c->doubly_encoded_first, c->doubly_encoded, c->doubly_encoded == 1 ? "" : "s");
}
