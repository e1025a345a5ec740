/* With z_i = sqrt(w_i) (y_i - mean y), Z = A V [n, R] and s [R] of the axes, everything follows:
 *     q = Z^T z,   fitted = Z (q / (s + penalty)),   h_i = w_i / W + sum_j Z_ij^2 / (s_j + penalty). */
#include "linear/internal.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { RUN = 512 }; /* records of one item of work */

struct ridge {
    const struct design *design;
    struct axes axes;
    size_t n, R;
    double *z; /* [n] */
    double *q; /* [R] */
    const double *penalties;
    size_t L;               /* candidates */
    double *shrink, *solve; /* [R, L] 1 / (s + penalty), q / (s + penalty) */
    double *left_out;       /* [n, L] z_i - fitted_i where record i is left out */
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* ---- Leave-one-out residuals under every candidate ---- */

static void leave_out_run(void *context, size_t item, int worker)
{
    (void)worker;
    const struct ridge *r = context;
    size_t first = item * RUN, count = smaller(RUN, r->n - first), L = r->L;
    double *Z = memory_new(count * r->R, sizeof *Z), *leverage = memory_new(count * L, sizeof *leverage);
    double *fitted = r->left_out + first * L;
    axes_rows(&r->axes, first, count, Z);
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

static void leave_out(struct ridge *r, struct pool *pool)
{
    r->shrink = memory_new(r->R * r->L, sizeof *r->shrink);
    r->solve = memory_new(r->R * r->L, sizeof *r->solve);
    r->left_out = memory_new(r->n * r->L, sizeof *r->left_out);
    for (size_t j = 0; j < r->R; j++)
        for (size_t l = 0; l < r->L; l++) {
            r->shrink[j * r->L + l] = 1 / (r->axes.s[j] + r->penalties[l]);
            r->solve[j * r->L + l] = r->q[j] / (r->axes.s[j] + r->penalties[l]);
        }
    pool_run(pool, (r->n + RUN - 1) / RUN, leave_out_run, r);
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

/* v [X] = V (q / (s + penalty)). */
static double *coefficients(const struct ridge *r, size_t l)
{
    double *v = memory_new(r->design->data->width, sizeof *v), *b = memory_new(r->R, sizeof *b);
    for (size_t j = 0; j < r->R; j++)
        b[j] = r->solve[j * r->L + l];
    axes_combine(&r->axes, b, v);
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
    double whole = (double)n * (double)(L + 3) + axes_memory(n, X) + 2 * R * (double)L;
    double each = run * (R + (double)(X + L));
    return sizeof(double) * (whole + threads * each);
}

struct linear_head *ridge_fit(const struct design *d, const double *penalties, size_t penalty_count,
                              struct pool *pool)
{
    const struct linear_data *data = d->data;
    struct ridge r = {.design = d, .n = data->count, .penalties = penalties, .L = penalty_count};
    axes_init(&r.axes, d, pool);
    r.R = r.axes.R;
    r.z = memory_new(r.n, sizeof *r.z);
    r.q = memory_new(r.R, sizeof *r.q);
    double mean = 0;
    for (size_t i = 0; i < r.n; i++)
        mean += design_weight(d, i) * data->values[i] / d->weight;
    for (size_t i = 0; i < r.n; i++)
        r.z[i] = sqrt(design_weight(d, i)) * (data->values[i] - mean);

    axes_project(&r.axes, r.z, r.q);
    leave_out(&r, pool);
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

    axes_free(&r.axes);
    double *owned[] = {r.z, r.q, r.shrink, r.solve, r.left_out, v};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    return head;
}
