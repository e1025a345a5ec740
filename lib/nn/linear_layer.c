#include "nn/encoder.h"

#include "nn/packed.h"

/* The weight of one query's projection opens the wider one of all three, so the number of outputs must agree
 * too. */
static const struct factor *packed_weight(const struct pass *pass, size_t weight, bool backward, size_t rows,
                                          size_t N, size_t K)
{
    const struct factor *f = rows > FEW_ROWS ? packed_find(pass->ws->packed, pass->params, weight, backward)
                                             : NULL;
    return f && f->N == N && f->K == K ? f : NULL;
}

void linear_forward(const struct pass *pass, float *y, const float *x, size_t weight, size_t rows, size_t in,
                    size_t out)
{
    const struct factor *f = packed_weight(pass, weight, false, rows, out, in);
    if (f)
        factor_multiply(pass->ws, f, rows, x, in, false, 0, y, out);
    else
        gemm_nt(pass->ws, rows, out, in, x, in, pass->params + weight, in, 0, y, out);
}

void linear_backward(const struct pass *pass, float *dx, float beta, const float *dy, const float *x,
                     size_t weight, size_t bias, size_t rows, size_t in, size_t out)
{
    gemm_tn(pass->ws, out, in, rows, dy, out, x, in, 1, pass->dense + weight, in);
    pass->k->column_sums(pass->dense + bias, dy, rows, out);
    if (!dx)
        return;
    const struct factor *f = packed_weight(pass, weight, true, rows, in, out);
    if (f)
        factor_multiply(pass->ws, f, rows, dy, out, false, beta, dx, in);
    else
        gemm_nn(pass->ws, rows, in, out, dy, out, pass->params + weight, in, beta, dx, in);
}
