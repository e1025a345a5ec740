/* The optimizer's arithmetic, included by template.h: element by element in one fixed order of roundings.  No
 * sum crosses elements, nothing is fused, and +, *, / and the root are exactly rounded: every table gives the
 * same bits. */

/* Vectors whose state stays in registers over the steps of a replay. */
enum { REPLAYED = 4 };

static inline vector without_dust(vector x, float least)
{
    vector size = (vector)((integers)x & INT32_MAX);
    return pick(size < least, all(0), x);
}

static inline void adamw_element(vector *p, vector *m, vector *v, vector g, const struct adamw_factors *f)
{
    vector first = without_dust(*m + f->new1 * (g - *m), 0x1p-90f);
    vector second = without_dust(f->keep2 * *v + f->new2 * g * g, 0x1p-120f);
    *p = *p * f->decay + -f->rate * first / (square_root(second) / f->root + f->epsilon);
    *m = first;
    *v = second;
}

static inline void update_vector(float *p, float *m, float *v, const float *g, size_t lanes,
                                 const struct adamw_factors *f, float scale)
{
    vector parameter = load(p, lanes), first = load(m, lanes), second = load(v, lanes);
    adamw_element(&parameter, &first, &second, scale * load(g, lanes), f);
    store(p, parameter, lanes);
    store(m, first, lanes);
    store(v, second, lanes);
}

static void adamw_update(float *p, float *m, float *v, const float *g, size_t n,
                         const struct adamw_factors *factors, float scale)
{
    struct adamw_factors f = *factors;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        update_vector(p + i, m + i, v + i, g + i, LANES, &f, scale);
    if (i < n)
        update_vector(p + i, m + i, v + i, g + i, n - i, &f, scale);
}

/* Up to REPLAYED vectors at a time hide the latency of root and division.  Where every moment is 0, a step
 * without a gradient only decays. */
static void replay_run(float *p, float *m, float *v, size_t n, const struct adamw_factors *factors,
                       size_t steps)
{
    vector parameter[REPLAYED], first[REPLAYED], second[REPLAYED], most = {0};
    for (size_t j = 0; j < REPLAYED; j++) {
        size_t at = j * LANES, left = at < n ? n - at : 0;
        parameter[j] = left ? load(p + at, left) : (vector){0};
        first[j] = left ? load(m + at, left) : (vector){0};
        second[j] = left ? load(v + at, left) : (vector){0};
        most = larger(most, larger(larger(first[j], -first[j]), second[j]));
    }
    bool at_rest = largest_lane(most) == 0;
    for (size_t s = 0; s < steps; s++)
        for (size_t j = 0; j < REPLAYED; j++) {
            if (at_rest)
                parameter[j] *= factors[s].decay;
            else
                adamw_element(&parameter[j], &first[j], &second[j], all(0), &factors[s]);
        }
    for (size_t j = 0; j * LANES < n && j < REPLAYED; j++) {
        size_t at = j * LANES;
        store(p + at, parameter[j], n - at);
        store(m + at, first[j], n - at);
        store(v + at, second[j], n - at);
    }
}

static void adamw_replay(float *p, float *m, float *v, size_t n, const struct adamw_factors *factors,
                         size_t steps)
{
    for (size_t i = 0; i < n; i += REPLAYED * LANES)
        replay_run(p + i, m + i, v + i, n - i, factors, steps);
}

/* Element i is added to sum i % SUMS; then the sums are halved. */
static double sum_of_squares(const float *x, size_t n)
{
    enum { SUMS = 16 };
    typedef float four __attribute__((vector_size(16)));
    typedef double four_doubles __attribute__((vector_size(32)));
    four_doubles sum[SUMS / 4] = {{0}};
    double sums[SUMS];
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
#pragma GCC unroll 4
        for (size_t j = 0; j < SUMS / 4; j++) {
            four at;
            memcpy(&at, x + i + 4 * j, sizeof at);
            four_doubles d = __builtin_convertvector(at, four_doubles);
            sum[j] += d * d;
        }
    memcpy(sums, sum, sizeof sums);
    for (size_t j = 0; i + j < n; j++)
        sums[j] += (double)x[i + j] * (double)x[i + j];
    for (size_t width = SUMS / 2; width > 0; width /= 2)
        for (size_t j = 0; j < width; j++)
            sums[j] += sums[j + width];
    return sums[0];
}
