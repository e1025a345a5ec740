#include "linear/internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

enum { COLUMNS = 64 }; /* of one item of work */

struct statistics {
    struct design *design;
    bool standardise;
    double *squares; /* [X] sum_i w_i (x_ij - mean_j)^2 */
};

static void column_statistics(void *context, size_t item, int worker)
{
    (void)worker;
    const struct statistics *s = context;
    struct design *d = s->design;
    size_t X = d->data->width, first = item * COLUMNS, end = first + COLUMNS < X ? first + COLUMNS : X;
    for (size_t i = 0; i < d->data->count; i++)
        for (size_t j = first; j < end; j++)
            d->mean[j] += design_weight(d, i) * (double)d->data->x[i * X + j];
    for (size_t j = first; j < end; j++)
        d->mean[j] /= d->weight;
    for (size_t i = 0; i < d->data->count; i++)
        for (size_t j = first; j < end; j++) {
            double off = (double)d->data->x[i * X + j] - d->mean[j];
            s->squares[j] += design_weight(d, i) * off * off;
        }
    for (size_t j = first; j < end; j++) {
        double deviation = sqrt(s->squares[j] / d->weight);
        /* A constant column's deviation is rounding: dividing by it would make noise of it. */
        bool varies = deviation > 1e-7 * fabs(d->mean[j]) && deviation > 0;
        d->deviation[j] = s->standardise && varies ? deviation : 1;
        d->factor[j] = 1 / d->deviation[j];
    }
}

void design_init(struct design *d, const struct linear_data *data, bool standardise, struct pool *pool)
{
    if (data->count < 2)
        die(STATUS_INPUT, "a linear head on %zu records: expected at least 2", data->count);
    size_t X = data->width;
    *d = (struct design){.data = data,
                         .mean = memory_zeroed(X, sizeof *d->mean),
                         .deviation = memory_zeroed(X, sizeof *d->deviation),
                         .factor = memory_zeroed(X, sizeof *d->factor)};
    for (size_t i = 0; i < data->count; i++)
        d->weight += design_weight(d, i);
    struct statistics s = {d, standardise, memory_zeroed(X, sizeof *s.squares)};
    pool_run(pool, (X + COLUMNS - 1) / COLUMNS, column_statistics, &s);
    for (size_t j = 0; j < X; j++)
        d->scale += s.squares[j] / (d->deviation[j] * d->deviation[j]) / (double)X;
    if (!isfinite(d->scale))
        die(STATUS_INPUT, "a linear head on vectors or weights that are not finite: expected numbers");
    if (d->scale == 0)
        d->scale = 1;
    free(s.squares);
}

void design_free(struct design *d)
{
    free(d->mean);
    free(d->deviation);
    free(d->factor);
}

void design_rows(const struct design *d, size_t first, size_t count, bool weighted, double *u)
{
    size_t X = d->data->width;
    const double *restrict mean = d->mean, *restrict factor = d->factor;
    for (size_t i = 0; i < count; i++) {
        size_t row = first + i;
        double root = weighted ? sqrt(design_weight(d, row)) : 1;
        const float *restrict x = d->data->x + row * X;
        double *restrict to = u + i * X;
        for (size_t j = 0; j < X; j++)
            to[j] = root * (((double)x[j] - mean[j]) * factor[j]);
    }
}

struct linear_head *design_head(const struct design *d, enum loss loss, int C, int E)
{
    size_t X = d->data->width;
    struct linear_head *head = memory_zeroed(1, sizeof *head);
    *head = (struct linear_head){.loss = loss, .outputs = C, .extras = E, .width = X};
    head->weight = memory_new((size_t)C * X, sizeof *head->weight);
    head->bias = memory_new((size_t)C, sizeof *head->bias);
    head->extra = E ? memory_new((size_t)E, sizeof *head->extra) : NULL;
    head->mean = memory_new(X, sizeof *head->mean);
    head->deviation = memory_new(X, sizeof *head->deviation);
    for (size_t j = 0; j < X; j++) {
        head->mean[j] = d->mean[j];
        head->deviation[j] = d->deviation[j];
    }
    return head;
}

void design_fold(const struct design *d, const double *v, const double *b, struct linear_head *head)
{
    size_t X = d->data->width;
    for (size_t c = 0; c < (size_t)head->outputs; c++) {
        double bias = b[c];
        for (size_t j = 0; j < X; j++) {
            double weight = v[c * X + j] / d->deviation[j];
            head->weight[c * X + j] = (float)weight;
            bias -= weight * d->mean[j];
        }
        head->bias[c] = (float)bias;
    }
}

void linear_free(struct linear_head *head)
{
    if (!head)
        return;
    free(head->weight);
    free(head->bias);
    free(head->extra);
    free(head->mean);
    free(head->deviation);
    free(head->left_out);
    free(head);
}
