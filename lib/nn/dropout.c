/* Dropout (Srivastava et al. 2014): each element is kept with probability 1 - rate and then divided by it.
 * A mask is keyed by the seed, the step, the example's number in its batch, the window, the layer and the
 * site, and counted by the element's place, so that neither threads nor other examples change it.  It is
 * drawn once, as bits, and kept for the backward pass: eight draws to a Philox block cost more than a bit's
 * memory. */
#include "nn/encoder.h"

#include "base/random.h"

/* The rate is rounded to a multiple of 2^-16, and the scale is that of the rounded rate: no bias. */
static uint32_t threshold_of(float rate) { return (uint32_t)(rate * 65536 + 0.5f); }

struct dropout dropout_draw(const struct pass *pass, const struct window *w, enum dropout_site site,
                            int layer, float rate, size_t rows, size_t n)
{
    uint32_t threshold = threshold_of(rate);
    if (!pass->step || !pass->step->dropout || threshold == 0)
        return (struct dropout){NULL, 0, 1};
    if (threshold > 65535)
        threshold = 65535;
    size_t stride = (n + 15) / 16 * 2;
    uint8_t *mask = workspace_bytes(pass->ws, rows * stride);
    uint64_t window = w ? w->number : 0;
    uint64_t low = window << 48 | ((uint64_t)layer << 3 | (uint64_t)site) << 32;
    uint64_t high = (uint64_t)RANDOM_DROPOUT << 56 ^ pass->step->step << 24 ^ pass->step->number;
    pass->k->dropout_mask(mask, rows * stride, pass->step->seed, low, high, threshold);
    return (struct dropout){mask, stride, 65536.0f / (float)(65536 - threshold)};
}
