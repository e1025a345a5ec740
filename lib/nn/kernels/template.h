/* The kernels, written once over a vector of LANES floats.  A file for one instruction set defines LANES, the
 * types vector, integers, words and octets, the operations all, load, store, fused, pick, larger, smaller,
 * square_root, scaled, sum_lanes, largest_lane, kept_lanes and high_product, and the names KERNELS and
 * KERNELS_NAME, and then includes this.  One that has TILE_ROWS, TILE_VECTORS and the operation transpose
 * gets matrix products too (gemm_template.h).
 *
 * Every loop walks rows in steps of LANES; load and store leave out the lanes beyond the row's end (they read
 * as 0), so that an element meets the same arithmetic wherever it stands. */

/* Lanes beyond the row's end become `other`. */
static inline vector first_or(vector v, size_t lanes, float other)
{
    for (size_t i = lanes; i < LANES; i++)
        v[i] = other;
    return v;
}

static inline vector load_masked(const float *from, const uint8_t *mask, size_t i, size_t lanes)
{
    vector v = load(from + i, lanes);
    return mask ? kept_lanes(v, mask, i) : v;
}

/* e^x for x <= 88; below -87 it stays at e^-87; a NaN stays one (larger returns its second operand then).  x
 * = k log 2 + r with |r| <= log(2)/2, e^r by a polynomial of degree 6 fitted at Chebyshev nodes (relative
 * error of the fit 1.1e-8), 2^k in the exponent's bits. */
static inline vector exponential(vector x)
{
    x = larger(all(-87.0f), x);
    const vector shift = all(0x1.8p23f);
    vector k = fused(x, all(0x1.715476p0f), shift) - shift;
    vector r = fused(k, all(-0x1.62e4p-1f), x);
    r = fused(k, all(-0x1.7f7d1cp-20f), r);
    vector p = all(0.0013933734f);
    p = fused(p, r, all(0.008363236f));
    p = fused(p, r, all(0.041666463f));
    p = fused(p, r, all(0.16666576f));
    p = fused(p, r, all(0.5f));
    p = fused(p * r, r, r) + 1;
    return scaled(p, k);
}

/* tanh x = 1 - 2 / (e^2x + 1); absolute error below 2e-7. */
static inline vector hyperbolic_tangent(vector x)
{
    return 1 - 2 / (exponential(2 * larger(all(-20.0f), smaller(all(20.0f), x))) + 1);
}

/* gelu(x) = x Phi(x) (Hendrycks and Gimpel 2016), slope Phi(x) + x phi(x).  For x >= 0, Phi(-x) =
 * e^(-x^2/2) R(1 / (1 + 0.3 x)), with R a polynomial of degree 10 without constant term fitted at Chebyshev
 * nodes to erfc(x / sqrt 2) e^(x^2/2) / 2 (absolute error of the fit 1.3e-8). */
static inline vector gelu(vector x, vector *slope)
{
    static const float fit[9] = {0x1.54f272p-4f,  -0x1.539dcp-3f, 0x1.e1a484p-4f,
                                 -0x1.a4277cp-6f, 0x1.25adc6p-4f, 0x1.5d734p-4f,
                                 0x1.bebc6cp-4f,  0x1.ea33ap-4f,  0x1.ea386ap-4f};
    vector size = larger(x, -x);
    vector bell = exponential(-0.5f * x * x);
    vector t = 1 / fused(size, all(0.3f), all(1.0f));
    vector tail = all(-0x1.e4d87ep-7f);
    for (int i = 0; i < 9; i++)
        tail = fused(tail, t, all(fit[i]));
    tail = tail * t * bell;
    vector phi = pick(x < 0, tail, 1 - tail);
    *slope = fused(x * all(0.3989422804f), bell, phi);
    return x * phi;
}

/* x (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x^3). */
static inline vector gelu_tanh(vector x, vector *slope)
{
    vector square = x * x;
    vector u = 0.7978845608f * x * fused(square, all(0.044715f), all(1.0f));
    vector t = hyperbolic_tangent(u);
    vector half = 0.5f + 0.5f * t;
    vector du = 0.7978845608f * fused(square, all(3 * 0.044715f), all(1.0f));
    *slope = fused(0.5f * x * (1 - t * t), du, half);
    return x * half;
}

