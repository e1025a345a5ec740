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
static void resample(const struct agreement *agreement, struct agreement *drawn,
                     const struct classes *classes, uint64_t seed, size_t number, double metrics[METRICS])
{
    agreement_clear(drawn);
    for (uint64_t i = 0; i < agreement->n; i++)
        agreement_add(drawn,
                      &agreement->samples[random_below(agreement->n, seed, RANDOM_BOOTSTRAP, number, i)]);
    agreement_figures(drawn, classes, metrics);
}

/* Of a's figures, or of their differences from b's where b is not NULL. */
static void intervals_of(const struct agreement *a, const struct agreement *b, const struct classes *classes,
                         size_t resamples, uint64_t seed, struct interval intervals[METRICS])
{
    double *values = memory_new(METRICS * resamples, sizeof *values); /* [FIGURES, resamples] */
    struct agreement drawn = {0};
    for (size_t r = 0; r < resamples; r++) {
        double metrics[METRICS], other[METRICS] = {0};
        resample(a, &drawn, classes, seed, r, metrics);
        if (b)
            resample(b, &drawn, classes, seed, r, other);
        for (int f = 0; f < METRICS; f++)
            values[(size_t)f * resamples + r] = metrics[f] - other[f];
    }
    for (int f = 0; f < METRICS; f++)
        intervals[f] = bootstrap_percentiles(values + (size_t)f * resamples, resamples);
    agreement_free(&drawn);
    free(values);
}

void bootstrap_intervals(const struct agreement *agreement, const struct classes *classes, size_t resamples,
                         uint64_t seed, struct interval intervals[METRICS])
{
    intervals_of(agreement, NULL, classes, resamples, seed, intervals);
}

void bootstrap_differences(const struct agreement *a, const struct agreement *b,
                           const struct classes *classes, size_t resamples, uint64_t seed,
                           struct interval intervals[METRICS])
{
    intervals_of(a, b, classes, resamples, seed, intervals);
}
