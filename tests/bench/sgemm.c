/* The machine's own rate of single-precision matrix products: the measure of everything that is mostly them.
 *
 * usage: sgemm THREADS [SECONDS]
 *
 * Prints GFLOP/s of OpenBLAS and of rubric's kernels (0 where this CPU has none), all threads together, each
 * on square products of its own that fit the caches, separated by a tab. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/pool.h"
#include "base/terminal.h"
#include "nn/gemm.h"

enum { SIDE = 512 };

struct work {
    const struct layout *layout;
    bool own;
    double end;
    size_t *done; /* [threads * 16] */
};

static void multiply_until(void *context, size_t item, int worker)
{
    struct work *w = context;
    size_t size = (size_t)SIDE * SIDE;
    float *a = memory_aligned(size, sizeof *a), *b = memory_aligned(size, sizeof *b),
          *c = memory_aligned(size, sizeof *c);
    struct workspace *ws = workspace_new(w->layout);
    (void)item;
    openblas_set_num_threads(1);
    for (size_t i = 0; i < size; i++)
        a[i] = b[i] = (float)(i % 7);
    do {
        if (w->own)
            gemm_nt(ws, SIDE, SIDE, SIDE, a, SIDE, b, SIDE, 0, c, SIDE);
        else
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0, c,
                        SIDE);
        w->done[worker * 16]++;
    } while (monotonic_seconds() < w->end);
    workspace_free(ws);
    free(a);
    free(b);
    free(c);
}

static double rate(struct pool *pool, const struct layout *layout, bool own, double seconds)
{
    size_t threads = (size_t)pool_threads(pool), products = 0;
    double start = monotonic_seconds();
    struct work w = {.layout = layout, .own = own, .end = start + seconds};
    w.done = memory_zeroed(threads * 16, sizeof *w.done);
    pool_run(pool, threads, multiply_until, &w);
    double taken = monotonic_seconds() - start;
    for (size_t i = 0; i < threads; i++)
        products += w.done[i * 16];
    free(w.done);
    return (double)products * 2 * SIDE * SIDE * SIDE / taken / 1e9;
}

int main(int argc, char **argv)
{
    error_set_program("sgemm");
    int64_t threads;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    if (argc < 2 || argc > 3 || !parse_integer(argv[1], 1, 1024, &threads) || !(seconds > 0))
        die(STATUS_USAGE, "usage: sgemm THREADS [SECONDS]");
    struct shape shape = {.L = 1,
                          .H = 64,
                          .A = 1,
                          .F = 64,
                          .V = 8,
                          .P = 8,
                          .types = 2,
                          .layer_norm_eps = 1e-12f,
                          .pool = POOL_MEAN,
                          .taps = {1},
                          .tap_count = 1};
    struct layout *layout = layout_new(&shape);
    struct pool *pool = pool_new((int)threads);
    double blas = rate(pool, layout, false, seconds);
    printf("%.1f\t%.1f\n", blas, kernels_chosen()->gemm ? rate(pool, layout, true, seconds) : 0);
    pool_free(pool);
    layout_free(layout);
    return fflush(stdout) == 0 ? 0 : 1;
}
