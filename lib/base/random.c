#include "base/random.h"

#include <math.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

void random_block(uint32_t out[4], uint64_t key, uint64_t counter_low, uint64_t counter_high)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)counter_low, c1 = (uint32_t)(counter_low >> 32);
    uint32_t c2 = (uint32_t)counter_high, c3 = (uint32_t)(counter_high >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53 * c0, p1 = (uint64_t)0xCD9E8D57 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* The use enters the counter's top byte: `a` keeps 56 bits, which no run exhausts. */
static void block_for(uint32_t out[4], uint64_t seed, enum random_use use, uint64_t a, uint64_t b)
{
    random_block(out, seed, b, a ^ (uint64_t)use << 56);
}

uint64_t random_bits(uint64_t seed, enum random_use use, uint64_t a, uint64_t b)
{
    uint32_t out[4];
    block_for(out, seed, use, a, b);
    return (uint64_t)out[1] << 32 | out[0];
}

double random_uniform(uint64_t seed, enum random_use use, uint64_t a, uint64_t b)
{
    return (double)(random_bits(seed, use, a, b) >> 11) * 0x1p-53;
}

double random_normal(uint64_t seed, enum random_use use, uint64_t a, uint64_t b)
{
    uint32_t out[4];
    block_for(out, seed, use, a, b);
    double u = ((double)((uint64_t)out[1] << 21 | out[0] >> 11) + 1) * 0x1p-53; /* in (0, 1] */
    double v = (double)((uint64_t)out[3] << 21 | out[2] >> 11) * 0x1p-53;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* The 128-bit product is a compiler extension, as wide as both our platforms need. */
__extension__ typedef unsigned __int128 wide;

uint64_t random_below(uint64_t bound, uint64_t seed, enum random_use use, uint64_t a, uint64_t b)
{
    return (uint64_t)((wide)random_bits(seed, use, a, b) * bound >> 64);
}

void random_permutation(uint32_t *order, size_t n, uint64_t seed, enum random_use use, uint64_t a)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        size_t j = random_below(i, seed, use, a, i);
        uint32_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

uint64_t random_hash(const void *bytes, size_t size, uint64_t seed, enum random_use use)
{
    return XXH3_64bits_withSeed(bytes, size, random_bits(seed, use, 0, 0));
}
