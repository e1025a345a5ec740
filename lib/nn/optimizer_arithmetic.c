#include "nn/optimizer_arithmetic.h"

#include <math.h>
#include <stdbool.h>

/* Loops here are plain C that the compiler vectorises; on x86-64 it makes a version for each width and the
 * machine's best is taken when the program is loaded. */
#if defined(__x86_64__) && defined(__gnu_linux__)
#define EACH_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EACH_WIDTH
#endif
#define IN_LOOP static inline __attribute__((always_inline))

/* Elements whose state stays in registers (or the first cache) over many replayed steps. */
enum { BLOCK = 64, LANES = 16 };

IN_LOOP float without_dust(float x, float least) { return fabsf(x) < least ? 0 : x; }

IN_LOOP void update_element(float *p, float *m, float *v, float g, const struct step_factors *f)
{
    float first = without_dust(*m + f->new1 * (g - *m), 0x1p-90f);
    float second = without_dust(f->keep2 * *v + f->new2 * g * g, 0x1p-120f);
    *p = *p * f->decay + -f->rate * first / (sqrtf(second) / f->root + f->epsilon);
    *m = first;
    *v = second;
}

EACH_WIDTH
void adamw_update(float *restrict p, float *restrict m, float *restrict v, const float *restrict g,
                  size_t count, const struct step_factors *factors, float scale)
{
    struct step_factors f = *factors;
    for (size_t i = 0; i < count; i++)
        update_element(&p[i], &m[i], &v[i], scale * g[i], &f);
}

/* Whether every moment is 0: then a step without a gradient only decays. */
IN_LOOP bool at_rest(const float *m, const float *v, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fmaxf(fabsf(m[i]), v[i]));
    return most == 0;
}

IN_LOOP void replay_block(float *restrict p, float *restrict m, float *restrict v, size_t count,
                          const struct step_factors *factors, size_t steps)
{
    if (at_rest(m, v, count)) {
        for (size_t s = 0; s < steps; s++)
            for (size_t i = 0; i < count; i++)
                p[i] *= factors[s].decay;
        return;
    }
    for (size_t s = 0; s < steps; s++) {
        struct step_factors f = factors[s];
        for (size_t i = 0; i < count; i++)
            update_element(&p[i], &m[i], &v[i], 0, &f);
    }
}

EACH_WIDTH
void adamw_replay(float *restrict p, float *restrict m, float *restrict v, size_t count,
                  const struct step_factors *factors, size_t steps)
{
    size_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK)
        replay_block(p + i, m + i, v + i, BLOCK, factors, steps);
    if (i < count)
        replay_block(p + i, m + i, v + i, count - i, factors, steps);
}

EACH_WIDTH
double sum_of_squares(const float *x, size_t count)
{
    double lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lanes[k] += (double)x[i + k] * x[i + k];
    for (size_t k = 0; i + k < count; k++)
        lanes[k] += (double)x[i + k] * x[i + k];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t k = 0; k < width; k++)
            lanes[k] += lanes[k + width];
    return lanes[0];
}
