/* With A [n, X] the rows sqrt(w_i) u_i and z_i = sqrt(w_i) (y_i - mean y), everything follows from Z [n, R]
 * and s [R] with A A^T = Z Z^T and Z^T Z = diag(s):
 *     q = Z^T z,   fitted = Z (q / (s + penalty)),   h_i = w_i / W + sum_j Z_ij^2 / (s_j + penalty).
 * There are two ways to them; the shorter side of A decides:
 *     n >= X   A^T A = V diag(s) V^T,  Z = A V
 *     n <  X   A A^T = Y diag(s) Y^T,  Z = Y diag(sqrt(s)),  and V = A^T Y diag(1 / sqrt(s)). */
#include "linear/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { RUN = 512, TILE = 128 }; /* records, and columns of a Gram matrix, of one item of work */

struct ridge {
    const struct design *design;
    struct pool *pool;
    size_t n, X, R;
    double *z;       /* [n] */
    double *s;       /* [R], not negative */
    double *vectors; /* [R, R] rows: columns of V, or of Y */
    double *q;       /* [R] */
    const double *penalties;
    size_t L;               /* candidates */
    double *shrink, *solve; /* [R, L] 1 / (s + penalty), q / (s + penalty) */
    double *left_out;       /* [n, L] z_i - fitted_i where record i is left out */
    double *rows;           /* [RUN, X] or, when n < X, [n, X]: rows of A */
    size_t row_count;
    double *gram; /* [R, R] */
};

