/* Every kernel of every path this CPU has, against a plain loop in double, at sizes around each vector
 * length; and what paths must share to the bit: the dropout masks. */
#include <float.h>

#include "base/memory.h"
#include "base/random.h"
#include "check.h"
#include "kernel_tables.h"

enum { MOST = 70, ROWS = 5 };

static const struct kernels *k;
static uint64_t drawn;

static float *numbers(size_t count, double size)
{
    float *x = memory_new(count, sizeof *x);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(size * random_normal(3, RANDOM_SAMPLE, drawn, i));
    drawn++;
    return x;
}

static void check_activations(void)
{
    enum { N = 4001 };
    float *x = memory_new(N, sizeof *x), *y = memory_new(N, sizeof *y), *d = memory_new(N, sizeof *d);
    float *bias = memory_zeroed(N, sizeof *bias);
    for (int i = 0; i < N; i++)
        x[i] = (float)(i - N / 2) * 20 / N;
    for (int f = ACTIVATION_GELU; f <= ACTIVATION_RELU; f++) {
        double worst = 0, slope = 0;
        k->activate(y, d, x, bias, (enum activation)f, 1, N);
        for (int i = 0; i < N; i++) {
            double v = (double)x[i], c = sqrt(2 / acos(-1)), t = tanh(c * (v + 0.044715 * v * v * v));
            double phi = 0.5 * erfc(-v / sqrt(2)), want = v * phi,
                   dwant = phi + v * exp(-v * v / 2) / sqrt(2 * acos(-1));
            if (f == ACTIVATION_GELU_TANH) {
                want = 0.5 * v * (1 + t);
                dwant = 0.5 * (1 + t) + 0.5 * v * (1 - t * t) * c * (1 + 3 * 0.044715 * v * v);
            }
            if (f == ACTIVATION_RELU)
                want = fmax(v, 0), dwant = v > 0;
            worst = fmax(worst, fabs((double)y[i] - want) / fmax(1, fabs(v)));
            slope = fmax(slope, fabs((double)d[i] - dwant));
        }
        CHECK(worst < 2.5e-7);
        CHECK(slope < 2e-6);
    }
    free(x), free(y), free(d), free(bias);
}

static void check_sums(size_t n)
{
    float *a = numbers(ROWS * n, 1), *b = numbers(ROWS * n, 1), *y = numbers(ROWS * n, 1),
          *out = numbers(ROWS * n, 1);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    CHECK_NEAR((double)k->dot(a, b, n), sum, 1e-5, 1e-5);
    memcpy(out, y, ROWS * n * sizeof *out);
    k->add_scaled(out, a, 0.75f, n);
    for (size_t i = 0; i < ROWS * n; i++)
        CHECK_NEAR((double)out[i], (double)y[i] + (i < n ? 0.75 * (double)a[i] : 0), 1e-6, 1e-6);
    memcpy(out, y, ROWS * n * sizeof *out);
    k->add_bias(out, a, ROWS - 1, n);
    k->multiply(out, b, n);
    for (size_t i = 0; i < ROWS * n; i++) {
        double want = (double)y[i] + (i / n < ROWS - 1 ? (double)a[i % n] : 0);
        CHECK_NEAR((double)out[i], i < n ? want * (double)b[i] : want, 1e-6, 1e-6);
    }
    memcpy(out, a, n * sizeof *out);
    k->column_sums(out, y, ROWS, n);
    for (size_t i = 0; i < n; i++) {
        double want = (double)a[i];
        for (size_t r = 0; r < ROWS; r++)
            want += (double)y[r * n + i];
        CHECK_NEAR((double)out[i], want, 1e-5, 1e-5);
    }
    float dots[ROWS], rows[ROWS] = {1, 2, 3, 4, 5};
    k->row_dots(dots, a, n, b, n, ROWS, n);
    k->dots(rows, a, b, n, true, ROWS, n);
    for (size_t r = 0; r < ROWS; r++) {
        double want = 0, cross = (double)r + 1;
        for (size_t i = 0; i < n; i++) {
            want += (double)a[r * n + i] * (double)b[r * n + i];
            cross += (double)a[i] * (double)b[r * n + i];
        }
        CHECK_NEAR((double)dots[r], want, 1e-5, 1e-5);
        CHECK_NEAR((double)rows[r], cross, 1e-5, 1e-5);
    }
    free(a), free(b), free(y), free(out);
}

