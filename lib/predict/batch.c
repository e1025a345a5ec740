#include "predict/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    RECORDS_PER_WORKER = 64,
    HELD_BYTES = 16 << 20,
    HELD_RESULTS = 4 << 20, /* floats */
};

/* One held record; offsets are into the batch's growing arrays. */
struct held {
    size_t bytes_at, bytes; /* the record, packed */
    size_t ids_at, types_at, windows_at, vector_at;
    size_t tokens, window_count; /* window_count 0: one window */
    bool has_types, computed;
    size_t result_at, results; /* in floats */
    double cost;
};

struct batch {
    const struct model *model;
    enum batch_work work;
    struct pool *pool;
    struct workspace **workspaces; /* [threads] */
    struct network_packed *packed; /* NULL for vectors */
    enum label_type y;
    struct held *held;
    size_t count, limit;
    size_t *order; /* longest first */
    struct buffer bytes;
    struct int_array ids, types, windows, one; /* of all held records; `one` of the record at hand */
    struct float_array vectors, vector, results;
    size_t result_count;
    bool ready; /* computed: records may be taken */
    size_t taken;
    struct record record;
};

struct batch *batch_new(const struct model *model, enum batch_work work, struct pool *pool)
{
    struct batch *b = memory_zeroed(1, sizeof *b);
    b->model = model;
    b->work = work;
    b->pool = pool;
    size_t threads = (size_t)pool_threads(pool);
    if (work != BATCH_HEAD) {
        b->packed = network_packed_new(model->layout, false);
        network_packed_update(b->packed, model->params, pool);
    }
    b->workspaces = memory_zeroed(threads, sizeof *b->workspaces);
    for (size_t i = 0; i < threads; i++) {
        b->workspaces[i] = workspace_new(model->layout);
        workspace_use_packed(b->workspaces[i], b->packed);
    }
    b->limit = threads * RECORDS_PER_WORKER;
    b->held = memory_zeroed(b->limit, sizeof *b->held);
    b->order = memory_zeroed(b->limit, sizeof *b->order);
    return b;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    for (int i = 0; i < pool_threads(b->pool); i++)
        workspace_free(b->workspaces[i]);
    network_packed_free(b->packed);
    free(b->workspaces);
    free(b->held);
    free(b->order);
    free(b->ids.at);
    free(b->types.at);
    free(b->windows.at);
    free(b->one.at);
    free(b->vectors.at);
    free(b->vector.at);
    free(b->results.at);
    buffer_free(&b->bytes);
    record_free(&b->record);
    free(b);
}

void batch_begin(struct batch *b, enum label_type y) { b->y = y; }

/* ---- Holding ---- */

static void append_ids(struct int_array *to, const struct int_array *from)
{
    memory_grow(&to->at, &to->capacity, to->count + from->count, sizeof *to->at);
    if (from->count)
        memcpy(to->at + to->count, from->at, from->count * sizeof *to->at);
    to->count += from->count;
}

static struct network_input example_of(const struct batch *b, const struct held *h)
{
    return (struct network_input){
        .ids = b->ids.at + h->ids_at,
        .types = h->has_types ? b->types.at + h->types_at : NULL,
        .tokens = h->tokens,
        .windows = h->window_count ? b->windows.at + h->windows_at : NULL,
        .window_count = h->window_count ? h->window_count : 1,
    };
}

/* A record may lack its payload only if it says why. */
static bool excused(const struct record *record)
{
    struct slice reason;
    return record_string(record, "bad", &reason);
}

static void hold_tokens(struct batch *b, struct held *h, const struct record *record)
{
    if (!record_ids(record, "ids", &b->one)) {
        if (!excused(record))
            die(STATUS_BROKEN, "record %s: has no ids", record_name(record));
        return;
    }
    h->ids_at = b->ids.count;
    h->tokens = b->one.count;
    append_ids(&b->ids, &b->one);
    if (record_ids(record, "types", &b->one) && b->one.count > 0) {
        if (b->one.count != h->tokens)
            die(STATUS_BROKEN, "record %s: has %zu ids and %zu types", record_name(record), h->tokens,
                b->one.count);
        h->has_types = true;
        h->types_at = b->types.count;
        append_ids(&b->types, &b->one);
    }
    if (record_ids(record, "win", &b->one) && b->one.count > 1) {
        h->window_count = b->one.count - 1;
        h->windows_at = b->windows.count;
        append_ids(&b->windows, &b->one);
    }
    const struct shape *shape = &b->model->layout->shape;
    struct network_input input = example_of(b, h);
    input_check(&input, shape, record_name(record));
    h->cost = input_cost(&input, shape, false);
    h->computed = true;
    size_t width = (size_t)shape->tap_count * (size_t)shape->H;
    h->results = b->work == BATCH_LOGITS    ? (size_t)shape->C
                 : shape->pool == POOL_NONE ? h->tokens * width
                                            : width;
}

