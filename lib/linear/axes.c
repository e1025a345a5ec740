/* There are two ways to the axes; the shorter side of A decides:
 *     n >= X   A^T A = V diag(s) V^T
 *     n <  X   A A^T = Y diag(s) Y^T,  A V = Y diag(sqrt(s)),  and V = A^T Y diag(1 / sqrt(s)). */
#include "linear/internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { RUN = 512, TILE = 128 }; /* records, and columns of a Gram matrix, of one item of work */

static size_t parts(size_t count, size_t part) { return (count + part - 1) / part; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* ---- The Gram matrix, in tiles of its upper triangle ---- */

struct gram {
    bool tall;
    size_t R, X;
    double *at;         /* [R, R] */
    const double *rows; /* [row_count, X] of A */
    size_t row_count;
};

static void gram_tile(void *context, size_t item, int worker)
{
    (void)worker;
    const struct gram *g = context;
    size_t tiles = parts(g->R, TILE), i = item / tiles * TILE, j = item % tiles * TILE, X = g->X;
    if (i > j)
        return;
    size_t height = smaller(TILE, g->R - i), width = smaller(TILE, g->R - j);
    double *to = g->at + i * g->R + j;
    if (g->tall)
        dgemm(true, false, height, width, g->row_count, g->rows + i, X, g->rows + j, X, 1, to, g->R);
    else
        dgemm(false, true, height, width, X, g->rows + i * X, X, g->rows + j * X, X, 1, to, g->R);
}

void axes_init(struct axes *a, const struct design *d, struct pool *pool)
{
    size_t n = d->data->count, X = d->data->width, R = smaller(n, X);
    *a = (struct axes){.design = d, .tall = n >= X, .R = R, .s = memory_new(R, sizeof *a->s)};
    size_t run = a->tall ? RUN : n;
    a->vectors = memory_zeroed(R * R, sizeof *a->vectors);
    a->rows = memory_new(run * X, sizeof *a->rows);
    struct gram gram = {.tall = a->tall, .R = R, .X = X, .at = a->vectors, .rows = a->rows};
    for (size_t first = 0; first < n; first += run) {
        gram.row_count = smaller(run, n - first);
        design_rows(d, first, gram.row_count, true, a->rows);
        pool_run(pool, parts(R, TILE) * parts(R, TILE), gram_tile, &gram);
    }
    eigen(R, a->vectors, a->s);
    for (size_t j = 0; j < R; j++)
        a->s[j] = fmax(a->s[j], 0);
    if (a->tall) {
        free(a->rows);
        a->rows = NULL;
    }
}

void axes_free(struct axes *a)
{
    free(a->s);
    free(a->vectors);
    free(a->rows);
}

/* Doubles that axes_init takes: the matrix, LAPACK's two, and rows of A. */
double axes_memory(size_t n, size_t X)
{
    double R = (double)smaller(n, X);
    return 3 * R * R + (double)(n < X ? n : smaller(n, RUN)) * (double)X;
}

void axes_rows(const struct axes *a, size_t first, size_t count, double *Z)
{
    size_t X = a->design->data->width;
    if (a->tall) {
        double *rows = memory_new(count * X, sizeof *rows);
        design_rows(a->design, first, count, true, rows);
        dgemm(false, true, count, a->R, X, rows, X, a->vectors, a->R, 0, Z, a->R);
        free(rows);
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < a->R; j++)
            Z[i * a->R + j] = a->vectors[j * a->R + first + i] * sqrt(a->s[j]);
}

void axes_project(const struct axes *a, const double *z, double *q)
{
    size_t n = a->design->data->count, X = a->design->data->width;
    if (!a->tall) {
        dgemm(false, false, a->R, 1, a->R, a->vectors, a->R, z, 1, 0, q, 1);
        for (size_t j = 0; j < a->R; j++)
            q[j] *= sqrt(a->s[j]);
        return;
    }
    double *moment = memory_zeroed(X, sizeof *moment); /* A^T z */
    double *rows = memory_new(smaller(RUN, n) * X, sizeof *rows);
    for (size_t first = 0; first < n; first += RUN) {
        size_t count = smaller(RUN, n - first);
        design_rows(a->design, first, count, true, rows);
        dgemm(true, false, X, 1, count, rows, X, z + first, 1, 1, moment, 1);
    }
    dgemm(false, false, a->R, 1, a->R, a->vectors, a->R, moment, 1, 0, q, 1);
    free(rows);
    free(moment);
}

void axes_combine(const struct axes *a, const double *b, double *v)
{
    size_t n = a->design->data->count, X = a->design->data->width;
    if (a->tall) {
        dgemm(true, false, X, 1, a->R, a->vectors, a->R, b, 1, 0, v, 1);
        return;
    }
    double *scaled = memory_new(a->R, sizeof *scaled), *by_record = memory_new(n, sizeof *by_record);
    for (size_t j = 0; j < a->R; j++)
        scaled[j] = a->s[j] > 0 ? b[j] / sqrt(a->s[j]) : 0;
    dgemm(true, false, n, 1, a->R, a->vectors, a->R, scaled, 1, 0, by_record, 1);
    dgemm(true, false, X, 1, n, a->rows, X, by_record, 1, 0, v, 1);
    free(scaled);
    free(by_record);
}
