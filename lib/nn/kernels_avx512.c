/* Sixteen lanes of AVX-512. */
#include <immintrin.h>
#include <string.h>

#include "nn/kernels.h"

enum { LANES = 16 };
typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint8_t octets __attribute__((vector_size(LANES)));

static inline __mmask16 first_lanes(size_t lanes)
{
    return lanes >= LANES ? (__mmask16)0xFFFF : (__mmask16)((1u << lanes) - 1);
}

static inline vector load(const float *from, size_t lanes) { return _mm512_maskz_loadu_ps(first_lanes(lanes), from); }

static inline void store(float *to, vector v, size_t lanes) { _mm512_mask_storeu_ps(to, first_lanes(lanes), v); }

static inline vector fused(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }

static inline vector pick(integers mask, vector yes, vector no)
{
    return _mm512_mask_mov_ps(no, _mm512_movepi32_mask((__m512i)mask), yes);
}

static inline vector larger(vector a, vector b) { return _mm512_max_ps(a, b); }

static inline vector smaller(vector a, vector b) { return _mm512_min_ps(a, b); }

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

#define KERNELS kernels_avx512
#define KERNELS_NAME "avx512"
#include "nn/kernels_template.h"
