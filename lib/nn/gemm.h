/* Matrix products, by a kernel of our own where the CPU has one and by OpenBLAS elsewhere.  One call never
 * spans more than one sequence: with OpenBLAS, a row's bits depend on the rows beside it.
 *
 * A is [M,K], or [K,M] where it is read transposed; C is [M,N] = beta C + A B with beta 0 or 1. */
#ifndef RUBRIC_NN_GEMM_H
#define RUBRIC_NN_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/workspace.h"

enum { FEW_ROWS = 4 }; /* up to this, packing costs more than it saves */

/* The right factor, made ready to be multiplied with several A. */
struct factor {
    size_t N, K;
    const float *B;
    size_t ldb;
    bool transposed;     /* B is [N,K] */
    const float *packed; /* NULL: OpenBLAS reads B as it lies */
};

/* Packed copies are taken from the workspace. */
struct factor factor_new(struct workspace *ws, size_t N, size_t K, const float *B, size_t ldb,
                         bool transposed);
/* Floats of a packed copy; 0 when the kernels need none. */
size_t factor_size(const struct kernels *k, size_t N, size_t K);
/* The same in the caller's memory, [factor_size]. */
struct factor factor_into(const struct kernels *k, float *packed, size_t N, size_t K, const float *B,
                          size_t ldb, bool transposed);
void factor_multiply(struct workspace *ws, const struct factor *f, size_t M, const float *A, size_t lda,
                     bool transposed, float beta, float *C, size_t ldc);

/* B [N,K]: a linear layer, y = x W^T. */
void gemm_nt(struct workspace *ws, size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B,
             size_t ldb, float beta, float *C, size_t ldc);

/* B [K,N]: its input's gradient, dx = dy W. */
void gemm_nn(struct workspace *ws, size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B,
             size_t ldb, float beta, float *C, size_t ldc);

/* A [K,M], B [K,N]: its weight's gradient, dW += dy^T x. */
void gemm_tn(struct workspace *ws, size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B,
             size_t ldb, float beta, float *C, size_t ldc);

#endif
