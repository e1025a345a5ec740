#include "nn/optimizer.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "nn/kernels/kernels.h"

enum {
    SPAN = 1 << 14,       /* most elements of one item of work */
    ROW_FLOATS = 1 << 12, /* floats of the rows of one item, about */
};

/* A part of one dense tensor. */
struct span {
    size_t offset, count;
    const struct parameter *tensor;
};

/* A row and the steps that it lacks. */
struct late_row {
    size_t row;
    uint64_t steps;
};

struct optimizer {
    const struct layout *layout;
    const struct kernels *k;
    struct optimizer_settings settings;
    uint64_t steps;
    float *moments1, *moments2; /* [layout->size] */

    struct span *spans; /* of all tensors behind the words that are not frozen */
    size_t span_count, span_capacity;
    struct adamw_factors *layer_factors; /* [2, L + 2] of the step: row 1 decays, column layer + 1 */

    /* Word embeddings [V, H]. */
    const struct parameter *words; /* NULL: frozen */
    size_t width, group;           /* H; rows of one item */
    uint64_t *row_steps;           /* [V] steps that are in a row */
    struct adamw_factors *history; /* factors of the words in steps forgotten + 1 .. steps */
    size_t history_count, history_capacity;
    uint64_t forgotten;

    struct late_row *late; /* rows to catch up */
    size_t late_capacity;

    double *sums; /* of squares, by item */
    size_t sum_capacity;
};

static bool is_frozen(const struct parameter *tensor, const struct optimizer_settings *s)
{
    return tensor->layer < s->frozen - 1;
}

static void add_spans(struct optimizer *o, const struct parameter *tensor)
{
    size_t size = (size_t)tensor->rows * (size_t)(tensor->cols ? tensor->cols : 1);
    for (size_t at = 0; at < size; at += SPAN) {
        memory_grow(&o->spans, &o->span_capacity, o->span_count + 1, sizeof *o->spans);
        o->spans[o->span_count++] = (struct span){tensor->offset + at, size - at < SPAN ? size - at : SPAN,
                                                  tensor};
    }
}

struct optimizer *optimizer_new(const struct layout *layout, const struct optimizer_settings *settings)
{
    struct optimizer *o = memory_zeroed(1, sizeof *o);
    o->layout = layout;
    o->k = kernels_chosen();
    o->settings = *settings;
    o->moments1 = memory_aligned(layout->size, sizeof *o->moments1);
    o->moments2 = memory_aligned(layout->size, sizeof *o->moments2);
    o->layer_factors = memory_zeroed(2 * ((size_t)layout->shape.L + 2), sizeof *o->layer_factors);
    for (size_t i = 0; i < layout->count; i++) {
        const struct parameter *tensor = &layout->table[i];
        if (is_frozen(tensor, settings))
            continue;
        if (tensor->offset == layout->words)
            o->words = tensor;
        else
            add_spans(o, tensor);
    }
    o->width = (size_t)layout->shape.H;
    o->group = o->width < ROW_FLOATS ? ROW_FLOATS / o->width : 1;
    o->row_steps = memory_zeroed((size_t)layout->shape.V, sizeof *o->row_steps);
    return o;
}

void optimizer_free(struct optimizer *o)
{
    if (!o)
        return;
    free(o->moments1);
    free(o->moments2);
    free(o->spans);
    free(o->layer_factors);
    free(o->row_steps);
    free(o->history);
    free(o->late);
    free(o->sums);
    free(o);
}

float *optimizer_moments1(struct optimizer *o) { return o->moments1; }
float *optimizer_moments2(struct optimizer *o) { return o->moments2; }

static void forget_history(struct optimizer *o)
{
    o->history_count = 0;
    o->forgotten = o->steps;
}

void optimizer_restore(struct optimizer *o, uint64_t steps)
{
    o->steps = steps;
    for (int row = 0; row < o->layout->shape.V; row++)
        o->row_steps[row] = steps;
    forget_history(o);
}

/* ---- Catching up ---- */

/* Takes note that `row` is brought up to date; returns the steps that it lacks. */
static uint64_t claim_row(struct optimizer *o, size_t row)
{
    uint64_t behind = o->steps - o->row_steps[row];
    o->row_steps[row] = o->steps;
    return behind;
}

static void replay_row(struct optimizer *o, float *params, struct late_row late)
{
    if (late.steps == 0)
        return;
    size_t at = o->words->offset + late.row * o->width;
    o->k->adamw_replay(params + at, o->moments1 + at, o->moments2 + at, o->width,
                       o->history + (o->steps - late.steps - o->forgotten), late.steps);
}

/* What an item of work needs. */
struct job {
    struct optimizer *o;
    float *params;
    const struct gradient *gradient;
    float scale;
    size_t row_count;
};

static size_t group_end(const struct job *job, size_t item)
{
    size_t end = (item + 1) * job->o->group;
    return end < job->row_count ? end : job->row_count;
}

static size_t group_count(const struct optimizer *o, size_t rows) { return (rows + o->group - 1) / o->group; }

static void catch_up_group(void *context, size_t item, int worker)
{
    (void)worker;
    const struct job *job = context;
    for (size_t row = item * job->o->group; row < group_end(job, item); row++)
        replay_row(job->o, job->params, (struct late_row){row, claim_row(job->o, row)});
}

static void catch_up_late(void *context, size_t item, int worker)
{
    (void)worker;
    const struct job *job = context;
    for (size_t i = item * job->o->group; i < group_end(job, item); i++)
        replay_row(job->o, job->params, job->o->late[i]);
}

