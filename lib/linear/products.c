#include <cblas.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "nn/blas.h"
#include "linear/internal.h"

/* LAPACK's divide-and-conquer eigensolver; Debian's OpenBLAS holds all of LAPACK but no C header of it. */
extern void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
                    double *values, double *work, const int *work_size, int *integers,
                    const int *integer_size, int *info);

void dgemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const double *A, size_t lda,
           const double *B, size_t ldb, double beta, double *C, size_t ldc)
{
    blas_enter();
    cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, blas_size(M), blas_size(N), blas_size(K), 1, A,
                blas_size(lda), B, blas_size(ldb), beta, C, blas_size(ldc));
    blas_leave();
}

void eigen(size_t n, double *a, double *values)
{
    int size = blas_size(n), wanted = -1, info, integer_size;
    double work_size;
    blas_enter();
    /* Rows here are LAPACK's columns, so the upper triangle of ours is its lower one. */
    dsyevd_("V", "L", &size, a, &size, values, &work_size, &wanted, &integer_size, &wanted, &info);
    wanted = blas_size((size_t)work_size);
    double *work = memory_new((size_t)wanted, sizeof *work);
    int *integers = memory_new((size_t)integer_size, sizeof *integers);
    dsyevd_("V", "L", &size, a, &size, values, work, &wanted, integers, &integer_size, &info);
    blas_leave();
    free(work);
    free(integers);
    if (info != 0)
        die(STATUS_SYSTEM, "LAPACK's dsyevd found no eigenvalues of a matrix of size %zu (code %d)", n, info);
}
