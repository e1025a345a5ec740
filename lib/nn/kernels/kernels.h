/* The inner loops of the encoder and of the optimizer: one table of routines for each instruction set, chosen
 * at run time among those of the machine that rubric was built for.  Each routine has one order of summation,
 * which depends on its sizes only; tables of different instruction sets differ in the last bits, but draw the
 * same dropout and take the same optimizer steps.
 *
 * Rows are contiguous unless a leading dimension is given.  A dropout mask has a bit per element, lowest bit
 * first, each row starting at a multiple of `stride` bytes; NULL keeps everything.  Kept elements are
 * multiplied by `keep`. */
#ifndef RUBRIC_NN_KERNELS_KERNELS_H
#define RUBRIC_NN_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/network.h"

/* Layer norm (Ba et al. 2016) of a sum: s = residual + keep mask (y + bias), hat = (s - mean s) rstd,
 * out = gain hat + shift, with rstd = 1 / sqrt(variance s + eps). */
struct norm_forward {
    float *out;            /* [rows, n], may be y */
    float *hat, *rstd;     /* [rows, n], [rows]: kept for the backward pass; NULL: not kept */
    const float *y, *bias; /* [rows, n], [n] or NULL */
    const float *residual; /* [rows, n] */
    const uint8_t *mask;
    size_t stride;
    float keep;
    const float *gain, *shift; /* [n] */
    float eps;
    size_t rows, n;
};

/* What all elements of a tensor have in common in one step t of AdamW with rate r:
 *     p = decay p                              decay = 1 - r weight_decay
 *     g = scale g                              the clipping factor
 *     m = m + new1 (g - m)                     new1 = 1 - beta1
 *     v = keep2 v + (new2 g) g                 keep2 = beta2, new2 = 1 - beta2
 *     p = p + (-rate m) / (sqrt(v) / root + epsilon)
 *                                              rate = r / (1 - beta1^t), root = sqrt(1 - beta2^t)
 * A first moment below 2^-90 in magnitude, and a second below 2^-120, become 0: they move nothing and would
 * decay into denormal numbers, which are slow. */
struct adamw_factors {
    float decay, rate, root;          /* of the step */
    float new1, keep2, new2, epsilon; /* of the run */
};

struct kernels {
    const char *name;

    float (*dot)(const float *a, const float *b, size_t n);
    /* out[i] (+)= a . B[i, :] for i < rows */
    void (*dots)(float *out, const float *a, const float *B, size_t ldb, bool accumulate, size_t rows,
                 size_t n);
    void (*add)(float *to, const float *from, size_t n);                      /* to += from */
    void (*add_scaled)(float *to, const float *from, float factor, size_t n); /* to += factor from */
    void (*multiply)(float *to, const float *by, size_t n);                   /* to *= by */
    void (*add_bias)(float *y, const float *bias, size_t rows, size_t n);     /* each row += bias */
    void (*column_sums)(float *to, const float *y, size_t rows, size_t n);    /* to += sum of the rows */

    /* out[i] = a[i, :] . b[i, :] */
    void (*row_dots)(float *out, const float *a, size_t lda, const float *b, size_t ldb, size_t rows,
                     size_t n);

    /* out = keep mask in (out may be in) */
    void (*drop)(float *out, const float *in, const uint8_t *mask, size_t stride, float keep, size_t rows,
                 size_t n);

    void (*norm_forward)(const struct norm_forward *norm);

    /* dx = rstd (g - mean g - hat mean(g hat)) with g = gain dy; ACCUMULATES dgain, dshift [n]. */
    void (*norm_backward)(float *dx, float *dgain, float *dshift, const float *dy, const float *hat,
                          const float *rstd, const float *gain, size_t rows, size_t n);

    /* out = f(y + bias) and, unless slope is NULL, slope = f'(y + bias).  Absolute errors: of out below
     * 2.5e-7 max(1, |x|), of slope below 2e-6. */
    void (*activate)(float *out, float *slope, const float *y, const float *bias, enum activation f,
                     size_t rows, size_t n);

    /* Each row s of n scores becomes keep mask softmax(scale s); log_sum[row] = log sum exp(scale s). */
    void (*softmax)(float *s, float *log_sum, float scale, const uint8_t *mask, size_t stride, float keep,
                    size_t rows, size_t n);

    /* Backward of the same rows.  s: scores in, keep mask p out, with p = exp(scale s - log_sum);
     * d: gradient of (keep mask p) in, gradient of the scores out: scale p (keep mask d - delta[row]), where
     * delta[row] is the row's sum of d keep mask p. */
    void (*softmax_backward)(float *s, float *d, const float *log_sum, const float *delta, float scale,
                             const uint8_t *mask, size_t stride, float keep, size_t rows, size_t n);

    /* Byte i of the mask is drawn by Philox4x32-10 with key `key` and counter (low + i, high): bit 2w and
     * bit 2w + 1 are set when the lower and the upper half of its word w are at least `threshold`
     * (0 .. 65535).  low's lower 32 bits plus `bytes` may not exceed 2^32. */
    void (*dropout_mask)(uint8_t *mask, size_t bytes, uint64_t key, uint64_t low, uint64_t high,
                         uint32_t threshold);

    /* One step on n elements: p, m and v from g.  Every table gives the same bits. */
    void (*adamw_update)(float *p, float *m, float *v, const float *g, size_t n,
                         const struct adamw_factors *factors, float scale);

    /* `steps` steps [steps] with gradient 0: the same bits as that many calls of adamw_update with zeros. */
    void (*adamw_replay)(float *p, float *m, float *v, size_t n, const struct adamw_factors *factors,
                         size_t steps);

    /* Sum of squares in double.  Every table gives the same bits. */
    double (*sum_of_squares)(const float *x, size_t n);

    /* Matrix products with a packed right factor, see gemm_template.h; NULL: this path uses OpenBLAS.
     * Packed, B [K,N] (pack_n) or B [N,K] (pack_t) takes K floats for each of its columns, these rounded up
     * to a multiple of `panel`.  A's element (i, k) lies at A[i * down + k * along]. */
    size_t panel, scratch; /* floats */
    void (*pack_n)(float *packed, const float *B, size_t ldb, size_t N, size_t K);
    void (*pack_t)(float *packed, const float *B, size_t ldb, size_t N, size_t K);
    void (*gemm)(size_t M, size_t N, size_t K, const float *A, size_t down, size_t along, const float *packed,
                 bool accumulate, float *C, size_t ldc, float *scratch);
};

/* The table named by RUBRIC_KERNELS, else the fastest that this CPU runs.  Dies with STATUS_USAGE when there
 * is none of that name, or not for this CPU. */
const struct kernels *kernels_chosen(void);

/* The tables, each in a file of its name; kernels.c chooses, and the Makefile knows which machine compiles
 * which. */
extern const struct kernels kernels_portable, kernels_avx2, kernels_avx512;

#endif
