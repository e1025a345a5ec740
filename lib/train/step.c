#include "train/step.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

/* ---- The gradients of shards, summed in a fixed tree ---- */

struct gradient_tree {
    const struct layout *layout;
    pthread_mutex_t lock;
    size_t shards;
    struct gradient **waiting; /* a node's sum that waits for its neighbour: level by level */
    struct gradient **idle;    /* [idle_count] free to be taken */
    size_t idle_count, idle_capacity;
    struct gradient *sum;
};

struct gradient_tree *gradient_tree_new(const struct layout *layout, size_t shards)
{
    struct gradient_tree *tree = memory_zeroed(1, sizeof *tree);
    tree->layout = layout;
    tree->waiting = memory_zeroed(2 * shards + 64, sizeof *tree->waiting);
    pthread_mutex_init(&tree->lock, NULL);
    return tree;
}

void gradient_tree_free(struct gradient_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->idle_count; i++)
        gradient_free(tree->idle[i]);
    free(tree->idle);
    free(tree->waiting);
    pthread_mutex_destroy(&tree->lock);
    free(tree);
}

void gradient_tree_start(struct gradient_tree *tree, size_t shards)
{
    tree->shards = shards;
    tree->sum = NULL;
}

struct gradient *gradient_tree_take(struct gradient_tree *tree)
{
    struct gradient *g = NULL;
    pthread_mutex_lock(&tree->lock);
    if (tree->idle_count > 0)
        g = tree->idle[--tree->idle_count];
    pthread_mutex_unlock(&tree->lock);
    if (!g)
        return gradient_new(tree->layout);
    gradient_clear(tree->layout, g);
    return g;
}

static void put_idle(struct gradient_tree *tree, struct gradient *g)
{
    memory_grow(&tree->idle, &tree->idle_capacity, tree->idle_count + 1, sizeof *tree->idle);
    tree->idle[tree->idle_count++] = g;
}

void gradient_tree_put(struct gradient_tree *tree, size_t shard, struct gradient *g)
{
    size_t nodes = tree->shards, base = 0; /* of the level */
    pthread_mutex_lock(&tree->lock);
    for (size_t node = shard; nodes > 1; node /= 2) {
        struct gradient **place = &tree->waiting[base + node / 2];
        if ((node ^ 1) < nodes) {
            if (!*place) {
                *place = g;
                pthread_mutex_unlock(&tree->lock);
                return;
            }
            struct gradient *other = *place, *left = node & 1 ? other : g, *right = node & 1 ? g : other;
            *place = NULL;
            pthread_mutex_unlock(&tree->lock);
            gradient_add(tree->layout, left, right);
            pthread_mutex_lock(&tree->lock);
            put_idle(tree, right);
            g = left;
        }
        nodes = (nodes + 1) / 2;
        base += nodes;
    }
    tree->sum = g;
    pthread_mutex_unlock(&tree->lock);
}

struct gradient *gradient_tree_sum(struct gradient_tree *tree) { return tree->sum; }

void gradient_tree_return(struct gradient_tree *tree, struct gradient *g) { put_idle(tree, g); }

/* ---- A step ---- */

enum { SHARD_TOKENS = 128, LEAST_SHARDS = 4 };

struct stepper {
    struct step_setup setup;
    size_t batch, count, shards;
    struct batch_slot *slots; /* [batch] */
    uint32_t *order;          /* [batch] slots longest first */
    double *losses;           /* [batch] */
    float *logits;            /* [batch, C] */
    double total_weight;
    uint64_t step;
    struct int_array words; /* of the batch */
    struct gradient_tree *tree;
};

struct stepper *stepper_new(const struct step_setup *setup, size_t batch)
{
    struct stepper *s = memory_zeroed(1, sizeof *s);
    s->setup = *setup;
    s->batch = batch;
    s->slots = memory_zeroed(batch, sizeof *s->slots);
    s->order = memory_new(batch, sizeof *s->order);
    s->losses = memory_new(batch, sizeof *s->losses);
    s->logits = memory_new(batch * (size_t)setup->layout->shape.C, sizeof *s->logits);
    s->tree = gradient_tree_new(setup->layout, BATCH_SHARDS);
    return s;
}

void stepper_free(struct stepper *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->batch; i++)
        example_store_free(&s->slots[i].store);
    free(s->slots);
    free(s->order);
    free(s->losses);
    free(s->logits);
    free(s->words.at);
    gradient_tree_free(s->tree);
    free(s);
}

struct batch_slot *stepper_slots(struct stepper *s) { return s->slots; }

