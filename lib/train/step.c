#include "train/step.h"

#include <math.h>
#include <stdlib.h>

#include "train/merge.h"

enum { LEAF_TOKENS = 128, LEAST_LEAVES = 4 };

struct stepper {
    struct step_setup setup;
    size_t batch, count, leaves;
    struct batch_slot *slots; /* [batch] */
    uint32_t *order;          /* [batch] slots longest first */
    double *losses;           /* [batch] */
    float *logits;            /* [batch, C] */
    double total_weight;
    uint64_t step;
    struct int_array words;   /* of the batch */
    struct merger *merger;
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
    s->merger = merger_new(setup->layout, STEP_LEAVES);
    return s;
}

void stepper_free(struct stepper *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->batch; i++)
        instance_store_free(&s->slots[i].store);
    free(s->slots);
    free(s->order);
    free(s->losses);
    free(s->logits);
    free(s->words.at);
    merger_free(s->merger);
    free(s);
}

struct batch_slot *stepper_slots(struct stepper *s) { return s->slots; }

/* Insertion sort: batches are short, and equal lengths keep the batch's order. */
static void sort_longest_first(struct stepper *s)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t tokens = s->slots[i].instance.example.tokens, j = i;
        for (; j > 0 && s->slots[s->order[j - 1]].instance.example.tokens < tokens; j--)
            s->order[j] = s->order[j - 1];
        s->order[j] = (uint32_t)i;
    }
}

/* A leaf costs a gradient that is cleared and added, as much as twenty tokens: small batches have fewer. */
static size_t leaves_of(const struct stepper *s)
{
    size_t tokens = 0;
    for (size_t i = 0; i < s->count; i++)
        tokens += s->slots[i].instance.example.tokens;
    size_t leaves = tokens / LEAF_TOKENS;
    leaves = leaves > STEP_LEAVES ? STEP_LEAVES : leaves < LEAST_LEAVES ? LEAST_LEAVES : leaves;
    return leaves < s->count ? leaves : s->count;
}

static void catch_up(struct stepper *s)
{
    s->words.count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct example *e = &s->slots[i].instance.example;
        memory_grow(&s->words.at, &s->words.capacity, s->words.count + e->tokens, sizeof *s->words.at);
        for (size_t t = 0; t < e->tokens; t++)
            s->words.at[s->words.count++] = e->ids[t];
    }
    optimizer_catch_up(s->setup.optimizer, s->setup.params, s->words.at, s->words.count,
                       s->setup.pool);
}

static void train_one(struct stepper *s, size_t i, struct workspace *ws, struct gradient *gradient)
{
    const struct instance *instance = &s->slots[i].instance;
    double weight = goal_weight(s->setup.goal, instance);
    struct goal_call call = {s->setup.goal, goal_target(s->setup.goal, instance),
                             s->total_weight > 0 ? weight / s->total_weight : 0};
    struct training_step how = {.seed = s->setup.seed,
                                .step = s->step,
                                .number = i,
                                .dropout = s->setup.dropout,
                                .frozen = s->setup.frozen};
    s->losses[i] = network_train(ws, s->setup.params, &instance->example, &how, goal_loss, &call,
                                 s->logits + i * (size_t)s->setup.layout->shape.C, gradient);
}

/* Leaf l has the examples l, 2n-1-l, 2n+l, 4n-1-l, ... of those sorted by length. */
static void train_leaf(void *context, size_t leaf, int worker)
{
    struct stepper *s = context;
    struct gradient *gradient = merger_take(s->merger);
    for (size_t round = 0; round * s->leaves < s->count; round++) {
        size_t place = round * s->leaves + (round & 1 ? s->leaves - 1 - leaf : leaf);
        if (place < s->count)
            train_one(s, s->order[place], s->setup.workspaces[worker], gradient);
    }
    merger_put(s->merger, leaf, gradient);
}

static void add_marks(const struct stepper *s, struct marks *marks, struct step_result *result)
{
    const struct layout *layout = s->setup.layout;
    const float *extra = layout->shape.E ? s->setup.params + layout->extra : NULL;
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct instance *instance = &s->slots[i].instance;
        sum += goal_weight(s->setup.goal, instance) * s->losses[i];
        result->tokens += instance->example.tokens;
        if (isfinite(s->losses[i]))
            marks_add(marks, s->setup.goal, instance, s->logits + i * (size_t)layout->shape.C, extra,
                      s->losses[i]);
        else
            result->finite = false;
    }
    result->loss = s->total_weight > 0 ? sum / s->total_weight : 0;
}

struct step_result stepper_run(struct stepper *s, size_t count, uint64_t step, double rate,
                               struct marks *marks)
{
    struct step_result result = {.finite = true};
    s->count = count;
    s->step = step;
    s->leaves = leaves_of(s);
    s->total_weight = 0;
    for (size_t i = 0; i < count; i++)
        s->total_weight += goal_weight(s->setup.goal, &s->slots[i].instance);
    sort_longest_first(s);
    catch_up(s);
    merger_start(s->merger, s->leaves);
    pool_run(s->setup.pool, s->leaves, train_leaf, s);
    add_marks(s, marks, &result);
    struct gradient *sum = merger_sum(s->merger);
    if (result.finite) {
        result.norm = optimizer_step(s->setup.optimizer, s->setup.params, sum, rate, s->setup.pool);
        result.finite = isfinite(result.norm);
    }
    merger_return(s->merger, sum);
    return result;
}

void stepper_blame(const struct stepper *s, struct buffer *out)
{
    bool any = false;
    for (size_t i = 0; i < s->count; i++)
        any |= !isfinite(s->losses[i]);
    for (size_t i = 0; i < s->count; i++) {
        const struct slice *id = &s->slots[i].instance.id;
        if (!any || !isfinite(s->losses[i]))
            buffer_format(out, "%s%.*s", out->size ? ", " : "", (int)id->size, id->at);
    }
}