static inline vector relu(vector x, vector *slope)
{
    *slope = pick(x > 0, all(1.0f), all(0.0f));
    return larger(all(0.0f), x);
}

static float dot(const float *a, const float *b, size_t n)
{
    vector sum = {0};
    for (size_t i = 0; i < n; i += LANES)
        sum = fused(load(a + i, n - i), load(b + i, n - i), sum);
    return sum_lanes(sum);
}

/* Four rows at a time hide the latency of the additions; each row's sum is dot's. */
static void dots(float *out, const float *a, const float *B, size_t ldb, bool accumulate, size_t rows,
                 size_t n)
{
    size_t r = 0;
    for (; r + 4 <= rows; r += 4) {
        const float *b = B + r * ldb;
        vector s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (size_t i = 0; i < n; i += LANES) {
            vector v = load(a + i, n - i);
            s0 = fused(v, load(b + i, n - i), s0);
            s1 = fused(v, load(b + ldb + i, n - i), s1);
            s2 = fused(v, load(b + 2 * ldb + i, n - i), s2);
            s3 = fused(v, load(b + 3 * ldb + i, n - i), s3);
        }
        const float sums[4] = {sum_lanes(s0), sum_lanes(s1), sum_lanes(s2), sum_lanes(s3)};
        for (size_t i = 0; i < 4; i++)
            out[r + i] = accumulate ? out[r + i] + sums[i] : sums[i];
    }
    for (; r < rows; r++) {
        float sum = dot(a, B + r * ldb, n);
        out[r] = accumulate ? out[r] + sum : sum;
    }
}

static void add(float *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n; i += LANES)
        store(to + i, load(to + i, n - i) + load(from + i, n - i), n - i);
}

static void add_scaled(float *to, const float *from, float factor, size_t n)
{
    for (size_t i = 0; i < n; i += LANES)
        store(to + i, fused(load(from + i, n - i), all(factor), load(to + i, n - i)), n - i);
}

static void multiply(float *to, const float *by, size_t n)
{
    for (size_t i = 0; i < n; i += LANES)
        store(to + i, load(to + i, n - i) * load(by + i, n - i), n - i);
}

static void add_bias(float *y, const float *bias, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++)
        add(y + r * n, bias, n);
}

static void column_sums(float *to, const float *y, size_t rows, size_t n)
{
    for (size_t i = 0; i < n; i += 4 * LANES) {
        size_t left = n - i, second = left > LANES ? left - LANES : 0;
        size_t third = second > LANES ? second - LANES : 0, fourth = third > LANES ? third - LANES : 0;
        vector a = {0}, b = {0}, c = {0}, d = {0};
        for (size_t r = 0; r < rows; r++) {
            const float *at = y + r * n + i;
            a += load(at, left);
            if (second)
                b += load(at + LANES, second);
            if (third)
                c += load(at + 2 * LANES, third);
            if (fourth)
                d += load(at + 3 * LANES, fourth);
        }
        store(to + i, load(to + i, left) + a, left);
        if (second)
            store(to + i + LANES, load(to + i + LANES, second) + b, second);
        if (third)
            store(to + i + 2 * LANES, load(to + i + 2 * LANES, third) + c, third);
        if (fourth)
            store(to + i + 3 * LANES, load(to + i + 3 * LANES, fourth) + d, fourth);
    }
}

static void row_dots(float *out, const float *a, size_t lda, const float *b, size_t ldb, size_t rows,
                     size_t n)
{
    for (size_t r = 0; r < rows; r++)
        out[r] = dot(a + r * lda, b + r * ldb, n);
}

static void drop(float *out, const float *in, const uint8_t *mask, size_t stride, float keep, size_t rows,
                 size_t n)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < n; i += LANES) {
            const uint8_t *bits = mask ? mask + r * stride : NULL;
            store(out + r * n + i, keep * load_masked(in + r * n, bits, i, n - i), n - i);
        }
}

