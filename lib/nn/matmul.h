/* Matrix products of our own, for CPUs with AVX2 or AVX-512.
 *
 * Each element of the result is one chain of fused multiply-adds over k = 0, 1, ... within blocks of
 * MATMUL_DEPTH, whose sums are added in order.  So a row's numbers do not depend on the number of rows,
 * on its place among them, on threads or alignment, nor on which of the two instruction sets computes
 * them.  (OpenBLAS promises none of this, and Debian's does not know recent CPUs.)
 *
 * The scheme is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008):
 * a panel of B is packed so that it is read in order, and a tile of C stays in registers. */
#ifndef RUBRIC_NN_MATMUL_H
#define RUBRIC_NN_MATMUL_H

#include <stdbool.h>
#include <stddef.h>

enum { MATMUL_DEPTH = 512 };

/* A matrix as the product reads it: element (i, j) is at[i * row + j * column]; one of the two steps is 1. */
struct matrix {
    const float *at;
    size_t row, column;
};

/* A tile: C [rows, columns] (+)= A B for one packed panel of B.
 *   a      element (i, k) at a[i * a_row + k * a_step]
 *   b      [K, width], width = columns rounded up to whole vectors, zeros behind
 *   add    whether to add to what C holds */
struct tile {
    size_t K, rows, columns;
    const float *a;
    size_t a_row, a_step;
    const float *b;
    float *c;
    size_t ldc;
    bool add;
};

/* What one instruction set offers. */
struct matmul_kernel {
    const char *name;
    size_t lanes;        /* floats in a vector */
    size_t panel;        /* columns of a full panel */
    void (*tile)(const struct tile *t);  /* any rows, 1 .. panel columns */
};
extern const struct matmul_kernel matmul_avx2, matmul_avx512;

/* to [columns, rows] = from [rows, columns] transposed; AVX2. */
void matmul_transpose(float *to, size_t to_row, const float *from, size_t from_row, size_t rows, size_t columns);

/* C [M, N] = A [M, K] B [K, N] (+ C if `add`). */
void matmul(const struct matmul_kernel *kernel, size_t M, size_t N, size_t K, struct matrix A, struct matrix B,
            bool add, float *C, size_t ldc);

#endif
