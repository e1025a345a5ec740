#include "nn/gemm.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"
#include "nn/network.h"

static pthread_mutex_t serial_lock = PTHREAD_MUTEX_INITIALIZER;

bool network_blas_threadsafe(void) { return openblas_get_parallel() != OPENBLAS_SEQUENTIAL; }

const char *network_blas(void) { return openblas_get_config(); }

/* OpenBLAS's own threads are off: the OpenMP flavour wants to be told in each thread that calls it. */
static void quiet_this_thread(void)
{
    static _Thread_local bool told;
    if (!told)
        openblas_set_num_threads(1);
    told = true;
}

static int size_of(size_t size)
{
    if (size > INT_MAX)
        die(STATUS_BROKEN, "a matrix of size %zu: expected at most %d, what OpenBLAS can count", size, INT_MAX);
    return (int)size;
}

static void product(enum CBLAS_TRANSPOSE a, enum CBLAS_TRANSPOSE b, size_t M, size_t N, size_t K, const float *A,
                    size_t lda, const float *B, size_t ldb, float beta, float *C, size_t ldc)
{
    quiet_this_thread();
    bool alone = !network_blas_threadsafe();
    if (alone)
        pthread_mutex_lock(&serial_lock);
    cblas_sgemm(CblasRowMajor, a, b, size_of(M), size_of(N), size_of(K), 1, A, size_of(lda), B, size_of(ldb), beta, C,
                size_of(ldc));
    if (alone)
        pthread_mutex_unlock(&serial_lock);
}

void gemm_nt(size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B, size_t ldb, float beta, float *C,
             size_t ldc)
{
    product(CblasNoTrans, CblasTrans, M, N, K, A, lda, B, ldb, beta, C, ldc);
}

void gemm_nn(size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B, size_t ldb, float beta, float *C,
             size_t ldc)
{
    product(CblasNoTrans, CblasNoTrans, M, N, K, A, lda, B, ldb, beta, C, ldc);
}

void gemm_tn(size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B, size_t ldb, float beta, float *C,
             size_t ldc)
{
    product(CblasTrans, CblasNoTrans, M, N, K, A, lda, B, ldb, beta, C, ldc);
}
