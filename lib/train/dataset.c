#include "train/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/random.h"

/* What stands before a packed record that may pass on. */
struct kept {
    uint64_t number; /* in the whole input */
    uint32_t segment;
    int32_t label; /* in the label table; of val, where all records have one */
};

enum destination { TO_TRAIN, TO_SLICE, TO_VAL, TO_REST };

struct reading {
    struct dataset *dataset;
    const struct dataset_request *request;
    struct example_store store;
    struct buffer packed;
    XXH3_state_t *hash;
    struct draw *draws; /* [draw_count] by label number + 1; the first is of all labels without a number */
    size_t draw_count, draw_capacity;
    uint64_t number;
};

/* The training records of a label, of each ten of which one goes to the slice. */
struct draw {
    uint64_t met;    /* so far */
    uint64_t chosen; /* which of the current ten */
    uint64_t key;    /* of what is drawn: a hash of the label itself */
};

/* Not the label's number, which depends on the records that pass on as well: they must not touch the choice.
 */
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
    uint64_t seed = r->request->seed, place = draw->met % SLICE_SHARE;
    if (draw->met == 0)
        draw->key = number < 0 ? 0 : label_key(label, seed);
    if (place == 0)
        draw->chosen = random_below(SLICE_SHARE, seed, RANDOM_SELECT, draw->key, draw->met / SLICE_SHARE);
    draw->met++;
    return place == draw->chosen;
}

static enum destination sort_record(struct reading *r, const struct record *record, int32_t label)
{
    struct dataset *in = r->dataset;
    in->with_part += record->part.size > 0;
    in->without_part += record->part.size == 0;
    in->folds_seen += record->fold >= 0;
    bool held = r->request->fold >= 0 && record->fold == r->request->fold;
    in->held_fold += held;
    if (slice_is(record->part, "test"))
        in->test++;
    if (record->y.type == LABEL_NONE) {
        in->unlabelled++;
        return TO_REST;
    }
    if (held)
        return TO_REST;
    if (r->request->fold >= 0 && record->fold < 0)
        die(STATUS_INPUT, "record %s has no fold: expected one, as --fold %lld holds one out (split --folds)",
            record_name(record), (long long)r->request->fold);
    if (record->part.size && !slice_is(record->part, "train"))
        return slice_is(record->part, "val") ? TO_VAL : TO_REST;
    return goes_to_slice(r, label, &record->y) ? TO_SLICE : TO_TRAIN;
}

static void keep_example(struct reading *r, const struct example *example, enum destination to)
{
    struct dataset *in = r->dataset;
    if (!(example->weight >= 0 && isfinite(example->weight)))
        die(STATUS_INPUT, "record %.*s has the weight %g: expected 0 or more", (int)example->id.size,
            example->id.at, example->weight);
    example_pack(example, &r->packed);
    spool_append(to == TO_TRAIN ? in->train : in->slice, r->packed.at, r->packed.size);
    label_sums_add(to == TO_TRAIN ? &in->train_sums : &in->slice_sums, example->label, example->value,
                   example->weight);
    in->tokens += example->input.tokens;
}

/* The records that pass on are read once and in order: a small part of the memory is enough for them.  The
 * slice has its share of the examples. */
static void share_room(struct dataset *in, uint64_t room)
{
    uint64_t few = room / 64, examples = room - 2 * few;
    spool_limit(in->val, few);
    spool_limit(in->rest, few);
    spool_limit(in->slice, examples / SLICE_SHARE);
    spool_limit(in->train, examples - examples / SLICE_SHARE);
}

/* Of tokens the longest text counts, of vectors their number. */
static void extend(struct reading *r, const struct example *example, enum destination to)
{
    struct dataset *in = r->dataset;
    const struct network_input *e = &example->input;
    struct extent *extent = &in->extent;
    bool longer = e->tokens > extent->tokens || e->window_count > extent->windows;
    extent->records += to != TO_VAL;
    extent->tokens = e->tokens > extent->tokens ? e->tokens : extent->tokens;
    extent->windows = e->window_count > extent->windows ? e->window_count : extent->windows;
    extent->labels = in->classes.count > extent->labels ? in->classes.count : extent->labels;
    if (longer || in->vectors)
        share_room(in, r->request->room(r->request->context, extent));
}

