#include "eval/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between the two nearest of the ordered values, as numpy's default. */
static double quantile(const double *values, size_t count, double q)
{
    double place = q * (double)(count - 1);
    size_t i = (size_t)place;
    double rest = place - (double)i;
    return i + 1 < count ? values[i] + rest * (values[i + 1] - values[i]) : values[i];
}

struct interval bootstrap_percentiles(double *values, size_t count)
{
    size_t defined = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            values[defined++] = values[i];
    if (defined == 0)
        return (struct interval){NAN, NAN};
    qsort(values, defined, sizeof *values, compare_doubles);
    return (struct interval){quantile(values, defined, 0.025), quantile(values, defined, 0.975)};
}

/* The figures of one resample; the same records for the same seed and number. */
static void resample(const struct pairs *pairs, struct pairs *drawn, const struct label_set *labels,
                     uint64_t seed, size_t number, double figures[FIGURES])
{
    pairs_clear(drawn);
    for (uint64_t i = 0; i < pairs->n; i++)
        pairs_add(drawn, &pairs->samples[random_below(pairs->n, seed, RANDOM_BOOTSTRAP, number, i)]);
    pairs_figures(drawn, labels, figures);
}

/* Of a's figures, or of their differences from b's where b is not NULL. */
static void intervals_of(const struct pairs *a, const struct pairs *b, const struct label_set *labels,
                         size_t resamples, uint64_t seed, struct interval intervals[FIGURES])
{
    double *values = memory_new(FIGURES * resamples, sizeof *values); /* [FIGURES, resamples] */
    struct pairs drawn = {0};
    for (size_t r = 0; r < resamples; r++) {
        double figures[FIGURES], other[FIGURES] = {0};
        resample(a, &drawn, labels, seed, r, figures);
        if (b)
            resample(b, &drawn, labels, seed, r, other);
        for (int f = 0; f < FIGURES; f++)
            values[(size_t)f * resamples + r] = figures[f] - other[f];
    }
    for (int f = 0; f < FIGURES; f++)
        intervals[f] = bootstrap_percentiles(values + (size_t)f * resamples, resamples);
    pairs_free(&drawn);
    free(values);
}

void bootstrap_intervals(const struct pairs *pairs, const struct label_set *labels, size_t resamples,
                         uint64_t seed, struct interval intervals[FIGURES])
{
    intervals_of(pairs, NULL, labels, resamples, seed, intervals);
}

void bootstrap_differences(const struct pairs *a, const struct pairs *b, const struct label_set *labels,
                           size_t resamples, uint64_t seed, struct interval intervals[FIGURES])
{
    intervals_of(a, b, labels, resamples, seed, intervals);
}
