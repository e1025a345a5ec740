/* Matrix products.  One call never spans more than one sequence, so that a text's numbers do not depend on
 * what is computed beside it. */
#ifndef RUBRIC_NN_GEMM_H
#define RUBRIC_NN_GEMM_H

#include <stddef.h>

/* C [M,N] = A [M,K] B [N,K]^T: a linear layer, y = x W^T.  `beta` (0 or 1) times what C held is added. */
void gemm_nt(size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B, size_t ldb, float beta, float *C,
             size_t ldc);

/* C [M,N] = A [M,K] B [K,N]: its input's gradient, dx = dy W. */
void gemm_nn(size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B, size_t ldb, float beta, float *C,
             size_t ldc);

/* C [M,N] = A [K,M]^T B [K,N]: its weight's gradient, dW += dy^T x. */
void gemm_tn(size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B, size_t ldb, float beta, float *C,
             size_t ldc);

#endif