/* Insertion sort: batches are short, and equal lengths keep the batch's order. */
static void sort_longest_first(struct stepper *s)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t tokens = s->slots[i].example.input.tokens, j = i;
        for (; j > 0 && s->slots[s->order[j - 1]].example.input.tokens < tokens; j--)
            s->order[j] = s->order[j - 1];
        s->order[j] = (uint32_t)i;
    }
}

/* A shard costs a gradient that is cleared and added, as much as twenty tokens: small batches have fewer. */
static size_t shards_of(const struct stepper *s)
{
    size_t tokens = 0;
    for (size_t i = 0; i < s->count; i++)
        tokens += s->slots[i].example.input.tokens;
    size_t shards = tokens / SHARD_TOKENS;
    shards = shards > BATCH_SHARDS ? BATCH_SHARDS : shards < LEAST_SHARDS ? LEAST_SHARDS : shards;
    return shards < s->count ? shards : s->count;
}

static void catch_up(struct stepper *s)
{
    s->words.count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct network_input *e = &s->slots[i].example.input;
        memory_grow(&s->words.at, &s->words.capacity, s->words.count + e->tokens, sizeof *s->words.at);
        for (size_t t = 0; t < e->tokens; t++)
            s->words.at[s->words.count++] = e->ids[t];
    }
    optimizer_catch_up(s->setup.optimizer, s->setup.params, s->words.at, s->words.count, s->setup.pool);
}

static void train_one(struct stepper *s, size_t i, struct workspace *ws, struct gradient *gradient)
{
    const struct example *example = &s->slots[i].example;
    double weight = objective_weight(s->setup.objective, example);
    struct objective_call call = {s->setup.objective, objective_target(s->setup.objective, example),
                                  s->total_weight > 0 ? weight / s->total_weight : 0};
    struct training_step how = {.seed = s->setup.seed,
                                .step = s->step,
                                .number = i,
                                .dropout = s->setup.dropout,
                                .frozen = s->setup.frozen};
    s->losses[i] = network_train(ws, s->setup.params, &example->input, &how, objective_loss, &call,
                                 s->logits + i * (size_t)s->setup.layout->shape.C, gradient);
}

/* Shard i of n has the examples i, 2n-1-i, 2n+i, 4n-1-i, ... of those sorted by length. */
static void train_shard(void *context, size_t shard, int worker)
{
    struct stepper *s = context;
    struct gradient *gradient = gradient_tree_take(s->tree);
    for (size_t round = 0; round * s->shards < s->count; round++) {
        size_t place = round * s->shards + (round & 1 ? s->shards - 1 - shard : shard);
        if (place < s->count)
            train_one(s, s->order[place], s->setup.workspaces[worker], gradient);
    }
    gradient_tree_put(s->tree, shard, gradient);
}

static void add_metrics(const struct stepper *s, struct metrics *metrics, struct step_result *result)
{
    const struct layout *layout = s->setup.layout;
    const float *extra = layout->shape.E ? s->setup.params + layout->extra : NULL;
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct example *example = &s->slots[i].example;
        sum += objective_weight(s->setup.objective, example) * s->losses[i];
        result->tokens += example->input.tokens;
        if (isfinite(s->losses[i]))
            metrics_add(metrics, s->setup.objective, example, s->logits + i * (size_t)layout->shape.C, extra,
                        s->losses[i]);
        else
            result->finite = false;
    }
    result->loss = s->total_weight > 0 ? sum / s->total_weight : 0;
}

struct step_result stepper_run(struct stepper *s, size_t count, uint64_t step, double rate,
                               struct metrics *metrics)
{
    struct step_result result = {.finite = true};
    s->count = count;
    s->step = step;
    s->shards = shards_of(s);
    s->total_weight = 0;
    for (size_t i = 0; i < count; i++)
        s->total_weight += objective_weight(s->setup.objective, &s->slots[i].example);
    sort_longest_first(s);
    catch_up(s);
    gradient_tree_start(s->tree, s->shards);
    pool_run(s->setup.pool, s->shards, train_shard, s);
    add_metrics(s, metrics, &result);
    struct gradient *sum = gradient_tree_sum(s->tree);
    if (result.finite) {
        result.norm = optimizer_step(s->setup.optimizer, s->setup.params, sum, rate, s->setup.pool);
        result.finite = isfinite(result.norm);
    }
    gradient_tree_return(s->tree, sum);
    return result;
}

void stepper_not_finite(const struct stepper *s, struct buffer *out)
{
    bool any = false;
    for (size_t i = 0; i < s->count; i++)
        any |= !isfinite(s->losses[i]);
    for (size_t i = 0; i < s->count; i++) {
        const struct slice *id = &s->slots[i].example.id;
        if (!any || !isfinite(s->losses[i]))
            buffer_format(out, "%s%.*s", out->size ? ", " : "", (int)id->size, id->at);
    }
}
