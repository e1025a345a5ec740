/* What the files of this room share: the centred columns, the products in double, the two solvers. */
#ifndef RUBRIC_LINEAR_INTERNAL_H
#define RUBRIC_LINEAR_INTERNAL_H

#include "linear/linear.h"

/* ---- The columns of the data, centred and scaled (design.c) ---- */

struct design {
    const struct linear_data *data;
    double *mean, *deviation; /* [X] */
    double *factor;           /* [X] 1 / deviation */
    double weight;            /* W, sum of the weights */
    double scale;             /* sum_i w_i |u_i|^2 / X; 1 if that is 0 */
};

/* Means and deviations.  Dies with STATUS_INPUT when a number is not finite. */
void design_init(struct design *d, const struct linear_data *data, bool standardise, struct pool *pool);
void design_free(struct design *d);

static inline double design_weight(const struct design *d, size_t row)
{
    return d->data->weights ? d->data->weights[row] : 1;
}

/* u [count, X] of the records first .. first+count-1; each times the root of its weight if `weighted`. */
void design_rows(const struct design *d, size_t first, size_t count, bool weighted, double *u);

/* A head with room for C outputs and E extras, the design's means and deviations in it. */
struct linear_head *design_head(const struct design *d, enum loss loss, int C, int E);

/* Sets weight and bias from v [C, X] and b [C], which act on u. */
void design_fold(const struct design *d, const double *v, const double *b, struct linear_head *head);

/* ---- Products in double, by one thread of OpenBLAS (products.c) ---- */

/* C [M,N] = A [M,K] B [K,N] + beta C, a transposed operand being stored the other way round. */
void dgemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, const double *A, size_t lda,
           const double *B, size_t ldb, double beta, double *C, size_t ldc);

/* Eigenvalues [n], ascending, of the symmetric a [n, n], of which one triangle is enough: a(i, j) with
 * i <= j.  Row k of `a` becomes the k-th eigenvector.  Dies with STATUS_SYSTEM when LAPACK finds none. */
void eigen(size_t n, double *a, double *values);

/* ---- The principal axes of the columns (axes.c) ---- */

/* With A [n, X] the rows sqrt(w_i) u_i and R = min(n, X):  A^T A = V diag(s) V^T, V [X, R]. */
struct axes {
    const struct design *design;
    bool tall; /* n >= X */
    size_t R;
    double *s;       /* [R] ascending, not negative */
    double *vectors; /* [R, R] its rows are the columns of V or, when n < X, the eigenvectors of A A^T */
    double *rows;    /* n < X: A; else NULL */
};
void axes_init(struct axes *a, const struct design *d, struct pool *pool);
void axes_free(struct axes *a);
/* Doubles that axes_init takes at most. */
double axes_memory(size_t count, size_t width);

/* Z [count, R] = A V of the records first .. first+count-1. */
void axes_rows(const struct axes *a, size_t first, size_t count, double *Z);
/* q [R] = (A V)^T z, z [n]. */
void axes_project(const struct axes *a, const double *z, double *q);
/* v [X] = V b, b [R]. */
void axes_combine(const struct axes *a, const double *b, double *v);

/* ---- Folds for cross-validation (folds.c) ---- */

/* The records of each class, in a random order, are dealt out one after the other: the folds have about the
 * same classes, and no fold has all records of a class. */
struct folds {
    size_t count;
    uint32_t
        *of; /* [n] the record's fold; UINT32_MAX: never left out (the only one of its class, weight 0) */
    double weight; /* of the records that are left out */
};

/* Deals a fold to each of less than 50 records, and 5 to more; fewer, but 2 at least, where the heads of all
 * folds, of `size` parameters each, would be large.  False, and nothing to free, when no class has two
 * records. */
bool folds_deal(struct folds *folds, const struct design *d, size_t size, uint64_t seed);
void folds_free(struct folds *folds);
/* Most folds of so many records. */
size_t folds_most(size_t count, size_t size);

/* ---- The solvers (ridge.c, descent.c); what they minimise is in linear.h ---- */

/* Each gives a head for one of the penalties [penalty_count], and the bytes it takes for that many. */
struct linear_head *ridge_fit(const struct design *d, const double *penalties, size_t penalty_count,
                              struct pool *pool);
double ridge_memory(size_t count, size_t width, size_t penalty_count, int threads);

/* Multinomial and ordinal logistic regression by L-BFGS (Liu and Nocedal 1989). */
struct linear_head *descent_fit(const struct design *d, const struct linear_options *options,
                                const double *penalties, size_t penalty_count, struct pool *pool);
double descent_memory(bool ordinal, size_t count, size_t width, size_t classes, int threads);

#endif
