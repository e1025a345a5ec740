#include "corpus/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double tally_quantiles[TALLY_QUANTILES] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};

struct tally *tally_new(bool find_duplicates)
{
    struct tally *t = memory_zeroed(1, sizeof *t);
    t->find_duplicates = find_duplicates;
    t->counts_unknown = true;
    return t;
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    classes_free(&t->labels);
    interner_free(&t->parts);
    lengths_free(&t->words);
    lengths_free(&t->tokens);
    duplicates_free(&t->duplicates);
    buffer_free(&t->text);
    free(t->counts);
    free(t->policy);
    free(t->ids.at);
    free(t);
}

void tally_segment(struct tally *t, const struct header *header, int32_t unk)
{
    t->kind = header->kind;
    classes_declare(&t->labels, &header->classes);
    const json_t *settings = json_object_get(header->map, "tokenizer");
    const char *policy = json_string_value(json_object_get(settings, "long"));
    t->positions = json_integer_value(json_object_get(settings, "max_length"));
    if (policy && !t->policy)
        t->policy = memory_string(policy);
    t->unk = unk;
    t->counts_unknown = t->counts_unknown && unk >= 0;
}

static size_t part_number(struct tally *t, const struct record *record)
{
    struct slice name = record->part;
    t->text.size = 0;
    if (name.size == 0 && record->fold >= 0) {
        buffer_format(&t->text, "fold %lld", (long long)record->fold);
        name = (struct slice){t->text.at, t->text.size};
    }
    size_t part = interner_add(&t->parts, name, NULL);
    return part < TALLY_PARTS ? part : TALLY_PARTS - 1;
}

/* A label's counts [TALLY_PARTS]. */
static uint64_t *row_of(const struct tally *t, size_t number) { return t->counts + number * TALLY_PARTS; }

/* The label's number, -1 without one or where labels are a measure. */
static ptrdiff_t add_label(struct tally *t, const struct record *record, size_t part)
{
    const struct label *y = &record->y;
    if (y->type == LABEL_NONE) {
        t->unlabelled[part]++;
        return -1;
    }
    if (y->type != LABEL_STRING) {
        t->least = t->values.n == 0 || y->number < t->least ? y->number : t->least;
        t->most = t->values.n == 0 || y->number > t->most ? y->number : t->most;
        moments_add(&t->values, y->number, y->number);
    }
    ptrdiff_t number = classes_meet(&t->labels, y);
    if (number < 0)
        return -1;
    if ((size_t)number == t->label_rows) {
        memory_grow(&t->counts, &t->counts_capacity, (t->label_rows + 1) * TALLY_PARTS, sizeof *t->counts);
        memset(row_of(t, t->label_rows++), 0, TALLY_PARTS * sizeof *t->counts);
    }
    row_of(t, (size_t)number)[part]++;
    return number;
}

static void add_tokens(struct tally *t, const struct record *record)
{
    int64_t words, full = (int64_t)t->ids.count;
    bool windows = record_field(record, "win").at != NULL;
    if (record_integer(record, "words", &words) && words >= 0)
        lengths_add(&t->words, (uint64_t)words);
    if (!record_integer(record, "full", &full) || full < 0)
        full = (int64_t)t->ids.count;
    lengths_add(&t->tokens, (uint64_t)full);
    t->kept += t->ids.count;
    t->over += t->positions > 0 && full > t->positions;
    t->cut += !windows && (uint64_t)full > t->ids.count ? (uint64_t)full - t->ids.count : 0;
    t->empty += full <= 2;
    for (size_t i = 0; t->unk >= 0 && i < t->ids.count; i++)
        t->unknown += t->ids.at[i] == t->unk;
}

/* Two texts are the same when all that the model reads is. */
static void add_payload(struct tally *t, const struct record *record, size_t part, ptrdiff_t label)
{
    struct slice ids = record_field(record, t->kind == KIND_TOKENS ? "ids" : "vec");
    struct slice types = record_field(record, "types");
    if (!ids.at) {
        t->without_payload++;
        return;
    }
    if (!t->find_duplicates)
        return;
    uint64_t seed = types.at ? payload_hash(types.at, types.size, 1).low : 0;
    duplicates_add(&t->duplicates, payload_hash(ids.at, ids.size, seed), part, label);
}

void tally_add(struct tally *t, const struct record *record)
{
    size_t part = part_number(t, record);
    t->n++;
    t->totals[part]++;
    ptrdiff_t label = add_label(t, record, part);
    bool is_empty = false;
    if (t->kind == KIND_TOKENS && record_ids(record, "ids", &t->ids)) {
        add_tokens(t, record);
        is_empty = t->ids.count <= 2;
    }
    if (t->kind != KIND_PREDICTIONS && !is_empty)
        add_payload(t, record, part, label);
}

void tally_settle(struct tally *t)
{
    classes_settle(&t->labels);
    uint64_t *counts = memory_zeroed(t->labels.count * TALLY_PARTS, sizeof *counts);
    for (size_t number = 0; number < t->label_rows && !t->labels.measure; number++)
        memcpy(counts + t->labels.places[number] * TALLY_PARTS, row_of(t, number),
               TALLY_PARTS * sizeof *counts);
    free(t->counts);
    t->counts = counts;
}

size_t tally_parts(const struct tally *t)
{
    return t->parts.count < TALLY_PARTS ? t->parts.count : TALLY_PARTS;
}

struct slice tally_part(const struct tally *t, size_t part)
{
    return part == TALLY_PARTS - 1 && t->parts.count > TALLY_PARTS ? SLICE("others") : t->parts.at[part];
}

uint64_t tally_count(const struct tally *t, size_t class, size_t part) { return row_of(t, class)[part]; }

uint64_t tally_class_total(const struct tally *t, size_t class)
{
    uint64_t sum = 0;
    for (size_t p = 0; p < tally_parts(t); p++)
        sum += tally_count(t, class, p);
    return sum;
}

uint64_t tally_unlabelled(const struct tally *t)
{
    uint64_t sum = 0;
    for (size_t p = 0; p < tally_parts(t); p++)
        sum += t->unlabelled[p];
    return sum;
}

double tally_majority(const struct tally *t, ptrdiff_t part, size_t *class)
{
    uint64_t largest = 0, labelled = 0;
    for (size_t c = 0; c < t->labels.count; c++) {
        uint64_t count = part < 0 ? tally_class_total(t, c) : tally_count(t, c, (size_t)part);
        labelled += count;
        if (count > largest) {
            largest = count;
            *class = c;
        }
    }
    return labelled ? (double)largest / (double)labelled : NAN;
}

uint64_t tally_bin_width(const struct tally *t)
{
    uint64_t words = lengths_quantile(&t->words, 0.999), tokens = lengths_quantile(&t->tokens, 0.999);
    uint64_t longest = words > tokens ? words : tokens;
    for (uint64_t power = 1;; power *= 10)
        for (uint64_t step = 1; step <= 5; step += step == 1 ? 1 : 3)
            if (longest / (step * power) < TALLY_BINS)
                return step * power;
}
