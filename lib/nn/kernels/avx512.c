/* Sixteen lanes of AVX-512. */
#include <immintrin.h>
#include <string.h>

#include "nn/kernels/kernels.h"

enum { LANES = 16 };
typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint8_t octets __attribute__((vector_size(LANES)));

static inline __mmask16 first_lanes(size_t lanes)
{
    return (__mmask16)(lanes >= LANES ? 0xFFFFu : (1u << lanes) - 1);
}

static inline vector all(float x) { return _mm512_set1_ps(x); }

static inline vector load(const float *from, size_t lanes)
{
    return _mm512_maskz_loadu_ps(first_lanes(lanes), from);
}

static inline void store(float *to, vector v, size_t lanes)
{
    _mm512_mask_storeu_ps(to, first_lanes(lanes), v);
}

static inline vector fused(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }

static inline vector pick(integers mask, vector yes, vector no)
{
    return _mm512_mask_mov_ps(no, _mm512_movepi32_mask((__m512i)mask), yes);
}

static inline vector larger(vector a, vector b) { return _mm512_max_ps(a, b); }

static inline vector smaller(vector a, vector b) { return _mm512_min_ps(a, b); }

static inline vector square_root(vector a) { return _mm512_sqrt_ps(a); }

/* p 2^k */
static inline vector scaled(vector p, vector k) { return _mm512_scalef_ps(p, k); }

static inline float sum_lanes(vector v) { return _mm512_reduce_add_ps(v); }

static inline float largest_lane(vector v) { return _mm512_reduce_max_ps(v); }

static inline vector kept_lanes(vector v, const uint8_t *mask, size_t first)
{
    uint16_t bits;
    memcpy(&bits, mask + first / 8, sizeof bits);
    return _mm512_maskz_mov_ps(bits, v);
}

static inline words high_product(words a, uint32_t b)
{
    __m512i factor = _mm512_set1_epi64(b);
    __m512i even = _mm512_mul_epu32((__m512i)a, factor);
    __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64((__m512i)a, 32), factor);
    return (words)_mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xAAAA, odd);
}

/* to [columns][ld_to] = transpose of `from` [rows][ld], up to LANES of each; missing rows become zeros. */
static inline void transpose(float *to, size_t ld_to, const float *from, size_t ld, size_t rows,
                             size_t columns)
{
    vector r[LANES], s[LANES];
    for (size_t i = 0; i < LANES; i++)
        r[i] = i < rows ? load(from + i * ld, columns) : (vector){0};
    for (int i = 0; i < LANES; i += 2) {
        s[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4)
        for (int j = 0; j < 2; j++) { /* r[i + c] lane l: column 4 l + c of rows i .. i + 3 */
            r[i + 2 * j] = _mm512_shuffle_ps(s[i + j], s[i + j + 2], 0x44);
            r[i + 2 * j + 1] = _mm512_shuffle_ps(s[i + j], s[i + j + 2], 0xEE);
        }
    for (int c = 0; c < 4; c++) {
        vector low_even = _mm512_shuffle_f32x4(r[c], r[c + 4], 0x88);
        vector low_odd = _mm512_shuffle_f32x4(r[c], r[c + 4], 0xDD);
        vector up_even = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0x88);
        vector up_odd = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0xDD);
        s[c] = _mm512_shuffle_f32x4(low_even, up_even, 0x88);
        s[c + 4] = _mm512_shuffle_f32x4(low_odd, up_odd, 0x88);
        s[c + 8] = _mm512_shuffle_f32x4(low_even, up_even, 0xDD);
        s[c + 12] = _mm512_shuffle_f32x4(low_odd, up_odd, 0xDD);
    }
    for (size_t i = 0; i < LANES && i < columns; i++)
        store(to + i * ld_to, s[i], LANES);
}

#define TILE_ROWS 14
#define TILE_VECTORS 2
#define KERNELS kernels_avx512
#define KERNELS_NAME "avx512"
#include "nn/kernels/template.h"