static void norm_row(const struct norm_forward *f, size_t r)
{
    size_t n = f->n;
    const float *y = f->y + r * n, *residual = f->residual + r * n;
    const uint8_t *mask = f->mask ? f->mask + r * f->stride : NULL;
    float *out = f->out + r * n;
    vector sum = {0}, squares = {0};
    for (size_t i = 0; i < n; i += LANES) {
        vector v = load(y + i, n - i);
        if (f->bias)
            v += load(f->bias + i, n - i);
        if (mask)
            v = kept_lanes(v, mask, i);
        v = fused(v, all(f->keep), load(residual + i, n - i));
        store(out + i, v, n - i);
        sum += v;
    }
    float mean = sum_lanes(sum) / (float)n;
    for (size_t i = 0; i < n; i += LANES) {
        vector v = load(out + i, n - i) - mean;
        if (n - i < LANES)
            v = first_or(v, n - i, 0);
        squares = fused(v, v, squares);
    }
    float rstd = 1 / __builtin_sqrtf(sum_lanes(squares) / (float)n + f->eps);
    for (size_t i = 0; i < n; i += LANES) {
        vector v = (load(out + i, n - i) - mean) * rstd;
        if (f->hat)
            store(f->hat + r * n + i, v, n - i);
        store(out + i, fused(v, load(f->gain + i, n - i), load(f->shift + i, n - i)), n - i);
    }
    if (f->rstd)
        f->rstd[r] = rstd;
}

static void norm_forward(const struct norm_forward *f)
{
    for (size_t r = 0; r < f->rows; r++)
        norm_row(f, r);
}

static void norm_backward(float *dx, float *dgain, float *dshift, const float *dy, const float *hat,
                          const float *rstd, const float *gain, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, dx += n, dy += n, hat += n) {
        vector sum = {0}, along = {0};
        for (size_t i = 0; i < n; i += LANES) {
            vector d = load(dy + i, n - i), h = load(hat + i, n - i), g = d * load(gain + i, n - i);
            sum += g;
            along = fused(g, h, along);
            store(dgain + i, fused(d, h, load(dgain + i, n - i)), n - i);
            store(dshift + i, load(dshift + i, n - i) + d, n - i);
        }
        vector mean = all(sum_lanes(sum) / (float)n), slope = all(-sum_lanes(along) / (float)n);
        for (size_t i = 0; i < n; i += LANES) {
            vector g = load(dy + i, n - i) * load(gain + i, n - i) - mean;
            store(dx + i, fused(load(hat + i, n - i), slope, g) * rstd[r], n - i);
        }
    }
}

#define ACTIVATE_ROWS(function)                                                                              \
    for (size_t r = 0; r < rows; r++)                                                                        \
        for (size_t i = 0; i < n; i += LANES) {                                                              \
            vector d, x = load(y + r * n + i, n - i) + load(bias + i, n - i);                                \
            store(out + r * n + i, function(x, &d), n - i);                                                  \
            if (slope)                                                                                       \
                store(slope + r * n + i, d, n - i);                                                          \
        }

static void activate(float *out, float *slope, const float *y, const float *bias, enum activation f,
                     size_t rows, size_t n)
{
    if (f == ACTIVATION_GELU)
        ACTIVATE_ROWS(gelu)
    else if (f == ACTIVATION_GELU_TANH)
        ACTIVATE_ROWS(gelu_tanh)
    else
        ACTIVATE_ROWS(relu)
}

#undef ACTIVATE_ROWS

