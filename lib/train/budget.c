#include "train/budget.h"

#include <malloc.h>
#include <math.h>

#include "train/example.h"

enum {
    MEBIBYTE = 1 << 20,
    PROGRAM = 10,    /* MiB: code, libraries, buffers of reading and writing */
    TOKEN = 16,      /* bytes of one token of a batch: packed, id, type, and id among the batch's words */
    WINDOW = 128,    /* bytes of one window besides what is computed of it */
    CANDIDATES = 33, /* penalties of ridge (nn/linear.c) */
    RUN = 512,       /* records of one product of a head's, */
    SHARDS = 32,     /* gradients, */
    CORRECTIONS = 12 /* and L-BFGS's steps (nn/linear_ridge.c, nn/linear_descent.c) */
};

/* Floats of one worker's scratch memory for a window of T tokens: what forward keeps of each layer, and what
 * backward needs of one layer at a time (see nn/encoder.h).  More than that, for the stack of pieces it grows
 * in: measured. */
static double scratch(const struct shape *s)
{
    double T = s->P, H = s->H, F = s->F, L = s->L, A = s->A;
    double kept = L * (T * (8 * H + 2 * F + A) + A * T * T / 32), moving = T * (10 * H + 2 * F);
    return 1.6 * (kept + moving);
}

void budget_begin(void) { mallopt(M_MMAP_THRESHOLD, MEBIBYTE / 4); }

/* Bytes of the longest text in every place of a batch, and of what its windows leave behind in a worker. */
static double texts(const struct shape *shape, const struct fit_config *config, int threads,
                    const struct extent *extent)
{
    double tokens = (double)extent->tokens, windows = (double)extent->windows;
    double text = TOKEN * tokens + 4 * windows, traces = 4 * tokens + windows * (WINDOW + 4.0 * shape->H);
    return (double)(config->batch + 1) * text + threads * traces; /* one more is evaluated */
}

uint64_t budget_training(const struct shape *shape, const struct fit_config *config, int threads,
                         const struct extent *extent)
{
    struct layout *layout = layout_new(shape);
    double all = (double)layout->size, words = (double)shape->V * shape->H;
    double layers = (double)shape->L * (4.0 * shape->H * shape->H + 2.0 * shape->H * shape->F);
    layout_free(layout);
    int shards = (int)(config->batch < BATCH_SHARDS ? config->batch : BATCH_SHARDS),
        busy = threads < shards ? threads : shards;
    double longest = fmax((double)extent->tokens, shape->P);
    double rows = fmin(shape->V, 2.0 * (double)config->batch / shards * longest) * shape->H;
    double gradients = (busy + 2) * (all - words + rows);
    double blocks = config->ema > 0 ? 4 : 3;
    double kept = extent->windows <= WINDOWS_KEPT ? fmax((double)extent->windows, 1) : WINDOWS_KEPT;
    double floats = blocks * all + 2 * layers + gradients + threads * kept * scratch(shape);
    return (uint64_t)(4 * floats + texts(shape, config, threads, extent)) + (uint64_t)PROGRAM * MEBIBYTE;
}

/* Doubles that ridge takes besides the vectors (see nn/linear_ridge.c). */
static double ridge(double n, double X, int threads)
{
    double R = fmin(n, X), run = fmin(n, RUN);
    double rows = n < X ? n * X : run * X, each = run * (R + X + CANDIDATES);
    return n * (CANDIDATES + 3) + 3 * R * R + rows + 2 * R * CANDIDATES + threads * each;
}

/* And logistic and ordinal (nn/linear_descent.c), with K classes. */
static double descent(double n, double X, double K, bool ordinal, int threads)
{
    double size = (ordinal ? 1 : K) * X + K;
    return n + (SHARDS + 2 * CORRECTIONS + 8) * size + threads * RUN / 2 * (X + K);
}

uint64_t budget_head(enum linear_kind kind, size_t width, size_t parameters, int threads,
                     const struct extent *extent)
{
    double n = (double)extent->records, X = (double)width, K = (double)extent->labels;
    double record = 4 * X + sizeof(struct example) + 3 * sizeof(double) + sizeof(int);
    double solving = kind == LINEAR_RIDGE ? ridge(n, X, threads)
                                          : descent(n, X, K, kind == LINEAR_ORDINAL, threads);
    double scoring = 4 * (double)parameters + 32 * n; /* and the scores are sorted, for thresholds */
    return (uint64_t)(n * record + fmax(8 * solving, scoring)) + (uint64_t)PROGRAM * MEBIBYTE;
}