static bool kept(const uint8_t *mask, size_t stride, size_t r, size_t i)
{
    return mask[r * stride + i / 8] >> i % 8 & 1;
}

static void check_norm(size_t n)
{
    size_t stride = (n + 15) / 16 * 2;
    float *y = numbers(ROWS * n, 2), *residual = numbers(ROWS * n, 1), *bias = numbers(n, 1),
          *gain = numbers(n, 1);
    float *shift = numbers(n, 1), *out = numbers(ROWS * n, 1), *hat = numbers(ROWS * n, 1),
          *dy = numbers(ROWS * n, 1);
    float *dx = numbers(ROWS * n, 1), *dgain = numbers(n, 1), *dshift = numbers(n, 1), rstd[ROWS];
    uint8_t *mask = memory_new(ROWS * stride, 1);
    k->dropout_mask(mask, ROWS * stride, 4, n, 0, 20000);
    k->norm_forward(&(struct norm_forward){.out = out,
                                           .hat = hat,
                                           .rstd = rstd,
                                           .y = y,
                                           .bias = bias,
                                           .residual = residual,
                                           .mask = mask,
                                           .stride = stride,
                                           .keep = 1.5f,
                                           .gain = gain,
                                           .shift = shift,
                                           .eps = 0.01f,
                                           .rows = ROWS,
                                           .n = n});
    float *gain_before = memory_new(n, sizeof *gain_before);
    memcpy(gain_before, dgain, n * sizeof *dgain);
    k->norm_backward(dx, dgain, dshift, dy, hat, rstd, gain, ROWS, n);
    for (size_t i = 0; i < n; i++) {
        double want = (double)gain_before[i];
        for (size_t r = 0; r < ROWS; r++)
            want += (double)dy[r * n + i] * (double)hat[r * n + i];
        CHECK_NEAR((double)dgain[i], want, 1e-4, 1e-4);
    }
    for (size_t r = 0; r < ROWS; r++) {
        double s[MOST], mean = 0, variance = 0, g = 0, along = 0;
        for (size_t i = 0; i < n; i++) {
            size_t at = r * n + i;
            s[i] = (double)residual[at] +
                   (kept(mask, stride, r, i) ? 1.5 * ((double)y[at] + (double)bias[i]) : 0);
            mean += s[i] / (double)n;
        }
        for (size_t i = 0; i < n; i++)
            variance += (s[i] - mean) * (s[i] - mean) / (double)n;
        double scale = 1 / sqrt(variance + 0.01);
        for (size_t i = 0; i < n; i++) {
            double h = (s[i] - mean) * scale, d = (double)dy[r * n + i] * (double)gain[i];
            CHECK_NEAR((double)hat[r * n + i], h, 1e-5, 1e-5);
            CHECK_NEAR((double)out[r * n + i], h * (double)gain[i] + (double)shift[i], 1e-5, 1e-5);
            g += d / (double)n;
            along += d * h / (double)n;
        }
        for (size_t i = 0; i < n; i++) {
            double want = scale *
                          ((double)dy[r * n + i] * (double)gain[i] - g - (s[i] - mean) * scale * along);
            CHECK_NEAR((double)dx[r * n + i], want, 1e-4, 1e-4);
        }
    }
    free(y), free(residual), free(bias), free(gain), free(shift), free(out), free(hat), free(dy), free(dx),
        free(dgain);
    free(dshift), free(mask), free(gain_before);
}