static size_t runs(size_t count, size_t run) { return (count + run - 1) / run; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* ---- The Gram matrix, in tiles of its upper triangle ---- */

static void gram_tile(void *context, size_t item, int worker)
{
    (void)worker;
    const struct ridge *r = context;
    size_t tiles = runs(r->R, TILE), i = item / tiles * TILE, j = item % tiles * TILE;
    if (i > j)
        return;
    size_t height = smaller(TILE, r->R - i), width = smaller(TILE, r->R - j);
    double *to = r->gram + i * r->R + j;
    if (r->R == r->X)
        dgemm(true, false, height, width, r->row_count, r->rows + i, r->X, r->rows + j, r->X, 1, to, r->R);
    else
        dgemm(false, true, height, width, r->X, r->rows + i * r->X, r->X, r->rows + j * r->X, r->X, 1, to,
              r->R);
}

static void add_tiles(struct ridge *r)
{
    pool_run(r->pool, runs(r->R, TILE) * runs(r->R, TILE), gram_tile, r);
}

/* s and the eigenvectors, and q. */
static void decompose(struct ridge *r)
{
    bool tall = r->n >= r->X;
    size_t run = tall ? RUN : r->n;
    double *moment = memory_zeroed(r->R, sizeof *moment); /* tall: A^T z */
    r->gram = memory_zeroed(r->R * r->R, sizeof *r->gram);
    r->rows = memory_new(run * r->X, sizeof *r->rows);
    for (size_t first = 0; first < r->n; first += run) {
        r->row_count = smaller(run, r->n - first);
        design_rows(r->design, NULL, first, r->row_count, true, r->rows);
        add_tiles(r);
        if (tall)
            dgemm(true, false, r->X, 1, r->row_count, r->rows, r->X, r->z + first, 1, 1, moment, 1);
    }
    eigen(r->R, r->gram, r->s);
    r->vectors = r->gram;
    dgemm(false, false, r->R, 1, r->R, r->vectors, r->R, tall ? moment : r->z, 1, 0, r->q, 1);
    for (size_t j = 0; j < r->R; j++) {
        r->s[j] = fmax(r->s[j], 0);
        r->q[j] *= tall ? 1 : sqrt(r->s[j]);
    }
    free(moment);
}

/* ---- Leave-one-out residuals under every candidate ---- */

/* Z [count, R] of a run of records. */
static void run_coordinates(const struct ridge *r, size_t first, size_t count, double *Z)
{
    if (r->n >= r->X) {
        double *rows = memory_new(count * r->X, sizeof *rows);
        design_rows(r->design, NULL, first, count, true, rows);
        dgemm(false, true, count, r->R, r->X, rows, r->X, r->vectors, r->R, 0, Z, r->R);
        free(rows);
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < r->R; j++)
            Z[i * r->R + j] = r->vectors[j * r->R + first + i] * sqrt(r->s[j]);
}

static void leave_out_run(void *context, size_t item, int worker)
{
    (void)worker;
    const struct ridge *r = context;
    size_t first = item * RUN, count = smaller(RUN, r->n - first), L = r->L;
    double *Z = memory_new(count * r->R, sizeof *Z), *leverage = memory_new(count * L, sizeof *leverage);
    double *fitted = r->left_out + first * L;
    run_coordinates(r, first, count, Z);
    dgemm(false, false, count, L, r->R, Z, r->R, r->solve, L, 0, fitted, L);
    for (size_t i = 0; i < count * r->R; i++)
        Z[i] *= Z[i];
    dgemm(false, false, count, L, r->R, Z, r->R, r->shrink, L, 0, leverage, L);
    for (size_t i = 0; i < count; i++) {
        double share = design_weight(r->design, first + i) / r->design->weight;
        for (size_t l = 0; l < L; l++) {
            double *at = &fitted[i * L + l];
            *at = (r->z[first + i] - *at) / fmax(1 - share - leverage[i * L + l], 1e-12);
        }
    }
    free(Z);
    free(leverage);
}

static void leave_out(struct ridge *r)
{
    r->shrink = memory_new(r->R * r->L, sizeof *r->shrink);
    r->solve = memory_new(r->R * r->L, sizeof *r->solve);
    r->left_out = memory_new(r->n * r->L, sizeof *r->left_out);
    for (size_t j = 0; j < r->R; j++)
        for (size_t l = 0; l < r->L; l++) {
            r->shrink[j * r->L + l] = 1 / (r->s[j] + r->penalties[l]);
            r->solve[j * r->L + l] = r->q[j] / (r->s[j] + r->penalties[l]);
        }
    pool_run(r->pool, runs(r->n, RUN), leave_out_run, r);
}

/* The candidate with the least mean square; the larger penalty on a tie. */
static size_t choose(const struct ridge *r, double *score)
{
    size_t best = 0;
    for (size_t l = 0; l < r->L; l++) {
        double sum = 0;
        for (size_t i = 0; i < r->n; i++)
            sum += r->left_out[i * r->L + l] * r->left_out[i * r->L + l];
        sum /= r->design->weight;
        if (l == 0 || sum < *score || (sum == *score && r->penalties[l] > r->penalties[best])) {
            best = l;
            *score = sum;
        }
    }
    return best;
}

/* v = V (q / (s + penalty)); when n < X, A^T Y (q / sqrt(s) / (s + penalty)). */
static double *coefficients(const struct ridge *r, size_t l)
{
    double *v = memory_new(r->X, sizeof *v), *b = memory_new(r->R, sizeof *b);
    for (size_t j = 0; j < r->R; j++)
        b[j] = r->solve[j * r->L + l];
    if (r->n >= r->X) {
        dgemm(true, false, r->X, 1, r->R, r->vectors, r->R, b, 1, 0, v, 1);
    } else {
        double *by_record = memory_new(r->n, sizeof *by_record);
        for (size_t j = 0; j < r->R; j++)
            b[j] = r->s[j] > 0 ? b[j] / sqrt(r->s[j]) : 0;
        dgemm(true, false, r->n, 1, r->R, r->vectors, r->R, b, 1, 0, by_record, 1);
        dgemm(true, false, r->X, 1, r->n, r->rows, r->X, by_record, 1, 0, v, 1);
        free(by_record);
    }
    free(b);
    return v;
}

static double prediction(const struct linear_head *head, size_t record, const struct linear_data *data)
{
    double sum = (double)head->bias[0];
    for (size_t j = 0; j < data->width; j++)
        sum += (double)head->weight[j] * (double)data->x[record * data->width + j];
    return sum;
}

double ridge_memory(size_t n, size_t X, size_t L, int threads)
{
    double R = (double)smaller(n, X), run = (double)smaller(n, RUN);
    double rows = n < X ? (double)n : run;
    double whole = (double)n * (double)(L + 3) + 3 * R * R + rows * (double)X + 2 * R * (double)L;
    double each = run * (R + (double)(X + L));
    return sizeof(double) * (whole + threads * each);
}

struct linear_head *ridge_fit(const struct design *d, const double *penalties, size_t penalty_count,
                              struct pool *pool)
{
    const struct linear_data *data = d->data;
    struct ridge r = {.design = d,
                      .pool = pool,
                      .n = data->count,
                      .X = data->width,
                      .R = smaller(data->count, data->width),
                      .penalties = penalties,
                      .L = penalty_count};
    r.z = memory_new(r.n, sizeof *r.z);
    r.s = memory_new(r.R, sizeof *r.s);
    r.q = memory_new(r.R, sizeof *r.q);
    double mean = 0;
    for (size_t i = 0; i < r.n; i++)
        mean += design_weight(d, i) * data->values[i] / d->weight;
    for (size_t i = 0; i < r.n; i++)
        r.z[i] = sqrt(design_weight(d, i)) * (data->values[i] - mean);

    decompose(&r);
    leave_out(&r);
    struct linear_head *head = design_head(d, LOSS_MSE, 1, 0);
    size_t best = choose(&r, &head->score);
    head->penalty = penalties[best];
    double *v = coefficients(&r, best);
    design_fold(d, v, &mean, head);
    head->left_out = memory_new(r.n, sizeof *head->left_out);
    /* A record of weight 0 is left out already. */
    for (size_t i = 0; i < r.n; i++) {
        double root = sqrt(design_weight(d, i));
        head->left_out[i] = root > 0 ? data->values[i] - r.left_out[i * r.L + best] / root
                                     : prediction(head, i, data);
    }

    double *owned[] = {r.z, r.s, r.q, r.vectors, r.rows, r.shrink, r.solve, r.left_out, v};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    return head;
}
