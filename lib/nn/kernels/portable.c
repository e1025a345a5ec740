/* Plain C, four lanes at a time as the compiler sees fit: the path for every CPU. */
#include <string.h>

#include "nn/kernels/kernels.h"

enum { LANES = 4 };
typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint8_t octets __attribute__((vector_size(LANES)));

static inline vector all(float x) { return (vector){x, x, x, x}; }

static inline vector load(const float *from, size_t lanes)
{
    vector v = {0};
    if (lanes >= LANES)
        memcpy(&v, from, sizeof v); /* a size that the compiler knows: one instruction */
    else
        memcpy(&v, from, lanes * sizeof(float));
    return v;
}

static inline void store(float *to, vector v, size_t lanes)
{
    if (lanes >= LANES)
        memcpy(to, &v, sizeof v);
    else
        memcpy(to, &v, lanes * sizeof(float));
}

static inline vector fused(vector a, vector b, vector c) { return a * b + c; }

static inline vector pick(integers mask, vector yes, vector no)
{
    return (vector)((mask & (integers)yes) | (~mask & (integers)no));
}

static inline vector larger(vector a, vector b) { return pick(a > b, a, b); }

static inline vector smaller(vector a, vector b) { return pick(a < b, a, b); }

static inline vector square_root(vector a)
{
    return (vector){__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]),
                    __builtin_sqrtf(a[3])};
}

/* p 2^k, through the exponent's bits. */
static inline vector scaled(vector p, vector k)
{
    return p * (vector)((__builtin_convertvector(k, integers) + 127) << 23);
}

static inline float sum_lanes(vector v) { return (v[0] + v[2]) + (v[1] + v[3]); }

static inline float largest_lane(vector v)
{
    vector w = larger(v, (vector){v[2], v[3], v[0], v[1]});
    return w[0] > w[1] ? w[0] : w[1];
}

static inline vector kept_lanes(vector v, const uint8_t *mask, size_t first)
{
    const integers one = {1, 2, 4, 8};
    integers bits = one & (mask[first / 8] >> first % 8);
    return pick(bits == one, v, (vector){0});
}

static inline words high_product(words a, uint32_t b)
{
    words p;
    for (int i = 0; i < LANES; i++)
        p[i] = (uint32_t)((uint64_t)a[i] * b >> 32);
    return p;
}

#define KERNELS kernels_portable
#define KERNELS_NAME "portable"
#include "nn/kernels/template.h"
