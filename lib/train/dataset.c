#include "train/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/random.h"

/* What stands before a packed record that may be held out. */
struct place {
    uint64_t number; /* in the whole input */
    uint32_t segment;
    int32_t label; /* in the label table; of val, where all records have one */
};

enum destination { TO_TRAIN, TO_SLICE, TO_VAL, TO_REST };

struct reading {
    struct dataset *dataset;
    const struct initial_model *initial;
    const struct budget *budget;
    int64_t fold; /* held out; -1: none */
    uint64_t seed;
    struct example_store store;
    struct buffer packed;
    XXH3_state_t *hash;
    struct draw *draws; /* [draw_count] by label number + 1; the first is of all labels without a number */
    size_t draw_count, draw_capacity;
    uint64_t number; /* of records so far */
};

/* The training records of a label, of each ten of which one goes to the slice. */
struct draw {
    uint64_t seen;  /* so far */
    uint64_t drawn; /* which of the current ten */
    uint64_t key;   /* of what is drawn: a hash of the label itself */
};

/* Not the label's number, which depends on held-out records too: they must not touch the slice. */
static uint64_t label_key(const struct label *label, uint64_t seed)
{
    if (label->type == LABEL_STRING)
        return random_hash(label->string.at, label->string.size, seed, RANDOM_SELECT) >> 8;
    return random_hash(&label->number, sizeof label->number, seed, RANDOM_SELECT) >> 8;
}

static struct draw *draw_of(struct reading *r, int32_t number)
{
    size_t i = (size_t)(number + 1);
    memory_grow(&r->draws, &r->draw_capacity, i + 1, sizeof *r->draws);
    while (r->draw_count <= i)
        r->draws[r->draw_count++] = (struct draw){0};
    return &r->draws[i];
}

/* Within every ten training records of a label, one drawn from (seed, label, ten) goes to the slice. */
static bool goes_to_slice(struct reading *r, int32_t number, const struct label *label)
{
    struct draw *draw = draw_of(r, number);
    uint64_t place = draw->seen % SLICE_SHARE;
    if (draw->seen == 0)
        draw->key = number < 0 ? 0 : label_key(label, r->seed);
    if (place == 0)
        draw->drawn = random_below(SLICE_SHARE, r->seed, RANDOM_SELECT, draw->key, draw->seen / SLICE_SHARE);
    draw->seen++;
    return place == draw->drawn;
}

static void count_record(struct dataset *d, const struct record *record, bool in_held_out_fold)
{
    d->with_part += record->part.size > 0;
    d->without_part += record->part.size == 0;
    d->test_part += slice_is(record->part, "test");
    d->with_fold += record->fold >= 0;
    d->in_held_out_fold += in_held_out_fold;
    d->unlabelled += record->y.type == LABEL_NONE;
}

static enum destination destination_of(struct reading *r, const struct record *record, int32_t label)
{
    bool in_held_out_fold = r->fold >= 0 && record->fold == r->fold;
    count_record(r->dataset, record, in_held_out_fold);
    if (record->y.type == LABEL_NONE || in_held_out_fold)
        return TO_REST;
    if (r->fold >= 0 && record->fold < 0)
        die(STATUS_INPUT, "record %s has no fold: expected one, as --fold %lld holds one out (split --folds)",
            record_name(record), (long long)r->fold);
    if (record->part.size && !slice_is(record->part, "train"))
        return slice_is(record->part, "val") ? TO_VAL : TO_REST;
    return goes_to_slice(r, label, &record->y) ? TO_SLICE : TO_TRAIN;
}

static void store_example(struct reading *r, const struct example *example, enum destination to)
{
    struct dataset *d = r->dataset;
    if (!(example->weight >= 0 && isfinite(example->weight)))
        die(STATUS_INPUT, "record %.*s has the weight %g: expected 0 or more", (int)example->id.size,
            example->id.at, example->weight);
    example_pack(example, &r->packed);
    spool_append(to == TO_TRAIN ? d->train : d->slice, r->packed.at, r->packed.size);
    label_sums_add(to == TO_TRAIN ? &d->train_sums : &d->slice_sums, example->label, example->value,
                   example->weight);
    d->tokens += example->input.tokens;
}

