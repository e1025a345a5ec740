/* Loaded with LD_PRELOAD: ends a filter by SIGABRT when two of its threads are where OpenBLAS has room for
 * one: in openblas_set_num_threads(), whose OpenMP flavour hands out its buffers unlocked, or in a product of
 * the serial flavour.  Each stay is drawn out, so that threads which do not wait for each other meet. */
#include <cblas.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TELLING_US = 20000, PRODUCT_US = 20 };

static atomic_int inside;

static void enter(const char *function, useconds_t stay)
{
    if (atomic_fetch_add(&inside, 1) > 0) {
        fprintf(stderr, "turns: two threads in %s\n", function);
        abort();
    }
    usleep(stay);
}

static void leave(void) { atomic_fetch_sub(&inside, 1); }

void openblas_set_num_threads(int threads)
{
    void (*real)(int) = (void (*)(int))dlsym(RTLD_NEXT, "openblas_set_num_threads");
    enter("openblas_set_num_threads", TELLING_US);
    real(threads);
    leave();
}

void cblas_sgemm(const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE transpose_a,
                 const enum CBLAS_TRANSPOSE transpose_b, const blasint M, const blasint N, const blasint K,
                 const float alpha, const float *A, const blasint lda, const float *B, const blasint ldb,
                 const float beta, float *C, const blasint ldc)
{
    static __typeof__(cblas_sgemm) *_Atomic real;
    if (!real)
        real = (__typeof__(cblas_sgemm) *)dlsym(RTLD_NEXT, "cblas_sgemm");
    bool alone = openblas_get_parallel() == OPENBLAS_SEQUENTIAL;
    if (alone)
        enter("cblas_sgemm", PRODUCT_US);
    real(order, transpose_a, transpose_b, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
    if (alone)
        leave();
}
