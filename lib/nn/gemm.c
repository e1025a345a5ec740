#include "nn/gemm.h"

#include <cblas.h>
#include <string.h>

#include "nn/blas.h"

static void openblas_multiply(const struct factor *f, size_t M, const float *A, size_t lda, bool transposed,
                              float beta, float *C, size_t ldc)
{
    blas_enter();
    cblas_sgemm(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans,
                f->transposed ? CblasTrans : CblasNoTrans, blas_size(M), blas_size(f->N), blas_size(f->K), 1,
                A, blas_size(lda), f->B, blas_size(f->ldb), beta, C, blas_size(ldc));
    blas_leave();
}

size_t factor_size(const struct kernels *k, size_t N, size_t K)
{
    return k->gemm ? (N + k->panel - 1) / k->panel * k->panel * K : 0;
}

struct factor factor_into(const struct kernels *k, float *packed, size_t N, size_t K, const float *B,
                          size_t ldb, bool transposed)
{
    struct factor f = {.N = N, .K = K, .B = B, .ldb = ldb, .transposed = transposed};
    if (k->gemm) {
        (transposed ? k->pack_t : k->pack_n)(packed, B, ldb, N, K);
        f.packed = packed;
    }
    return f;
}

struct factor factor_new(struct workspace *ws, size_t N, size_t K, const float *B, size_t ldb,
                         bool transposed)
{
    size_t size = factor_size(ws->kernels, N, K);
    return factor_into(ws->kernels, size ? workspace_floats(ws, size) : NULL, N, K, B, ldb, transposed);
}

void factor_multiply(struct workspace *ws, const struct factor *f, size_t M, const float *A, size_t lda,
                     bool transposed, float beta, float *C, size_t ldc)
{
    if (!f->packed) {
        openblas_multiply(f, M, A, lda, transposed, beta, C, ldc);
        return;
    }
    struct workspace_mark mark = workspace_mark(ws);
    float *scratch = workspace_floats(ws, ws->kernels->scratch);
    ws->kernels->gemm(M, f->N, f->K, A, transposed ? 1 : lda, transposed ? lda : 1, f->packed, beta > 0, C,
                      ldc, scratch);
    workspace_release(ws, mark);
}

static void pack_and_multiply(struct workspace *ws, size_t M, size_t N, size_t K, const float *A, size_t lda,
                              bool transposed_A, const float *B, size_t ldb, bool transposed_B, float beta,
                              float *C, size_t ldc)
{
    struct workspace_mark mark = workspace_mark(ws);
    struct factor f = factor_new(ws, N, K, B, ldb, transposed_B);
    factor_multiply(ws, &f, M, A, lda, transposed_A, beta, C, ldc);
    workspace_release(ws, mark);
}

void gemm_nt(struct workspace *ws, size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B,
             size_t ldb, float beta, float *C, size_t ldc)
{
    if (M > FEW_ROWS) {
        pack_and_multiply(ws, M, N, K, A, lda, false, B, ldb, true, beta, C, ldc);
        return;
    }
    for (size_t i = 0; i < M; i++)
        ws->kernels->dots(C + i * ldc, A + i * lda, B, ldb, beta > 0, N, K);
}

void gemm_nn(struct workspace *ws, size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B,
             size_t ldb, float beta, float *C, size_t ldc)
{
    if (M > FEW_ROWS) {
        pack_and_multiply(ws, M, N, K, A, lda, false, B, ldb, false, beta, C, ldc);
        return;
    }
    for (size_t i = 0; i < M && !(beta > 0); i++)
        memset(C + i * ldc, 0, N * sizeof *C);
    for (size_t k = 0; k < K; k++)
        for (size_t i = 0; i < M; i++)
            ws->kernels->add_scaled(C + i * ldc, B + k * ldb, A[i * lda + k], N);
}

void gemm_tn(struct workspace *ws, size_t M, size_t N, size_t K, const float *A, size_t lda, const float *B,
             size_t ldb, float beta, float *C, size_t ldc)
{
    pack_and_multiply(ws, M, N, K, A, lda, true, B, ldb, false, beta, C, ldc);
}