static void store_record(struct reading *r, const struct record *record, int32_t label, enum destination to)
{
    struct place place = {r->number, (uint32_t)(r->dataset->segments - 1), label};
    buffer_append(&r->packed, &place, sizeof place);
    record_pack(record, &r->packed);
    spool_append(to == TO_VAL ? r->dataset->val : r->dataset->rest, r->packed.at, r->packed.size);
}

/* Shares what memory there is for examples.  Held-out records are read once and in order: little of it is
 * enough for them.  The slice has its share of the rest. */
static void limit_spools(const struct reading *r)
{
    const struct dataset *d = r->dataset;
    uint64_t memory = budget_examples(r->budget, r->initial, &d->extent);
    uint64_t little = memory / 64, examples = memory - 2 * little;
    spool_limit(d->val, little);
    spool_limit(d->rest, little);
    spool_limit(d->slice, examples / SLICE_SHARE);
    spool_limit(d->train, examples - examples / SLICE_SHARE);
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Of tokens the longest text counts, of vectors their number. */
static void extend(struct reading *r, const struct example *example, enum destination to)
{
    const struct network_input *input = &example->input;
    struct extent *extent = &r->dataset->extent;
    bool longer = input->tokens > extent->tokens || input->window_count > extent->windows;
    extent->records += to != TO_VAL;
    extent->tokens = larger(extent->tokens, input->tokens);
    extent->windows = larger(extent->windows, input->window_count);
    extent->labels = larger(extent->labels, r->dataset->classes.count);
    if (longer || r->dataset->vectors)
        limit_spools(r);
}

static void check_payload(const struct reading *r, const struct example *example, const struct record *record)
{
    if (!r->dataset->vectors)
        input_check(&example->input, &r->initial->shape, record_name(record));
    else if (example->width != r->initial->width)
        die(STATUS_BROKEN, "record %s has a vector of %zu numbers: expected %zu, the header's 'dim'",
            record_name(record), example->width, r->initial->width);
}

/* Records without a label are held out whatever they hold: rows that could not be read have no payload. */
static void take_record(struct reading *r, const struct record *record)
{
    struct example example = {.label = -1};
    if (record->y.type != LABEL_NONE) {
        example_read(record, r->dataset->vectors, &r->store, &example);
        check_payload(r, &example, record);
        example.label = (int32_t)classes_meet(&r->dataset->classes, &record->y);
    }
    enum destination to = destination_of(r, record, example.label);
    r->packed.size = 0;
    if (to != TO_REST)
        extend(r, &example, to);
    if (to == TO_TRAIN || to == TO_SLICE)
        store_example(r, &example, to);
    else
        store_record(r, record, example.label, to);
    XXH3_64bits_update(r->hash, r->packed.at, r->packed.size);
    r->number++;
}

/* The next segment's header; false at the end of the input. */
static bool next_segment(struct dataset *d)
{
    struct header header;
    if (!stream_next(d->reader, &header, KIND_TOKENS | KIND_VECTORS))
        return false;
    memory_grow(&d->headers, &d->segment_capacity, d->segments + 1, sizeof *d->headers);
    d->headers[d->segments++] = header;
    return true;
}

static void read_segments(struct reading *r)
{
    struct dataset *d = r->dataset;
    do {
        initial_model_check(r->initial, &d->headers[d->segments - 1]);
        for (struct record *record; stream_read(d->reader, &record);)
            take_record(r, record);
    } while (next_segment(d));
    stream_finish(d->reader, NULL);
    d->reader = NULL;
}

uint64_t dataset_trainable(const struct dataset *d) { return spool_count(d->train) + spool_count(d->slice); }

struct label_sums dataset_label_sums(const struct dataset *d)
{
    struct label_sums sums = {0};
    label_sums_join(&sums, &d->train_sums);
    label_sums_join(&sums, &d->slice_sums);
    return sums;
}

/* Whether every training record has the same label. */
static bool one_label(const struct dataset *d)
{
    struct label_sums sums = dataset_label_sums(d);
    size_t labels = 0;
    for (size_t i = 0; i < sums.label_count; i++)
        labels += sums.labels[i].count > 0;
    label_sums_free(&sums);
    return labels == 1 && !d->classes.measure;
}

static void check_reading(const struct reading *r, int64_t expected)
{
    const struct dataset *d = r->dataset;
    if (expected >= 0 && r->number != (uint64_t)expected)
        die(STATUS_BROKEN, "%llu records came: --records expects %lld", (unsigned long long)r->number,
            (long long)expected);
    if (d->with_part && d->without_part)
        die(STATUS_INPUT,
            "%llu of %llu records have no part, the others have one: split --replace gives every "
            "record a part",
            (unsigned long long)d->without_part, (unsigned long long)r->number);
    if (r->fold >= 0 && d->in_held_out_fold == 0)
        die(STATUS_INPUT, "no record is in fold %lld, which --fold holds out", (long long)r->fold);
    if (dataset_trainable(d) == 0)
        die(STATUS_INPUT,
            "nothing to train on: of %llu records %llu have no label and %llu belong to other parts or "
            "the held-out fold",
            (unsigned long long)r->number, (unsigned long long)d->unlabelled,
            (unsigned long long)(r->number - d->unlabelled));
    if (one_label(d))
        die(STATUS_INPUT,
            "all %llu records to train on have the same label: nothing can be learned from them",
            (unsigned long long)dataset_trainable(d));
}

/* Ordered strings must be complete: a label that they lack has no place among them. */
static void settle_classes(struct classes *classes)
{
    classes_settle(classes);
    const struct classes *declared = classes->declared;
    if (classes->type != LABEL_STRING || !declared->ordered || classes->count == declared->count)
        return;
    struct slice stray = classes->labels[declared->count].string;
    die(STATUS_INPUT,
        "the label \"%.*s\" is not among the %zu classes that the stream's header orders "
        "(tok --classes declares them)",
        (int)stray.size, stray.at, declared->count);
}

struct dataset *dataset_open(char *const *paths, size_t path_count)
{
    struct dataset *d = memory_zeroed(1, sizeof *d);
    d->reader = stream_open(paths, path_count);
    next_segment(d); /* an input without any is an error */
    d->vectors = d->headers[0].kind == KIND_VECTORS;
    classes_declare(&d->classes, &d->headers[0].classes);
    d->extent.labels = d->headers[0].classes.count; /* met or not */
    d->val = spool_new(0, "records of val");
    d->rest = spool_new(0, "held-out records");
    d->slice = spool_new(0, "selection examples");
    d->train = spool_new(0, "training examples");
    return d;
}

void dataset_read(struct dataset *d, const struct initial_model *initial, const struct budget *budget,
                  int64_t expected)
{
    struct reading r = {.dataset = d,
                        .initial = initial,
                        .budget = budget,
                        .fold = initial->config->fold,
                        .seed = (uint64_t)initial->config->seed,
                        .hash = XXH3_createState()};
    if (!r.hash)
        die(STATUS_SYSTEM, "out of memory");
    XXH3_64bits_reset(r.hash);
    limit_spools(&r);
    read_segments(&r);
    check_reading(&r, expected);
    d->extent.whole = true;
    limit_spools(&r);
    struct spool *const spools[] = {d->train, d->slice, d->val, d->rest};
    for (size_t i = 0; i < 4; i++)
        spool_seal(spools[i]);
    settle_classes(&d->classes);
    d->hash = XXH3_64bits_digest(r.hash);
    XXH3_freeState(r.hash);
    example_store_free(&r.store);
    buffer_free(&r.packed);
    free(r.draws);
}

void dataset_free(struct dataset *dataset)
{
    if (!dataset)
        return;
    spool_free(dataset->train);
    spool_free(dataset->slice);
    spool_free(dataset->val);
    spool_free(dataset->rest);
    classes_free(&dataset->classes);
    label_sums_free(&dataset->train_sums);
    label_sums_free(&dataset->slice_sums);
    for (size_t i = 0; i < dataset->segments; i++)
        header_free(&dataset->headers[i]);
    free(dataset->headers);
    free(dataset);
}

bool dataset_val_selects(const struct dataset *dataset)
{
    return dataset->test_part > 0 && spool_count(dataset->val) > 0;
}

/* ---- Sources ---- */

struct source training_source(const struct fit_config *config, const struct dataset *dataset)
{
    return (struct source){dataset, config->select == SELECT_SLICE ? SOURCE_TRAIN : SOURCE_TRAIN_AND_SLICE};
}

bool selection_source(const struct fit_config *config, const struct dataset *dataset, struct source *source)
{
    *source = (struct source){dataset, config->select == SELECT_VAL ? SOURCE_VAL : SOURCE_SLICE};
    return config->select != SELECT_NONE && source_count(source) > 0;
}

uint64_t source_count(const struct source *source)
{
    const struct dataset *d = source->dataset;
    switch (source->kind) {
    case SOURCE_TRAIN:
        return spool_count(d->train);
    case SOURCE_TRAIN_AND_SLICE:
        return dataset_trainable(d);
    case SOURCE_SLICE:
        return spool_count(d->slice);
    case SOURCE_VAL:
        return spool_count(d->val);
    }
    return 0;
}

/* An entry of val or rest, taken apart. */
static struct slice stored_record(struct slice entry, struct place *place)
{
    memcpy(place, entry.at, sizeof *place);
    return (struct slice){entry.at + sizeof *place, entry.size - sizeof *place};
}

/* From a whole record, for it may be held out. */
static void val_get(const struct dataset *d, uint64_t index, struct example_store *store, struct example *out)
{
    struct place place;
    struct record record = {0};
    struct slice bytes = stored_record(spool_get(d->val, index, &store->bytes), &place);
    record_unpack(&record, bytes, d->classes.type);
    example_read(&record, d->vectors, store, out);
    out->label = place.label;
    record_free(&record);
}

void source_get(const struct source *source, uint64_t index, struct example_store *store, struct example *out)
{
    const struct dataset *d = source->dataset;
    if (source->kind == SOURCE_VAL) {
        val_get(d, index, store, out);
        return;
    }
    const struct spool *spool = source->kind == SOURCE_SLICE ? d->slice : d->train;
    if (source->kind == SOURCE_TRAIN_AND_SLICE && index >= spool_count(d->train)) {
        spool = d->slice;
        index -= spool_count(d->train);
    }
    example_unpack(spool_get(spool, index, &store->bytes), store, out);
}

/* ---- The held-out records ---- */

static bool val_held_out(const struct fit_config *config, const struct dataset *dataset)
{
    return config->select != SELECT_VAL || !dataset_val_selects(dataset);
}

uint64_t held_out_count(const struct fit_config *config, const struct dataset *dataset)
{
    return spool_count(dataset->rest) + (val_held_out(config, dataset) ? spool_count(dataset->val) : 0);
}

struct held_out {
    struct run { /* one of the two spools, and its next record */
        const struct spool *spool;
        uint64_t next, count;
        bool loaded;
        struct buffer bytes;
        struct place place;
        struct slice packed;
    } rest, val;
    enum label_type y;
    struct record record;
};

struct held_out *held_out_open(const struct fit_config *config, const struct dataset *dataset)
{
    struct held_out *h = memory_zeroed(1, sizeof *h);
    h->y = dataset->classes.type;
    h->rest = (struct run){.spool = dataset->rest, .count = spool_count(dataset->rest)};
    h->val = (struct run){.spool = dataset->val,
                          .count = val_held_out(config, dataset) ? spool_count(dataset->val) : 0};
    return h;
}

/* Whether there is a next record; it is loaded then. */
static bool run_load(struct run *run)
{
    if (run->next < run->count && !run->loaded) {
        run->packed = stored_record(spool_get(run->spool, run->next, &run->bytes), &run->place);
        run->loaded = true;
    }
    return run->next < run->count;
}

struct record *held_out_read(struct held_out *h, size_t segment)
{
    bool rest = run_load(&h->rest), val = run_load(&h->val);
    if (!rest && !val)
        return NULL;
    struct run *run = !val || (rest && h->rest.place.number < h->val.place.number) ? &h->rest : &h->val;
    if (run->place.segment != segment)
        return NULL;
    record_unpack(&h->record, run->packed, h->y);
    run->next++;
    run->loaded = false;
    return &h->record;
}

void held_out_close(struct held_out *h)
{
    record_free(&h->record);
    buffer_free(&h->rest.bytes);
    buffer_free(&h->val.bytes);
    free(h);
}
