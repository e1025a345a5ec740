#ifdef __x86_64__
#include <immintrin.h>

#include "nn/matmul.h"

/* R rows by W vectors of C in registers: R W sums, W vectors of B and one broadcast element of A. */
#define ALWAYS static inline __attribute__((always_inline))

/* The first n (1 .. 8) elements of a vector. */
static inline __m256i first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

ALWAYS void tile_block(const int R, const int W, const struct tile *t, const float *a, float *c)
{
    __m256 sum[6][2];
#pragma GCC unroll 6
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int w = 0; w < W; w++)
            sum[r][w] = _mm256_setzero_ps();
    const float *b = t->b;
    const size_t a_row = t->a_row, a_step = t->a_step;
    for (size_t k = 0; k < t->K; k++, b += 8 * W, a += a_step) {
        __m256 row[2];
#pragma GCC unroll 2
        for (int w = 0; w < W; w++)
            row[w] = _mm256_load_ps(b + 8 * w);
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
            __m256 x = _mm256_broadcast_ss(a + (size_t)r * a_row);
#pragma GCC unroll 2
            for (int w = 0; w < W; w++)
                sum[r][w] = _mm256_fmadd_ps(x, row[w], sum[r][w]);
        }
    }
    __m256i mask = first(t->columns - 8 * (size_t)(W - 1)); /* columns of the last vector */
#pragma GCC unroll 6
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int w = 0; w < W; w++) {
            float *to = c + (size_t)r * t->ldc + 8 * w;
            __m256i m = w == W - 1 ? mask : _mm256_set1_epi32(-1);
            __m256 value = sum[r][w];
            if (t->add)
                value = _mm256_add_ps(_mm256_maskload_ps(to, m), value);
            _mm256_maskstore_ps(to, m, value);
        }
}

ALWAYS void tile_rows(const int W, const struct tile *t)
{
    size_t i = 0;
    for (; i + 6 <= t->rows; i += 6)
        tile_block(6, W, t, t->a + i * t->a_row, t->c + i * t->ldc);
    if (t->rows - i >= 4) {
        tile_block(4, W, t, t->a + i * t->a_row, t->c + i * t->ldc);
        i += 4;
    }
    if (t->rows - i >= 2) {
        tile_block(2, W, t, t->a + i * t->a_row, t->c + i * t->ldc);
        i += 2;
    }
    if (i < t->rows)
        tile_block(1, W, t, t->a + i * t->a_row, t->c + i * t->ldc);
}

static void tile(const struct tile *t)
{
    if (t->columns <= 8)
        tile_rows(1, t);
    else
        tile_rows(2, t);
}

const struct matmul_kernel matmul_avx2 = {"avx2", 8, 16, tile};
#endif