static void check_softmax(size_t n)
{
    size_t stride = (n + 15) / 16 * 2;
    float *s = numbers(ROWS * n, 20), *p = memory_new(ROWS * n, sizeof *p), *d = numbers(ROWS * n, 1),
          log_sum[ROWS];
    float *ds = memory_new(ROWS * n, sizeof *ds), *again = memory_new(ROWS * n, sizeof *again), delta[ROWS];
    uint8_t *mask = memory_new(ROWS * stride, 1);
    k->dropout_mask(mask, ROWS * stride, 5, n, 0, 30000);
    for (int dropped = 0; dropped < 2; dropped++) {
        const uint8_t *bits = dropped ? mask : NULL;
        double keep = dropped ? 1.75 : 1;
        memcpy(p, s, ROWS * n * sizeof *p);
        memcpy(again, s, ROWS * n * sizeof *again);
        memcpy(ds, d, ROWS * n * sizeof *ds);
        k->softmax(p, log_sum, 0.5f, bits, stride, 1.75f, ROWS, n);
        k->row_dots(delta, p, n, d, n, ROWS, n);
        k->softmax_backward(again, ds, log_sum, delta, 0.5f, bits, stride, 1.75f, ROWS, n);
        for (size_t r = 0; r < ROWS; r++) {
            double most = -INFINITY, sum = 0, mean = 0;
            for (size_t i = 0; i < n; i++)
                most = fmax(most, 0.5 * (double)s[r * n + i]);
            for (size_t i = 0; i < n; i++)
                sum += exp(0.5 * (double)s[r * n + i] - most);
            for (size_t i = 0; i < n; i++) {
                double q = exp(0.5 * (double)s[r * n + i] - most) / sum,
                       f = !bits || kept(bits, stride, r, i) ? keep : 0;
                CHECK_NEAR((double)p[r * n + i], q * f, 1e-6, 1e-5);
                CHECK_NEAR((double)again[r * n + i], q * f, 1e-6, 1e-5);
                mean += q * f * (double)d[r * n + i];
            }
            CHECK_NEAR((double)log_sum[r], most + log(sum), 1e-5, 1e-6);
            for (size_t i = 0; i < n; i++) {
                double q = exp(0.5 * (double)s[r * n + i] - most) / sum,
                       f = !bits || kept(bits, stride, r, i) ? keep : 0;
                CHECK_NEAR((double)ds[r * n + i], 0.5 * q * (f * (double)d[r * n + i] - mean), 1e-5, 1e-5);
            }
        }
    }
    free(s), free(p), free(d), free(ds), free(again), free(mask);
}

/* Byte for byte what random_block gives, whatever the path; a mask that is drawn in part is the same. */
static void check_masks(void)
{
    enum { BYTES = 1003 };
    uint8_t mask[BYTES], part[BYTES];
    uint64_t key = 0x123456789ABCDEF0, low = 0x0002001300000007, high = 0x0400000000ABCDEF;
    const uint32_t threshold = 6554;
    size_t ones = 0;
    k->dropout_mask(mask, BYTES, key, low, high, threshold);
    for (size_t i = 0; i < BYTES; i++) {
        uint32_t out[4];
        uint8_t byte = 0;
        random_block(out, key, low + i, high);
        for (int w = 0; w < 4; w++) {
            byte |= (uint8_t)(((out[w] & 0xFFFF) >= threshold) << 2 * w);
            byte |= (uint8_t)((out[w] >> 16 >= threshold) << (2 * w + 1));
        }
        ones += (size_t)__builtin_popcount(byte);
        CHECK(mask[i] == byte);
    }
    CHECK_NEAR((double)ones / (8 * BYTES), 0.9, 0.015, 0);
    k->dropout_mask(part, 501, key, low + 502, high, threshold);
    CHECK(memcmp(part, mask + 502, 501) == 0);
}

static float settled(float x, float least) { return fabsf(x) < least ? 0 : x; }

/* The optimizer's steps have one result to the bit, and as many without a gradient are the same at once. */
static void check_adamw(size_t n)
{
    const struct adamw_factors steps[] = {{0.99f, 0.01f, 0.4f, 0.1f, 0.999f, 0.001f, 1e-8f},
                                          {0.98f, 0.02f, 0.5f, 0.1f, 0.999f, 0.001f, 1e-8f},
                                          {1, 0.03f, 0.6f, 0.1f, 0.999f, 0.001f, 1e-8f}};
    enum { STEPS = sizeof steps / sizeof *steps };
    float *p = numbers(n + 1, 1), *m = numbers(n + 1, 1e-3), *v = numbers(n + 1, 1e-3), *g = numbers(n, 1);
    float *zeros = memory_zeroed(n, sizeof *zeros), *want = memory_new(n, sizeof *want);
    float *again[3] = {numbers(n + 1, 1), numbers(n + 1, 1), numbers(n + 1, 1)};
    double sums[16] = {0};
    for (size_t i = 0; i < n; i++) {
        v[i] = v[i] * v[i];
        if (i % 5 == 0)
            m[i] = 1e-28f, v[i] = 1e-37f, g[i] = 0; /* becomes 0 */
        if (n % 2 || i < n / 2)
            m[i] = v[i] = g[i] = 0; /* rests */
        float first = settled(m[i] + 0.1f * (0.5f * g[i] - m[i]), 0x1p-90f);
        float second = settled(0.999f * v[i] + 0.001f * (0.5f * g[i]) * (0.5f * g[i]), 0x1p-120f);
        want[i] = p[i] * 0.99f + -0.01f * first / (sqrtf(second) / 0.4f + 1e-8f);
        sums[i % 16] += (double)g[i] * (double)g[i];
    }
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            sums[i] += sums[i + half];
    CHECK(k->sum_of_squares(g, n) == sums[0]);
    float beyond = p[n];
    k->adamw_update(p, m, v, g, n, steps, 0.5f);
    CHECK(memcmp(p, want, n * sizeof *p) == 0 && p[n] == beyond);
    const float *state[3] = {p, m, v};
    for (int i = 0; i < 3; i++)
        memcpy(again[i], state[i], (n + 1) * sizeof *p);
    k->adamw_replay(p, m, v, n, steps, STEPS);
    for (int i = 0; i < STEPS; i++)
        k->adamw_update(again[0], again[1], again[2], zeros, n, steps + i, 1);
    for (int i = 0; i < 3; i++)
        CHECK(memcmp(again[i], state[i], (n + 1) * sizeof *p) == 0);
    for (int i = 0; i < 3; i++)
        free(again[i]);
    free(p), free(m), free(v), free(g), free(zeros), free(want);
}