void optimizer_catch_up(struct optimizer *o, float *params, const int32_t *ids, size_t count,
                        struct pool *pool)
{
    if (!o->words)
        return;
    struct job job = {.o = o, .params = params};
    size_t rows = (size_t)o->words->rows;
    memory_grow(&o->late, &o->late_capacity, count < rows ? count : rows, sizeof *o->late);
    for (size_t i = 0; i < count; i++) {
        struct late_row late = {(size_t)ids[i], claim_row(o, (size_t)ids[i])};
        if (late.steps > 0) /* not for the second time */
            o->late[job.row_count++] = late;
    }
    pool_run(pool, group_count(o, job.row_count), catch_up_late, &job);
}

void optimizer_catch_up_all(struct optimizer *o, float *params, struct pool *pool)
{
    if (!o->words)
        return;
    struct job job = {.o = o, .params = params, .row_count = (size_t)o->words->rows};
    pool_run(pool, group_count(o, job.row_count), catch_up_group, &job);
    forget_history(o);
}

/* ---- A step: items are the spans, then groups of the gradient's rows ---- */

static const float *dense_gradient(const struct job *job, const struct span *span)
{
    const struct layout *layout = job->o->layout;
    size_t words = (size_t)layout->shape.V * (size_t)layout->shape.H;
    return job->gradient->dense + (span->offset - words);
}

static void sum_item(void *context, size_t item, int worker)
{
    (void)worker;
    const struct job *job = context;
    struct optimizer *o = job->o;
    if (item < o->span_count) {
        o->sums[item] = o->k->sum_of_squares(dense_gradient(job, &o->spans[item]), o->spans[item].count);
        return;
    }
    size_t first = (item - o->span_count) * o->group, end = group_end(job, item - o->span_count);
    o->sums[item] = o->k->sum_of_squares(job->gradient->row_values + first * o->width,
                                         (end - first) * o->width);
}

static double gradient_norm(struct job *job, size_t items, struct pool *pool)
{
    struct optimizer *o = job->o;
    memory_grow(&o->sums, &o->sum_capacity, items, sizeof *o->sums);
    pool_run(pool, items, sum_item, job);
    double sum = 0;
    for (size_t i = 0; i < items; i++)
        sum += o->sums[i];
    return sqrt(sum);
}

/* The rate's factor: head_rate for pooler and head (layer L), else layer_decay once for each layer from
 * there down, so that the embeddings have L + 1 of them. */
static double rate_factor(const struct optimizer *o, int layer)
{
    int L = o->layout->shape.L;
    return layer == L ? o->settings.head_rate : pow(o->settings.layer_decay, L - layer);
}

static struct adamw_factors factors_of(const struct optimizer *o, int layer, bool decay, double rate)
{
    const struct optimizer_settings *s = &o->settings;
    double t = (double)o->steps, r = rate * rate_factor(o, layer);
    return (struct adamw_factors){
        .decay = (float)(decay ? 1 - r * s->weight_decay : 1),
        .rate = (float)(r / (1 - pow(s->beta1, t))),
        .root = (float)sqrt(1 - pow(s->beta2, t)),
        .new1 = (float)(1 - s->beta1),
        .keep2 = (float)s->beta2,
        .new2 = (float)(1 - s->beta2),
        .epsilon = (float)s->epsilon,
    };
}

static struct adamw_factors *tensor_factors(struct optimizer *o, bool decay, int layer)
{
    return &o->layer_factors[(decay ? o->layout->shape.L + 2 : 0) + layer + 1];
}

static void begin_step(struct optimizer *o, double rate)
{
    o->steps++;
    for (int layer = -1; layer <= o->layout->shape.L; layer++) {
        *tensor_factors(o, false, layer) = factors_of(o, layer, false, rate);
        *tensor_factors(o, true, layer) = factors_of(o, layer, true, rate);
    }
    if (!o->words)
        return;
    memory_grow(&o->history, &o->history_capacity, o->history_count + 1, sizeof *o->history);
    o->history[o->history_count++] = *tensor_factors(o, o->words->decay, o->words->layer);
}

static void update_row(const struct job *job, size_t i)
{
    struct optimizer *o = job->o;
    size_t row = (size_t)job->gradient->rows[i], at = o->words->offset + row * o->width;
    if (o->row_steps[row] + 1 != o->steps)
        die(STATUS_SYSTEM,
            "optimizer: step %llu has a gradient for word %zu, whose row was read before it "
            "was brought up to date",
            (unsigned long long)o->steps, row);
    o->k->adamw_update(job->params + at, o->moments1 + at, o->moments2 + at,
                       job->gradient->row_values + i * o->width, o->width,
                       tensor_factors(o, o->words->decay, o->words->layer), job->scale);
    o->row_steps[row] = o->steps;
}

static void update_item(void *context, size_t item, int worker)
{
    (void)worker;
    const struct job *job = context;
    struct optimizer *o = job->o;
    if (item < o->span_count) {
        const struct span *span = &o->spans[item];
        size_t at = span->offset;
        o->k->adamw_update(job->params + at, o->moments1 + at, o->moments2 + at, dense_gradient(job, span),
                           span->count, tensor_factors(o, span->tensor->decay, span->tensor->layer),
                           job->scale);
        return;
    }
    size_t group = item - o->span_count;
    for (size_t i = group * o->group; i < group_end(job, group); i++)
        update_row(job, i);
}

double optimizer_step(struct optimizer *o, float *params, const struct gradient *gradient, double rate,
                      struct pool *pool)
{
    struct job job = {o, params, gradient, 1, o->words ? gradient->row_count : 0};
    size_t items = o->span_count + group_count(o, job.row_count);
    double norm = gradient_norm(&job, items, pool);
    if (!isfinite(norm))
        return norm;
    if (o->settings.clip > 0)
        job.scale = (float)fmin(1, o->settings.clip / (norm + 1e-6));
    begin_step(o, rate);
    pool_run(pool, items, update_item, &job);
    return norm;
}
