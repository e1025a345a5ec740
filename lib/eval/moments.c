#include "eval/moments.h"

#include <math.h>

void moments_add_times(struct moments *m, double a, double b, uint64_t times)
{
    if (times == 0)
        return;
    double count = (double)times, before = (double)m->n, share = count / (before + count);
    double da = a - m->mean_a, db = b - m->mean_b;
    m->n += times;
    m->mean_a += da * share;
    m->mean_b += db * share;
    m->aa += da * da * before * share;
    m->bb += db * db * before * share;
    m->ab += da * db * before * share;
    m->absolute += count * fabs(a - b);
    m->squared += count * (a - b) * (a - b);
}

void moments_add(struct moments *m, double a, double b) { moments_add_times(m, a, b, 1); }

double moments_mae(const struct moments *m) { return m->n ? m->absolute / (double)m->n : NAN; }

double moments_rmse(const struct moments *m) { return m->n ? sqrt(m->squared / (double)m->n) : NAN; }

double moments_pearson(const struct moments *m)
{
    return m->aa > 0 && m->bb > 0 ? m->ab / sqrt(m->aa) / sqrt(m->bb) : NAN;
}

double moments_smd(const struct moments *m)
{
    if (m->n < 2 || !(m->aa + m->bb > 0))
        return NAN;
    return (m->mean_b - m->mean_a) / sqrt((m->aa + m->bb) / 2 / (double)(m->n - 1));
}