/* C = A B of any shape; and a row's bits do not depend on the rows around it. */
static void check_gemm(size_t M, size_t N, size_t K)
{
    if (!k->gemm)
        return;
    size_t lda = K + 3, ldc = N + 5, down = M + 2, columns = (N + k->panel - 1) / k->panel * k->panel;
    float *A = numbers(M * lda, 1), *At = numbers(K * down, 1), *B = numbers(K * N, 1),
          *Bt = numbers(K * N, 1);
    float *C = numbers(M * ldc, 1), *D = memory_new(M * ldc, sizeof *D),
          *packed = memory_aligned(columns * K, sizeof *packed);
    float *scratch = memory_aligned(k->scratch, sizeof *scratch), *one = memory_new(N, sizeof *one);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < K; j++)
            At[j * down + i] = A[i * lda + j];
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < K; j++)
            Bt[i * K + j] = B[j * N + i];
    float *before = memory_new(M * ldc, sizeof *before);
    memcpy(D, C, M * ldc * sizeof *D);
    memcpy(before, C, M * ldc * sizeof *before);
    k->pack_n(packed, B, N, N, K);
    k->gemm(M, N, K, A, lda, 1, packed, false, C, ldc, scratch);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < ldc; j++) {
            double want = j < N ? 0 : (double)D[i * ldc + j];
            for (size_t x = 0; x < K && j < N; x++)
                want += (double)A[i * lda + x] * (double)B[x * N + j];
            CHECK_NEAR((double)C[i * ldc + j], want, 1e-4, 1e-5);
        }
    k->gemm(1, N, K, A + (M - 1) * lda, lda, 1, packed, false, one, N, scratch);
    CHECK(memcmp(one, C + (M - 1) * ldc, N * sizeof *one) == 0);
    k->pack_t(packed, Bt, K, N, K);
    k->gemm(M, N, K, At, 1, down, packed, true, D, ldc, scratch);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < ldc; j++)
            CHECK_NEAR((double)D[i * ldc + j],
                       (double)before[i * ldc + j] + (j < N ? (double)C[i * ldc + j] : 0), 1e-4, 1e-5);
    free(A), free(At), free(B), free(Bt), free(C), free(D), free(before), free(packed), free(scratch);
    free(one);
}

int main(void)
{
    const struct kernels *tables[4] = {NULL};
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 70};
    size_t next = 0, count = 0;
    while ((tables[count] = k = next_table(&next))) {
        count++;
        check_activations();
        check_masks();
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            check_sums(sizes[i]);
            check_norm(sizes[i]);
            check_softmax(sizes[i]);
            check_adamw(sizes[i]);
            check_gemm(sizes[i], sizes[(i * 7 + 3) % 19], sizes[(i * 5 + 1) % 19]);
        }
        check_gemm(29, 33, 600);
        check_gemm(1030, 3, 5);
        check_gemm(3, 17, 1021);
    }
    CHECK(count > 0 && tables[0] == &kernels_portable);
    setenv("RUBRIC_KERNELS", "sse9", 1);
    CHECK(caught(choose_table, &k) == STATUS_USAGE);
    CHECK(strstr(caught_message, "'sse9'") && strstr(caught_message, "portable"));
    setenv("RUBRIC_KERNELS", "", 1); /* as if it were not set: the fastest */
    CHECK(kernels_chosen() == tables[count - 1]);
    return check_report("kernels");
}
