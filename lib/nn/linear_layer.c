#include "nn/encoder.h"

#include "nn/gemm.h"

void linear_forward(const struct pass *pass, float *y, const float *x, size_t weight, size_t rows, size_t in, size_t out)
{
    gemm_nt(pass->ws, rows, out, in, x, in, pass->params + weight, in, 0, y, out);
}

void linear_backward(const struct pass *pass, float *dx, float beta, const float *dy, const float *x, size_t weight,
                     size_t bias, size_t rows, size_t in, size_t out)
{
    gemm_tn(pass->ws, out, in, rows, dy, out, x, in, 1, pass->dense + weight, in);
    pass->k->column_sums(pass->dense + bias, dy, rows, out);
    if (dx)
        gemm_nn(pass->ws, rows, in, out, dy, out, pass->params + weight, in, beta, dx, in);
}