static void softmax(float *s, float *log_sum, float scale, const uint8_t *mask, size_t stride, float keep,
                    size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, s += n) {
        vector most = all(-__builtin_inff());
        for (size_t i = 0; i < n; i += LANES) {
            vector v = load(s + i, n - i);
            most = larger(most, n - i < LANES ? first_or(v, n - i, -__builtin_inff()) : v);
        }
        float top = largest_lane(most) * scale;
        vector sum = {0};
        for (size_t i = 0; i < n; i += LANES) {
            vector p = exponential(fused(load(s + i, n - i), all(scale), all(-top)));
            store(s + i, p, n - i);
            sum += n - i < LANES ? first_or(p, n - i, 0) : p;
        }
        float total = sum_lanes(sum);
        vector factor = all((mask ? keep : 1) / total);
        const uint8_t *bits = mask ? mask + r * stride : NULL;
        for (size_t i = 0; i < n; i += LANES)
            store(s + i, factor * load_masked(s, bits, i, n - i), n - i);
        log_sum[r] = top + __builtin_logf(total);
    }
}

static void softmax_backward(float *s, float *d, const float *log_sum, const float *delta, float scale,
                             const uint8_t *mask, size_t stride, float keep, size_t rows, size_t n)
{
    float kept = mask ? keep : 1;
    for (size_t r = 0; r < rows; r++, s += n, d += n) {
        const uint8_t *bits = mask ? mask + r * stride : NULL;
        for (size_t i = 0; i < n; i += LANES) {
            vector p = exponential(fused(load(s + i, n - i), all(scale), all(-log_sum[r])));
            vector dp = kept * load_masked(d, bits, i, n - i) - delta[r];
            store(d + i, p * dp * scale, n - i);
            p = kept * (bits ? kept_lanes(p, bits, i) : p);
            store(s + i, p, n - i);
        }
    }
}

/* Salmon et al. 2011, Philox4x32-10, LANES counters at a time. */
static void philox(words c[4], uint64_t key)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        words high0 = high_product(c[0], 0xD2511F53), low0 = c[0] * 0xD2511F53;
        words high1 = high_product(c[2], 0xCD9E8D57), low1 = c[2] * 0xCD9E8D57;
        c[0] = high1 ^ c[1] ^ k0;
        c[1] = low1;
        c[2] = high0 ^ c[3] ^ k1;
        c[3] = low0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
}

static void dropout_mask(uint8_t *mask, size_t bytes, uint64_t key, uint64_t low, uint64_t high,
                         uint32_t threshold)
{
    words place;
    for (uint32_t i = 0; i < LANES; i++)
        place[i] = i;
    const integers cut = (integers){0} + (int32_t)threshold;
    for (size_t at = 0; at < bytes; at += LANES) {
        words c[4] = {place + (uint32_t)(low + at), (words){0} + (uint32_t)(low >> 32),
                      (words){0} + (uint32_t)high, (words){0} + (uint32_t)(high >> 32)};
        philox(c, key);
        integers byte = {0};
        for (int w = 0; w < 4; w++) {
            const integers bit = (integers){0} + (int32_t)(1 << 2 * w);
            byte |= ((integers)(c[w] & 0xFFFF) >= cut) & bit;
            byte |= ((integers)(c[w] >> 16) >= cut) & (bit + bit);
        }
        octets packed = __builtin_convertvector(byte, octets);
        memcpy(mask + at, &packed, bytes - at < LANES ? bytes - at : LANES);
    }
}

#include "nn/kernels/adamw_template.h"

#ifdef TILE_ROWS
#include "nn/kernels/gemm_template.h"
#endif

const struct kernels KERNELS = {
    .name = KERNELS_NAME,
    .dot = dot,
    .dots = dots,
    .add = add,
    .add_scaled = add_scaled,
    .multiply = multiply,
    .add_bias = add_bias,
    .column_sums = column_sums,
    .row_dots = row_dots,
    .drop = drop,
    .norm_forward = norm_forward,
    .norm_backward = norm_backward,
    .activate = activate,
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .dropout_mask = dropout_mask,
    .adamw_update = adamw_update,
    .adamw_replay = adamw_replay,
    .sum_of_squares = sum_of_squares,
#ifdef TILE_ROWS
    .panel = PANEL,
    .scratch = GEMM_SCRATCH,
    .pack_n = pack_n,
    .pack_t = pack_t,
    .gemm = gemm,
#endif
};