static void keep_record(struct reading *r, const struct record *record, int32_t label, enum destination to)
{
    struct kept kept = {r->number, (uint32_t)(r->dataset->segments - 1), label};
    buffer_append(&r->packed, &kept, sizeof kept);
    record_pack(record, &r->packed);
    spool_append(to == TO_VAL ? r->dataset->val : r->dataset->rest, r->packed.at, r->packed.size);
}

static void check_payload(const struct reading *r, const struct example *example, const struct record *record)
{
    if (!r->dataset->vectors)
        input_check(&example->input, r->request->shape, record_name(record));
    else if (example->width != *r->request->width)
        die(STATUS_BROKEN, "record %s has a vector of %zu numbers: expected %zu, the header's 'dim'",
            record_name(record), example->width, *r->request->width);
}

/* Records without a label pass on whatever they hold: rows that could not be read have no payload. */
static void take_record(struct reading *r, const struct record *record)
{
    struct example example = {.label = -1};
    if (record->y.type != LABEL_NONE) {
        example_read(record, r->dataset->vectors, &r->store, &example);
        check_payload(r, &example, record);
        example.label = (int32_t)classes_meet(&r->dataset->classes, &record->y);
    }
    enum destination to = sort_record(r, record, example.label);
    r->packed.size = 0;
    if (to != TO_REST)
        extend(r, &example, to);
    if (to == TO_TRAIN || to == TO_SLICE)
        keep_example(r, &example, to);
    else
        keep_record(r, record, example.label, to);
    XXH3_64bits_update(r->hash, r->packed.at, r->packed.size);
    r->number++;
}

static void open_spools(struct dataset *in, uint64_t room)
{
    in->val = spool_new(0, "records of val");
    in->rest = spool_new(0, "records that pass on");
    in->slice = spool_new(0, "examples that choose");
    in->train = spool_new(0, "training examples");
    share_room(in, room);
}

static void open_segment(struct reading *r, const struct header *header)
{
    struct dataset *in = r->dataset;
    r->request->check_header(r->request->context, header);
    in->vectors = header->kind == KIND_VECTORS;
    if (in->segments == 0) {
        classes_declare(&in->classes, &header->classes);
        in->extent.labels = header->classes.count; /* met or not */
        open_spools(in, r->request->room(r->request->context, &in->extent));
    }
    memory_grow(&in->headers, &in->capacity, in->segments + 1, sizeof *in->headers);
    in->headers[in->segments++] = *header;
}

static void read_segments(struct reading *r)
{
    struct stream_reader *reader = stream_open(r->request->paths, r->request->path_count);
    struct header header;
    while (stream_next(reader, &header, KIND_TOKENS | KIND_VECTORS)) {
        open_segment(r, &header);
        for (struct record *record; stream_read(reader, &record);)
            take_record(r, record);
    }
    stream_finish(reader, NULL);
}

uint64_t dataset_learnable(const struct dataset *in)
{
    return spool_count(in->train) + spool_count(in->slice);
}

struct label_sums dataset_sums(const struct dataset *in)
{
    struct label_sums sums = {0};
    label_sums_join(&sums, &in->train_sums);
    label_sums_join(&sums, &in->slice_sums);
    return sums;
}

/* Whether every training record has the same label. */
static bool one_label(const struct dataset *in)
{
    struct label_sums sums = dataset_sums(in);
    size_t labels = 0;
    for (size_t i = 0; i < sums.label_count; i++)
        labels += sums.labels[i].count > 0;
    label_sums_free(&sums);
    return labels == 1 && !in->classes.measure;
}