static void hold_vector(struct batch *b, struct held *h, const struct record *record)
{
    const struct shape *shape = &b->model->layout->shape;
    size_t width = (size_t)shape->tap_count * (size_t)shape->H;
    if (!record_floats(record, "vec", &b->vector)) {
        if (!excused(record))
            die(STATUS_BROKEN, "record %s: has no vec", record_name(record));
        return;
    }
    if (b->vector.count != width)
        die(STATUS_BROKEN, "record %s: its vec has %zu numbers: expected %zu", record_name(record),
            b->vector.count, width);
    h->vector_at = b->vectors.count;
    memory_grow(&b->vectors.at, &b->vectors.capacity, b->vectors.count + width, sizeof *b->vectors.at);
    memcpy(b->vectors.at + b->vectors.count, b->vector.at, width * sizeof *b->vectors.at);
    b->vectors.count += width;
    h->computed = true;
    h->results = (size_t)shape->C;
}

void batch_put(struct batch *b, const struct record *record)
{
    struct held *h = &b->held[b->count];
    *h = (struct held){.bytes_at = b->bytes.size, .result_at = b->result_count};
    if (b->work == BATCH_HEAD)
        hold_vector(b, h, record);
    else
        hold_tokens(b, h, record);
    record_pack(record, &b->bytes);
    h->bytes = b->bytes.size - h->bytes_at;
    b->result_count += h->results;
    b->order[b->count] = b->count;
    b->count++;
    if (b->count == b->limit || b->bytes.size >= HELD_BYTES || b->result_count >= HELD_RESULTS)
        batch_flush(b);
}

/* ---- Computing ---- */

static void compute_one(void *context, size_t number, int worker)
{
    struct batch *b = context;
    const struct held *h = &b->held[b->order[number]];
    float *to = b->results.at + h->result_at;
    struct network_input input = example_of(b, h);
    if (!h->computed)
        return;
    if (b->work == BATCH_LOGITS)
        network_logits(b->workspaces[worker], b->model->params, &input, to);
    else if (b->work == BATCH_EMBED)
        network_embed(b->workspaces[worker], b->model->params, &input, to);
    else
        network_head(b->model->layout, b->model->params, b->vectors.at + h->vector_at, to);
}

static int by_cost(const void *a, const void *b, void *context)
{
    const struct batch *batch = context;
    double x = batch->held[*(const size_t *)a].cost, y = batch->held[*(const size_t *)b].cost;
    return (x < y) - (x > y);
}

void batch_flush(struct batch *b)
{
    memory_grow(&b->results.at, &b->results.capacity, b->result_count, sizeof *b->results.at);
    qsort_r(b->order, b->count, sizeof *b->order, by_cost, b);
    pool_run(b->pool, b->count, compute_one, b);
    model_check_unchanged(b->model); /* before anybody sees the results */
    b->ready = true;
    b->taken = 0;
}

/* ---- Giving back ---- */

static void empty(struct batch *b)
{
    b->count = b->taken = b->result_count = 0;
    b->ids.count = b->types.count = b->windows.count = b->vectors.count = 0;
    b->bytes.size = 0;
    b->ready = false;
}

bool batch_take(struct batch *b, struct batch_result *result)
{
    if (!b->ready)
        return false;
    if (b->taken == b->count) {
        empty(b);
        return false;
    }
    const struct held *h = &b->held[b->taken++];
    record_unpack(&b->record, (struct slice){b->bytes.at + h->bytes_at, h->bytes}, b->y);
    *result = (struct batch_result){
        .record = &b->record,
        .values = h->computed ? b->results.at + h->result_at : NULL,
        .count = h->results,
        .tokens = h->tokens,
    };
    return true;
}
