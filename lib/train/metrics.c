#include "train/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/metrics.h"

void metrics_init(struct metrics *metrics, size_t k) { *metrics = (struct metrics){.k = k}; }

void metrics_free(struct metrics *metrics) { confusion_free(&metrics->confusion); }

void metrics_clear(struct metrics *metrics)
{
    confusion_clear(&metrics->confusion);
    *metrics = (struct metrics){.k = metrics->k, .confusion = metrics->confusion};
}

struct metrics metrics_copy(const struct metrics *from)
{
    struct metrics copy = *from;
    copy.confusion = confusion_copy(&from->confusion);
    return copy;
}

void metrics_add(struct metrics *metrics, const struct objective *objective, const struct example *example,
                 const float *outputs, const float *extra, double loss)
{
    struct target target = objective_target(objective, example);
    struct scored scored = objective_score(objective, outputs, extra, NULL);
    double weight = objective_weight(objective, example),
           residual = scored.score - objective_value(objective, example);
    if (metrics->k)
        confusion_add(&metrics->confusion, (size_t)target.class, (size_t)scored.class, 1);
    metrics->n++;
    metrics->loss += weight * loss;
    metrics->weight += weight;
    metrics->residual_squares += residual * residual;
}

double metrics_loss(const struct metrics *metrics)
{
    return metrics->weight > 0 ? metrics->loss / metrics->weight : NAN;
}

struct confusion_matrix metrics_confusion(const struct metrics *metrics)
{
    return confusion_matrix(&metrics->confusion, NULL);
}

/* A metric of the confusion matrix; NAN where there are no classes. */
static double of_confusion(const struct metrics *metrics, double metric(const struct confusion_matrix *))
{
    if (metrics->k == 0)
        return NAN;
    struct confusion_matrix matrix = metrics_confusion(metrics);
    double value = metric(&matrix);
    confusion_matrix_free(&matrix);
    return value;
}

double metrics_accuracy(const struct metrics *metrics) { return of_confusion(metrics, metric_accuracy); }
double metrics_qwk(const struct metrics *metrics) { return of_confusion(metrics, metric_qwk); }
double metrics_macro_f1(const struct metrics *metrics) { return of_confusion(metrics, metric_macro_f1); }

double metrics_deviation(const struct metrics *metrics)
{
    return metrics->n ? sqrt(metrics->residual_squares / (double)metrics->n) : NAN;
}

double metrics_monitored(const struct metrics *metrics, enum monitor monitor)
{
    double value = NAN;
    switch (monitor) {
    case MONITOR_QWK:
        value = metrics_qwk(metrics);
        break;
    case MONITOR_ACCURACY:
        value = metrics_accuracy(metrics);
        break;
    case MONITOR_LOSS:
        value = -metrics_loss(metrics);
        break;
    case MONITOR_MACRO_F1:
        value = metrics_macro_f1(metrics);
        break;
    }
    return isnan(value) ? -INFINITY : value;
}

void outcome_free(struct outcome *outcome)
{
    metrics_free(&outcome->training);
    metrics_free(&outcome->selection);
}

/* ---- Evaluating a network ---- */

/* Examples, and about how many tokens, computed between two additions: bounds memory, keeps threads busy, and
 * takes about as long as a step. */
enum { CHUNK = 64, CHUNK_TOKENS = CHUNK * 512 };

struct chunk {
    const struct evaluation *evaluation;
    struct batch_entry {
        struct example_store store;
        struct example example;
    } entries[CHUNK];
    uint32_t order[CHUNK];
    float *logits; /* [CHUNK, C] */
};

static void compute_one(void *context, size_t item, int worker)
{
    struct chunk *chunk = context;
    const struct evaluation *e = chunk->evaluation;
    size_t i = chunk->order[item];
    network_logits(e->workspaces[worker], e->params, &chunk->entries[i].example.input,
                   chunk->logits + i * (size_t)e->layout->shape.C);
}

static size_t load_chunk(struct chunk *chunk, const struct source *source, const uint64_t *picks,
                         uint64_t from, uint64_t total)
{
    size_t count = 0, tokens = 0;
    for (; count < CHUNK && from + count < total && tokens < CHUNK_TOKENS; count++) {
        struct batch_entry *entry = &chunk->entries[count];
        source_get(source, picks ? picks[from + count] : from + count, &entry->store, &entry->example);
        tokens += entry->example.input.tokens;
    }
    return count;
}

/* Else each place would grow to the longest text. */
static void unload_long(struct chunk *chunk, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (chunk->entries[i].example.input.windows)
            example_store_free(&chunk->entries[i].store);
}

static void sort_longest_first(struct chunk *chunk, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t tokens = chunk->entries[i].example.input.tokens, j = i;
        for (; j > 0 && chunk->entries[chunk->order[j - 1]].example.input.tokens < tokens; j--)
            chunk->order[j] = chunk->order[j - 1];
        chunk->order[j] = (uint32_t)i;
    }
}

static void add_chunk(struct chunk *chunk, size_t count, struct metrics *metrics, double *scores)
{
    const struct evaluation *e = chunk->evaluation;
    const struct objective *objective = e->objective;
    const float *extra = e->layout->shape.E ? e->params + e->layout->extra : NULL;
    float *unused = memory_new((size_t)(e->layout->shape.C + e->layout->shape.E), sizeof *unused);
    for (size_t i = 0; i < count; i++) {
        const struct example *example = &chunk->entries[i].example;
        const float *logits = chunk->logits + i * (size_t)e->layout->shape.C;
        struct target target = objective_target(objective, example);
        double loss = loss_compute(&objective->spec, logits, extra, &target, unused,
                                   unused + e->layout->shape.C);
        metrics_add(metrics, objective, example, logits, extra, loss);
        if (scores)
            scores[i] = objective_score(objective, logits, extra, NULL).score;
    }
    free(unused);
}

void evaluate_picked(const struct evaluation *evaluation, const struct source *source, const uint64_t *picks,
                     uint64_t total, struct metrics *metrics, double *scores)
{
    struct chunk *chunk = memory_zeroed(1, sizeof *chunk);
    chunk->evaluation = evaluation;
    chunk->logits = memory_new(CHUNK * (size_t)evaluation->layout->shape.C, sizeof *chunk->logits);
    metrics_clear(metrics);
    for (uint64_t from = 0, count; from < total; from += count) {
        if (evaluation->between)
            evaluation->between(evaluation->context);
        count = load_chunk(chunk, source, picks, from, total);
        sort_longest_first(chunk, count);
        pool_run(evaluation->pool, count, compute_one, chunk);
        add_chunk(chunk, count, metrics, scores ? scores + from : NULL);
        unload_long(chunk, count);
    }
    for (size_t i = 0; i < CHUNK; i++)
        example_store_free(&chunk->entries[i].store);
    free(chunk->logits);
    free(chunk);
}

void evaluate(const struct evaluation *evaluation, const struct source *source, struct metrics *metrics)
{
    evaluate_picked(evaluation, source, NULL, source_count(source), metrics, NULL);
}
