#include "train/evaluate.h"

#include <stdlib.h>

/* Instances, and about how many tokens, computed between two additions: bounds memory, and is long enough to
 * keep threads busy. */
enum { CHUNK = 256, CHUNK_TOKENS = CHUNK * 512 };

struct chunk {
    const struct evaluation *evaluation;
    struct batch_entry {
        struct instance_store store;
        struct instance instance;
    } entries[CHUNK];
    uint32_t order[CHUNK];
    float *logits; /* [CHUNK, C] */
};

static void compute_one(void *context, size_t item, int worker)
{
    struct chunk *chunk = context;
    const struct evaluation *e = chunk->evaluation;
    size_t i = chunk->order[item];
    network_logits(e->workspaces[worker], e->params, &chunk->entries[i].instance.example,
                   chunk->logits + i * (size_t)e->layout->shape.C);
}

static size_t load_chunk(struct chunk *chunk, const struct source *source, const uint64_t *picks,
                         uint64_t from, uint64_t total)
{
    size_t count = 0, tokens = 0;
    for (; count < CHUNK && from + count < total && tokens < CHUNK_TOKENS; count++) {
        struct batch_entry *entry = &chunk->entries[count];
        source_get(source, picks ? picks[from + count] : from + count, &entry->store, &entry->instance);
        tokens += entry->instance.example.tokens;
    }
    return count;
}

/* Else each place would grow to the longest text. */
static void unload_long(struct chunk *chunk, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (chunk->entries[i].instance.example.windows)
            instance_store_free(&chunk->entries[i].store);
}

static void sort_longest_first(struct chunk *chunk, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t tokens = chunk->entries[i].instance.example.tokens, j = i;
        for (; j > 0 && chunk->entries[chunk->order[j - 1]].instance.example.tokens < tokens; j--)
            chunk->order[j] = chunk->order[j - 1];
        chunk->order[j] = (uint32_t)i;
    }
}

static void add_chunk(struct chunk *chunk, size_t count, struct marks *marks, double *scores)
{
    const struct evaluation *e = chunk->evaluation;
    const struct goal *goal = e->goal;
    const float *extra = e->layout->shape.E ? e->params + e->layout->extra : NULL;
    float *unused = memory_new((size_t)(e->layout->shape.C + e->layout->shape.E), sizeof *unused);
    for (size_t i = 0; i < count; i++) {
        const struct instance *instance = &chunk->entries[i].instance;
        const float *logits = chunk->logits + i * (size_t)e->layout->shape.C;
        struct target target = goal_target(goal, instance);
        double loss =
            loss_compute(&goal->objective, logits, extra, &target, unused, unused + e->layout->shape.C);
        marks_add(marks, goal, instance, logits, extra, loss);
        if (scores)
            scores[i] = goal_score(goal, logits, extra, NULL).score;
    }
    free(unused);
}

void evaluate_picked(const struct evaluation *evaluation, const struct source *source, const uint64_t *picks,
                     uint64_t total, struct marks *marks, double *scores)
{
    struct chunk *chunk = memory_zeroed(1, sizeof *chunk);
    chunk->evaluation = evaluation;
    chunk->logits = memory_new(CHUNK * (size_t)evaluation->layout->shape.C, sizeof *chunk->logits);
    marks_clear(marks);
    for (uint64_t from = 0, count; from < total; from += count) {
        count = load_chunk(chunk, source, picks, from, total);
        sort_longest_first(chunk, count);
        pool_run(evaluation->pool, count, compute_one, chunk);
        add_chunk(chunk, count, marks, scores ? scores + from : NULL);
        unload_long(chunk, count);
    }
    for (size_t i = 0; i < CHUNK; i++)
        instance_store_free(&chunk->entries[i].store);
    free(chunk->logits);
    free(chunk);
}

void evaluate(const struct evaluation *evaluation, const struct source *source, struct marks *marks)
{
    evaluate_picked(evaluation, source, NULL, source_count(source), marks, NULL);
}
