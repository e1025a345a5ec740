/* Our own matrix product: right for odd sizes and every layout, a row's bits alone its own business, the two
 * instruction sets equal to the last bit. */
#include "base/memory.h"
#include "base/random.h"
#include "nn/kernels.h"
#include "nn/matmul.h"

#include "check.h"

static float *numbers(size_t n, uint64_t stream)
{
    float *x = memory_aligned(n + 1, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)random_normal(11, RANDOM_INIT, stream, i);
    return x;
}

struct sizes {
    size_t M, N, K;
};

/* Against the sum in double, A and B each by rows and by columns. */
static void test_right(const struct matmul_kernel *kernel, struct sizes s, bool a_by_columns, bool b_by_columns, bool add)
{
    size_t lda = a_by_columns ? s.M + 3 : s.K + 3, ldb = b_by_columns ? s.K + 1 : s.N + 1, ldc = s.N + 2;
    struct matrix A = {numbers((s.M + 3) * (s.K + 3), 1), a_by_columns ? 1 : lda, a_by_columns ? lda : 1};
    struct matrix B = {numbers((s.N + 1) * (s.K + 1), 2), b_by_columns ? 1 : ldb, b_by_columns ? ldb : 1};
    float *C = numbers(s.M * ldc, 3), *before = numbers(s.M * ldc, 3);
    matmul(kernel, s.M, s.N, s.K, A, B, add, C, ldc);
    size_t wrong = 0;
    for (size_t i = 0; i < s.M; i++)
        for (size_t j = 0; j < ldc; j++) {
            double sum = j >= s.N || add ? before[i * ldc + j] : 0, size = 1;
            for (size_t k = 0; k < s.K && j < s.N; k++) {
                double product = (double)A.at[i * A.row + k * A.column] * B.at[k * B.row + j * B.column];
                sum += product;
                size += fabs(product);
            }
            wrong += !(fabs(C[i * ldc + j] - sum) <= 1e-6 * size); /* columns beyond N must not change */
        }
    CHECK(wrong == 0);
    free((float *)(uintptr_t)A.at);
    free((float *)(uintptr_t)B.at);
    free(C);
    free(before);
}

/* A row alone gives the bits it has among others, wherever it stands. */
static void test_rows(const struct matmul_kernel *kernel, struct sizes s)
{
    float *A = numbers(s.M * s.K, 4), *B = numbers(s.N * s.K, 5);
    float *all = memory_aligned(s.M * s.N, sizeof *all), *one = memory_aligned(s.N, sizeof *one);
    struct matrix right = {B, s.N, 1};
    matmul(kernel, s.M, s.N, s.K, (struct matrix){A, s.K, 1}, right, false, all, s.N);
    size_t differ = 0;
    for (size_t i = 0; i < s.M; i++) {
        matmul(kernel, 1, s.N, s.K, (struct matrix){A + i * s.K, s.K, 1}, right, false, one, s.N);
        differ += memcmp(one, all + i * s.N, s.N * sizeof *one) != 0;
    }
    CHECK(differ == 0);
    free(A);
    free(B);
    free(all);
    free(one);
}

static void test_same_bits(const struct matmul_kernel *a, const struct matmul_kernel *b, struct sizes s)
{
    float *A = numbers(s.M * s.K, 6), *B = numbers(s.N * s.K, 7);
    float *x = memory_aligned(s.M * s.N, sizeof *x), *y = memory_aligned(s.M * s.N, sizeof *y);
    struct matrix left = {A, 1, s.M}, right = {B, 1, s.K};
    matmul(a, s.M, s.N, s.K, left, right, false, x, s.N);
    matmul(b, s.M, s.N, s.K, left, right, false, y, s.N);
    CHECK(memcmp(x, y, s.M * s.N * sizeof *x) == 0);
    free(A);
    free(B);
    free(x);
    free(y);
}

int main(void)
{
    const struct sizes sizes[] = {{1, 1, 1}, {5, 7, 3}, {6, 64, 16}, {13, 65, 17}, {12, 32, 1}, {25, 33, 40},
                                  {50, 17, 513}, {97, 48, 64}, {49, 130, 1100}, {2, 16, 0}, {31, 79, 512}};
    const struct matmul_kernel *kernels[2] = {&matmul_avx2, &matmul_avx512};
    for (int k = 0; k < 2; k++) {
        if (!kernels_named(kernels[k]->name)) {
            printf("matmul: this CPU has no %s\n", kernels[k]->name);
            continue;
        }
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            for (int way = 0; way < 8; way++)
                test_right(kernels[k], sizes[i], way & 1, way & 2, way & 4);
            test_rows(kernels[k], sizes[i]);
            if (kernels_named("avx512"))
                test_same_bits(kernels[0], kernels[k], sizes[i]);
        }
    }
    return check_report("matmul");
}