static void check_reading(const struct reading *r)
{
    const struct dataset *in = r->dataset;
    const struct dataset_request *q = r->request;
    if (q->records >= 0 && r->number != (uint64_t)q->records)
        die(STATUS_BROKEN, "%llu records came: --records expects %llu", (unsigned long long)r->number,
            (unsigned long long)q->records);
    if (in->with_part && in->without_part)
        die(STATUS_INPUT,
            "%llu of %llu records have no part, the others have one: split --replace gives every "
            "record a part",
            (unsigned long long)in->without_part, (unsigned long long)r->number);
    if (q->fold >= 0 && in->held_fold == 0)
        die(STATUS_INPUT, "no record is in fold %lld, which --fold holds out", (long long)q->fold);
    if (dataset_learnable(in) == 0)
        die(STATUS_INPUT,
            "nothing to train on: of %llu records %llu have no label and %llu belong to other parts or "
            "the held-out fold",
            (unsigned long long)r->number, (unsigned long long)in->unlabelled,
            (unsigned long long)(r->number - in->unlabelled));
    if (one_label(in))
        die(STATUS_INPUT,
            "all %llu records to train on have the same label: nothing can be learned from them",
            (unsigned long long)dataset_learnable(in));
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

struct dataset *dataset_read(const struct dataset_request *request)
{
    struct dataset *in = memory_zeroed(1, sizeof *in);
    struct reading r = {.dataset = in, .request = request, .hash = XXH3_createState()};
    if (!r.hash)
        die(STATUS_SYSTEM, "out of memory");
    XXH3_64bits_reset_withSeed(r.hash, 0);
    read_segments(&r);
    check_reading(&r);
    in->extent.whole = true;
    share_room(in, request->room(request->context, &in->extent));
    struct spool *const spools[] = {in->train, in->slice, in->val, in->rest};
    for (size_t i = 0; i < 4; i++)
        spool_seal(spools[i]);
    settle_classes(&in->classes);
    in->hash = XXH3_64bits_digest(r.hash);
    XXH3_freeState(r.hash);
    example_store_free(&r.store);
    buffer_free(&r.packed);
    free(r.draws);
    return in;
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

bool dataset_val_chooses(const struct dataset *dataset)
{
    return dataset->test > 0 && spool_count(dataset->val) > 0;
}

uint64_t source_count(const struct source *source)
{
    const struct dataset *in = source->dataset;
    switch (source->kind) {
    case SOURCE_TRAIN:
        return spool_count(in->train);
    case SOURCE_TRAIN_AND_SLICE:
        return dataset_learnable(in);
    case SOURCE_SLICE:
        return spool_count(in->slice);
    case SOURCE_VAL:
        return spool_count(in->val);
    }
    return 0;
}

static struct slice kept_record(struct slice entry, struct kept *kept)
{
    memcpy(kept, entry.at, sizeof *kept);
    return (struct slice){entry.at + sizeof *kept, entry.size - sizeof *kept};
}

/* From a whole record, as it may pass on. */
static void val_get(const struct dataset *in, uint64_t index, struct example_store *store,
                    struct example *out)
{
    struct kept kept;
    struct record record = {0};
    struct slice bytes = kept_record(spool_get(in->val, index, &store->bytes), &kept);
    record_unpack(&record, bytes, in->classes.type);
    example_read(&record, in->vectors, store, out);
    out->label = kept.label;
    record_free(&record);
}

void source_get(const struct source *source, uint64_t index, struct example_store *store, struct example *out)
{
    const struct dataset *in = source->dataset;
    if (source->kind == SOURCE_VAL) {
        val_get(in, index, store, out);
        return;
    }
    const struct spool *spool = source->kind == SOURCE_SLICE ? in->slice : in->train;
    if (source->kind == SOURCE_TRAIN_AND_SLICE && index >= spool_count(in->train)) {
        spool = in->slice;
        index -= spool_count(in->train);
    }
    example_unpack(spool_get(spool, index, &store->bytes), store, out);
}

/* A place in one of the spools that pass on. */
struct place {
    const struct spool *spool;
    uint64_t next, count;
    struct buffer bytes;
    struct kept kept;
    struct slice record;
};

static void place_load(struct place *p)
{
    if (p->next < p->count)
        p->record = kept_record(spool_get(p->spool, p->next, &p->bytes), &p->kept);
}

void dataset_pass_on(struct dataset *in, bool val, void (*write)(void *, size_t, const struct record *),
                     void *context)
{
    struct place places[2] = {{.spool = in->rest, .count = spool_count(in->rest)},
                              {.spool = in->val, .count = val ? spool_count(in->val) : 0}};
    struct record record = {0};
    place_load(&places[0]);
    place_load(&places[1]);
    while (places[0].next < places[0].count || places[1].next < places[1].count) {
        bool first = places[1].next == places[1].count ||
                     (places[0].next < places[0].count && places[0].kept.number < places[1].kept.number);
        struct place *p = &places[first ? 0 : 1];
        record_unpack(&record, p->record, in->classes.type);
        write(context, p->kept.segment, &record);
        p->next++;
        place_load(p);
    }
    record_free(&record);
    buffer_free(&places[0].bytes);
    buffer_free(&places[1].bytes);
}
