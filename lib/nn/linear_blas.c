#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "nn/linear_design.h"
#include "nn/network.h"

/* LAPACK's divide-and-conquer eigensolver; Debian's OpenBLAS holds all of LAPACK but no C header of it. */
extern void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
                    double *values, double *work, const int *work_size, int *integers,
                    const int *integer_size, int *info);

static pthread_mutex_t serial_lock = PTHREAD_MUTEX_INITIALIZER;

static int size_of(size_t size)
{
    if (size > INT_MAX)
        die(STATUS_INPUT, "a matrix of size %zu: expected at most %d, what OpenBLAS can count", size,
            INT_MAX);
    return (int)size;
}

/* OpenBLAS's serial flavour may be called by one thread only; the OpenMP flavour is told in each thread. */
static bool enter(void)
{
    static _Thread_local bool told;
    if (!told)
        openblas_set_num_threads(1);
    told = true;
    if (network_blas_threadsafe())
        return false;
    pthread_mutex_lock(&serial_lock);
    return true;
}

static void leave(bool locked)
{
    if (locked)
        pthread_mutex_unlock(&serial_lock);
}

void dgemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const double *A, size_t lda,
           const double *B, size_t ldb, double beta, double *C, size_t ldc)
{
    bool locked = enter();
    cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, size_of(M), size_of(N), size_of(K), 1, A,
                size_of(lda), B, size_of(ldb), beta, C, size_of(ldc));
    leave(locked);
}

void eigen(size_t n, double *a, double *values)
{
    int size = size_of(n), wanted = -1, info, integer_size;
    double work_size;
    bool locked = enter();
    /* Rows here are LAPACK's columns, so the upper triangle of ours is its lower one. */
    dsyevd_("V", "L", &size, a, &size, values, &work_size, &wanted, &integer_size, &wanted, &info);
    wanted = size_of((size_t)work_size);
    double *work = memory_new((size_t)wanted, sizeof *work);
    int *integers = memory_new((size_t)integer_size, sizeof *integers);
    dsyevd_("V", "L", &size, a, &size, values, work, &wanted, integers, &integer_size, &info);
    leave(locked);
    free(work);
    free(integers);
    if (info != 0)
        die(STATUS_SYSTEM, "LAPACK's dsyevd found no eigenvalues of a matrix of size %zu (code %d)", n, info);
}
