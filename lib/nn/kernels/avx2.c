/* Eight lanes of AVX2 with fused multiply-add. */
#include <immintrin.h>
#include <string.h>

#include "nn/kernels/kernels.h"

enum { LANES = 8 };
typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint8_t octets __attribute__((vector_size(LANES)));

static const int32_t ones_then_zeros[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};

static inline __m256i first_lanes(size_t lanes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)(ones_then_zeros + LANES - lanes));
}

static inline vector all(float x) { return _mm256_set1_ps(x); }

static inline vector load(const float *from, size_t lanes)
{
    return lanes >= LANES ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, first_lanes(lanes));
}

static inline void store(float *to, vector v, size_t lanes)
{
    if (lanes >= LANES)
        _mm256_storeu_ps(to, v);
    else
        _mm256_maskstore_ps(to, first_lanes(lanes), v);
}

static inline vector fused(vector a, vector b, vector c) { return _mm256_fmadd_ps(a, b, c); }

static inline vector pick(integers mask, vector yes, vector no)
{
    return _mm256_blendv_ps(no, yes, (__m256)mask);
}

static inline vector larger(vector a, vector b) { return _mm256_max_ps(a, b); }

static inline vector smaller(vector a, vector b) { return _mm256_min_ps(a, b); }

static inline vector square_root(vector a) { return _mm256_sqrt_ps(a); }

/* p 2^k, through the exponent's bits. */
static inline vector scaled(vector p, vector k)
{
    return p * (vector)((__builtin_convertvector(k, integers) + 127) << 23);
}

static inline float sum_lanes(vector v)
{
    __m128 w = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    w = _mm_add_ps(w, _mm_movehl_ps(w, w));
    return _mm_cvtss_f32(_mm_add_ss(w, _mm_movehdup_ps(w)));
}

static inline float largest_lane(vector v)
{
    __m128 w = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    w = _mm_max_ps(w, _mm_movehl_ps(w, w));
    return _mm_cvtss_f32(_mm_max_ss(w, _mm_movehdup_ps(w)));
}

static inline vector kept_lanes(vector v, const uint8_t *mask, size_t first)
{
    const integers one = {1, 2, 4, 8, 16, 32, 64, 128};
    integers bits = (integers)_mm256_set1_epi32(mask[first / 8]) & one;
    return _mm256_and_ps(v, (__m256)(bits == one));
}

static inline words high_product(words a, uint32_t b)
{
    __m256i factor = _mm256_set1_epi64x(b);
    __m256i even = _mm256_mul_epu32((__m256i)a, factor);
    __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64((__m256i)a, 32), factor);
    return (words)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}

/* to [columns][ld_to] = transpose of `from` [rows][ld], up to LANES of each; missing rows become zeros. */
static inline void transpose(float *to, size_t ld_to, const float *from, size_t ld, size_t rows,
                             size_t columns)
{
    vector r[LANES], s[LANES];
    for (size_t i = 0; i < LANES; i++)
        r[i] = i < rows ? load(from + i * ld, columns) : (vector){0};
    for (int i = 0; i < LANES; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4)
        for (int j = 0; j < 2; j++) {
            r[i + 2 * j] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0x44);
            r[i + 2 * j + 1] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0xEE);
        }
    for (size_t i = 0; i < 4; i++) {
        if (i < columns)
            store(to + i * ld_to, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20), LANES);
        if (i + 4 < columns)
            store(to + (i + 4) * ld_to, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31), LANES);
    }
}

#define TILE_ROWS 6
#define TILE_VECTORS 2
#define KERNELS kernels_avx2
#define KERNELS_NAME "avx2"
#include "nn/kernels/template.h"
