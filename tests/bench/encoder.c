/* How fast the network trains and infers, beside the machine's plain sgemm rate in the same run.
 *
 *     encoder [THREADS [SECONDS]]
 *
 * One line per work: essays of 417 tokens a second, the rate of useful arithmetic, and its share of sgemm's.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/terminal.h"
#include "nn/network.h"

enum { TOKENS = 417 };

static struct shape bert(int layers, int hidden, int heads, enum pooling pool)
{
    return (struct shape){.L = layers,
                          .H = hidden,
                          .A = heads,
                          .F = 4 * hidden,
                          .V = 30522,
                          .P = 512,
                          .types = 2,
                          .C = 5,
                          .layer_norm_eps = 1e-12f,
                          .pool = pool,
                          .taps = {layers},
                          .tap_count = 1,
                          .hidden_dropout = 0.1f,
                          .attention_dropout = 0.1f,
                          .head_dropout = 0.1f};
}

struct work {
    struct layout *layout;
    float *params;
    struct network_input input;
    struct workspace **spaces;
    struct gradient **gradients;
    struct network_packed *packed;
    bool train;
    double end;   /* when to stop */
    size_t *done; /* [threads * 16] */
};

static double square_loss(void *context, const float *logits, const float *extra, float *dlogits,
                          float *dextra)
{
    const struct shape *s = context;
    (void)extra, (void)dextra;
    for (int i = 0; i < s->C; i++)
        dlogits[i] = logits[i];
    return 0;
}

static void run_until(void *context, size_t item, int worker)
{
    struct work *w = context;
    float logits[8];
    while (monotonic_seconds() < w->end) {
        struct training_step step = {
            .seed = 1, .step = w->done[worker * 16], .number = item, .dropout = true};
        if (w->train)
            network_train(w->spaces[worker], w->params, &w->input, &step, square_loss, &w->layout->shape,
                          logits, w->gradients[worker]);
        else
            network_logits(w->spaces[worker], w->params, &w->input, logits);
        w->done[worker * 16]++;
    }
}

/* Essays a second. */
static double rate_of(struct work *w, struct pool *pool, double seconds)
{
    int threads = pool_threads(pool);
    size_t total = 0;
    for (int round = 0; round < 2; round++) { /* the first warms up */
        double start = monotonic_seconds();
        total = 0;
        w->end = start + (round ? seconds : seconds / 4);
        w->done = memory_zeroed((size_t)threads * 16, sizeof *w->done);
        pool_run(pool, (size_t)threads, run_until, w);
        for (int i = 0; i < threads; i++)
            total += w->done[i * 16];
        free(w->done);
        seconds = round ? monotonic_seconds() - start : seconds;
    }
    return (double)total / seconds;
}

struct plain {
    double end;
    size_t *done;
};

/* A square product that fits the caches well: what sgemm gives at its best. */
static void multiply_until(void *context, size_t item, int worker)
{
    enum { N = 512 };
    struct plain *p = context;
    float *a = memory_aligned((size_t)N * N, sizeof *a), *b = memory_aligned((size_t)N * N, sizeof *b);
    float *c = memory_aligned((size_t)N * N, sizeof *c);
    (void)item;
    openblas_set_num_threads(1);
    for (size_t i = 0; i < (size_t)N * N; i++)
        a[i] = b[i] = (float)(i % 7);
    while (monotonic_seconds() < p->end) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, N, N, N, 1, a, N, b, N, 0, c, N);
        p->done[worker * 16]++;
    }
    free(a);
    free(b);
    free(c);
}

static double sgemm_rate(struct pool *pool, double seconds)
{
    int threads = pool_threads(pool);
    struct plain p = {.done = memory_zeroed((size_t)threads * 16, sizeof *p.done)};
    double start = monotonic_seconds();
    size_t total = 0;
    p.end = start + seconds;
    pool_run(pool, (size_t)threads, multiply_until, &p);
    double taken = monotonic_seconds() - start;
    for (int i = 0; i < threads; i++)
        total += p.done[i * 16];
    free(p.done);
    return (double)total * 2 * 512 * 512 * 512 / taken;
}

static void measure(const char *name, struct shape s, struct pool *pool, double seconds, double sgemm)
{
    struct work w = {.layout = layout_new(&s)};
    size_t threads = (size_t)pool_threads(pool);
    int32_t *ids = memory_new(TOKENS, sizeof *ids);
    for (size_t i = 0; i < TOKENS; i++)
        ids[i] = (int32_t)random_below(5000, 1, RANDOM_SAMPLE, 0, i);
    w.params = memory_aligned(w.layout->size, sizeof *w.params);
    network_initialise(w.layout, w.params, 1);
    w.input = (struct network_input){.ids = ids, .tokens = TOKENS, .window_count = 1};
    w.spaces = memory_new(threads, sizeof *w.spaces);
    w.gradients = memory_new(threads, sizeof *w.gradients);
    w.packed = network_packed_new(w.layout, true);
    network_packed_update(w.packed, w.params, pool);
    for (size_t i = 0; i < threads; i++) {
        w.spaces[i] = workspace_new(w.layout);
        workspace_use_packed(w.spaces[i], w.packed);
        w.gradients[i] = gradient_new(w.layout);
    }
    for (int train = 1; train >= 0; train--) {
        w.train = train;
        double rate = rate_of(&w, pool, seconds), arithmetic = rate * input_cost(&w.input, &s, train);
        printf("%-14s %-6s %8.1f essays/s %7.1f GFLOP/s %5.0f %%\n", name, train ? "train" : "infer", rate,
               arithmetic / 1e9, 100 * arithmetic / sgemm);
    }
    for (size_t i = 0; i < threads; i++) {
        workspace_free(w.spaces[i]);
        gradient_free(w.gradients[i]);
    }
    network_packed_free(w.packed);
    free(w.spaces);
    free(w.gradients);
    free(w.params);
    free(ids);
    layout_free(w.layout);
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : pool_cpus();
    double seconds = argc > 2 ? atof(argv[2]) : 2;
    struct pool *pool = pool_new(threads);
    double sgemm = sgemm_rate(pool, seconds / 2);
    printf("kernels %s, %d threads, sgemm %.1f GFLOP/s (%s)\n", network_kernels(), threads, sgemm / 1e9,
           openblas_get_corename());
    measure("tiny cls", bert(2, 128, 2, POOL_POOLER), pool, seconds, sgemm);
    measure("tiny mean", bert(2, 128, 2, POOL_MEAN), pool, seconds, sgemm);
    measure("MiniLM cls", bert(6, 384, 12, POOL_POOLER), pool, seconds, sgemm);
    measure("MiniLM mean", bert(6, 384, 12, POOL_MEAN), pool, seconds, sgemm);
    pool_free(pool);
    return 0;
}
