#include "linear/internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

/* Candidates scale * 10^g, from the largest down. */
struct grid {
    double most, least, step;
};
static const struct grid ridge_grid = {3, -5, 0.25}, descent_grid = {1, -3, 0.5};

static size_t grid_size(const struct grid *grid)
{
    return (size_t)lround((grid->most - grid->least) / grid->step) + 1;
}

static double *penalties_of(const struct grid *grid, double scale, size_t *count)
{
    *count = grid_size(grid);
    double *penalties = memory_new(*count, sizeof *penalties);
    for (size_t i = 0; i < *count; i++)
        penalties[i] = scale * pow(10, grid->most - grid->step * (double)i);
    return penalties;
}

uint64_t linear_memory(enum linear_kind kind, size_t count, size_t width, size_t classes, int threads)
{
    return (uint64_t)(kind == LINEAR_RIDGE
                          ? ridge_memory(count, width, grid_size(&ridge_grid), threads)
                          : descent_memory(kind == LINEAR_ORDINAL, count, width, classes, threads));
}

static void check_penalties(const struct linear_options *options)
{
    for (size_t i = 0; i < options->penalty_count; i++)
        if (!(options->penalties[i] > 0 && isfinite(options->penalties[i])))
            die(STATUS_USAGE, "a penalty of %g: expected a number greater than 0", options->penalties[i]);
}

struct linear_head *linear_fit(const struct linear_data *data, const struct linear_options *options,
                               struct pool *pool)
{
    struct design design;
    check_penalties(options);
    design_init(&design, data, options->standardise, pool);
    bool ridge = options->kind == LINEAR_RIDGE;
    size_t count = options->penalty_count;
    const double *penalties = options->penalties;
    double *candidates = NULL;
    if (count == 0)
        penalties = candidates = penalties_of(ridge ? &ridge_grid : &descent_grid, design.scale, &count);
    struct linear_head *head = ridge ? ridge_fit(&design, penalties, count, pool)
                                     : descent_fit(&design, options, penalties, count, pool);
    free(candidates);
    design_free(&design);
    return head;
}
