#ifdef __x86_64__
#include <immintrin.h>

#include "nn/matmul.h"

/* R rows by W vectors of C in registers: R W sums, W vectors of B and one broadcast element of A. */
#define ALWAYS static inline __attribute__((always_inline))

ALWAYS void tile_block(const int R, const int W, const struct tile *t, const float *a, float *c)
{
    __m512 sum[12][4];
#pragma GCC unroll 12
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
        for (int w = 0; w < W; w++)
            sum[r][w] = _mm512_setzero_ps();
    const float *b = t->b;
    const size_t a_row = t->a_row, a_step = t->a_step;
    for (size_t k = 0; k < t->K; k++, b += 16 * W, a += a_step) {
        __m512 row[4];
#pragma GCC unroll 4
        for (int w = 0; w < W; w++)
            row[w] = _mm512_load_ps(b + 16 * w);
#pragma GCC unroll 12
        for (int r = 0; r < R; r++) {
            __m512 x = _mm512_set1_ps(a[(size_t)r * a_row]);
#pragma GCC unroll 4
            for (int w = 0; w < W; w++)
                sum[r][w] = _mm512_fmadd_ps(x, row[w], sum[r][w]);
        }
    }
    size_t last = t->columns - 16 * (size_t)(W - 1); /* columns of the last vector */
    __mmask16 mask = (__mmask16)((1u << last) - 1);
#pragma GCC unroll 12
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
        for (int w = 0; w < W; w++) {
            float *to = c + (size_t)r * t->ldc + 16 * w;
            __mmask16 m = w == W - 1 ? mask : 0xFFFF;
            __m512 value = sum[r][w];
            if (t->add)
                value = _mm512_add_ps(_mm512_maskz_loadu_ps(m, to), value);
            _mm512_mask_storeu_ps(to, m, value);
        }
}

/* All rows: blocks of R, then what is left by halves. */
ALWAYS void tile_rows(const int R, const int W, const struct tile *t)
{
    size_t i = 0;
    for (; i + (size_t)R <= t->rows; i += (size_t)R)
        tile_block(R, W, t, t->a + i * t->a_row, t->c + i * t->ldc);
    if (R > 8 && t->rows - i >= 8) {
        tile_block(8, W, t, t->a + i * t->a_row, t->c + i * t->ldc);
        i += 8;
    }
    if (R > 4 && t->rows - i >= 4) {
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
    switch ((t->columns + 15) / 16) {
    case 1: tile_rows(12, 1, t); break;
    case 2: tile_rows(12, 2, t); break;
    case 3: tile_rows(8, 3, t); break;
    default: tile_rows(6, 4, t); break;
    }
}

const struct matmul_kernel matmul_avx512 = {"avx512", 16, 64, tile};
#endif
