/* The parameters of one run, in double and acting on u: v [C, X], then b [K] (logistic) or e [K-1] (ordinal).
 * Everything is divided by the weight of the records in the run, so that steps and stopping share a scale. */
#include "linear/internal.h"

#include <lbfgs.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "nn/loss_math.h"

enum {
    LEAVES = 32, /* sums of their own, merged in order */
    RUN = 256,   /* records of one product */
    MEMORY = 12, /* corrections L-BFGS keeps */
    FIFTH = 5,   /* one record in so many chooses */
};

struct problem {
    const struct design *design;
    struct pool *pool;
    bool ordinal;
    size_t K, C, X, size; /* size: of the parameters */
    const uint32_t *rows; /* [count] the records in it */
    size_t count;
    double weight;          /* of these records */
    double penalty;         /* divided by `weight` */
    const double *params;   /* [size] */
    double *gaps, *slopes;  /* [K] ordinal: softplus(e_k) between thresholds, and its derivative */
    double *leaf_gradients; /* [LEAVES, size] */
    double leaf_losses[LEAVES];
    int iterations;
};

/* Loss of one record from its outputs f [C]; f becomes the gradient, and that of b or e [..] is added to
 * `dlast`. */
static double record_loss(const struct problem *p, double *f, const double *last, int t, double weight,
                          double *dlast)
{
    int K = (int)p->K;
    if (p->ordinal) {
        double below = last[0] - f[0], both, above;
        for (int k = 1; k < t; k++)
            below += p->gaps[k];
        bool inner = t > 0 && t < K - 1;
        double loss = interval_cost(below, inner ? p->gaps[t] : 0, t == 0, t == K - 1, &both, &above);
        f[0] = -weight * both;
        dlast[0] += weight * both;
        for (int j = 1; j < K - 1 && j <= t; j++)
            dlast[j] += weight * (j < t ? both : above) * p->slopes[j];
        return weight * loss;
    }
    double most = f[0] + last[0], sum = 0;
    for (int k = 0; k < K; k++)
        most = fmax(most, f[k] += last[k]);
    double truth = f[t];
    for (int k = 0; k < K; k++)
        sum += f[k] = exp(f[k] - most);
    for (int k = 0; k < K; k++) {
        f[k] = weight * (f[k] / sum - (k == t));
        dlast[k] += f[k];
    }
    return weight * (most + log(sum) - truth);
}

static void leaf_sum(void *context, size_t leaf, int worker)
{
    (void)worker;
    struct problem *p = context;
    size_t first = leaf * p->count / LEAVES, end = (leaf + 1) * p->count / LEAVES;
    double *gradient = p->leaf_gradients + leaf * p->size, loss = 0;
    double *u = memory_new(RUN * p->X, sizeof *u), *f = memory_new(RUN * p->C, sizeof *f);
    memset(gradient, 0, p->size * sizeof *gradient);
    for (size_t at = first; at < end; at += RUN) {
        size_t count = end - at < RUN ? end - at : RUN;
        design_rows(p->design, p->rows, at, count, false, u);
        dgemm(false, true, count, p->C, p->X, u, p->X, p->params, p->X, 0, f, p->C);
        for (size_t i = 0; i < count; i++) {
            size_t row = p->rows[at + i];
            loss += record_loss(p, f + i * p->C, p->params + p->C * p->X, p->design->data->classes[row],
                                design_weight(p->design, row) / p->weight, gradient + p->C * p->X);
        }
        dgemm(true, false, p->C, p->X, count, f, p->C, u, p->X, 1, gradient, p->X);
    }
    p->leaf_losses[leaf] = loss;
    free(u);
    free(f);
}

/* Mean loss of the records, without the penalty, and its gradient [size]. */
static double mean_loss(struct problem *p, const double *params, double *gradient)
{
    p->params = params;
    for (size_t k = 1; p->ordinal && k + 1 < p->K; k++) {
        p->gaps[k] = softplus(params[p->X + k]);
        p->slopes[k] = logistic(params[p->X + k]);
    }
    pool_run(p->pool, LEAVES, leaf_sum, p);
    double loss = 0;
    memset(gradient, 0, p->size * sizeof *gradient);
    for (size_t leaf = 0; leaf < LEAVES; leaf++) {
        loss += p->leaf_losses[leaf];
        for (size_t i = 0; i < p->size; i++)
            gradient[i] += p->leaf_gradients[leaf * p->size + i];
    }
    return loss;
}

static lbfgsfloatval_t evaluate(void *context, const lbfgsfloatval_t *params, lbfgsfloatval_t *gradient,
                                int size, lbfgsfloatval_t step)
{
    (void)size, (void)step;
    struct problem *p = context;
    double value = mean_loss(p, params, gradient);
    for (size_t i = 0; i < p->C * p->X; i++) {
        value += p->penalty / 2 * params[i] * params[i];
        gradient[i] += p->penalty * params[i];
    }
    return value;
}

static int count_iteration(void *context, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g,
                           lbfgsfloatval_t value, lbfgsfloatval_t x_norm, lbfgsfloatval_t g_norm,
                           lbfgsfloatval_t step, int size, int iteration, int evaluations)
{
    (void)x, (void)g, (void)value, (void)x_norm, (void)g_norm, (void)step, (void)size, (void)evaluations;
    ((struct problem *)context)->iterations = iteration;
    return 0;
}

/* Goes on from `params` to the least. */
static void minimise(struct problem *p, double *params, double epsilon)
{
    lbfgs_parameter_t settings;
    lbfgs_parameter_init(&settings);
    settings.m = MEMORY;
    settings.epsilon = epsilon;
    settings.max_iterations = 2000;
    p->iterations = 0;
    int code = lbfgs((int)p->size, params, NULL, evaluate, count_iteration, p, &settings);
    /* A line search that finds nothing better stands, to rounding, at the least; it leaves the best point. */
    bool stands = code >= 0 || code == LBFGSERR_ROUNDING_ERROR || code == LBFGSERR_MAXIMUMLINESEARCH ||
                  code == LBFGSERR_MINIMUMSTEP || code == LBFGSERR_WIDTHTOOSMALL ||
                  code == LBFGSERR_MAXIMUMITERATION || code == LBFGSERR_INCREASEGRADIENT;
    if (!stands)
        die(STATUS_SYSTEM, "L-BFGS gave up on a linear head with code %d", code);
    if (code == LBFGSERR_MAXIMUMITERATION)
        warn("a linear head was not at its optimum after %d iterations: a larger penalty would help",
             p->iterations);
}

static struct problem problem_new(const struct design *d, bool ordinal, struct pool *pool)
{
    struct problem p = {.design = d,
                        .pool = pool,
                        .ordinal = ordinal,
                        .K = (size_t)d->data->class_count,
                        .X = d->data->width};
    p.C = ordinal ? 1 : p.K;
    p.size = p.C * p.X + (ordinal ? p.K - 1 : p.K);
    p.leaf_gradients = memory_new(LEAVES * p.size, sizeof *p.leaf_gradients);
    p.gaps = memory_new(p.K, sizeof *p.gaps);
    p.slopes = memory_new(p.K, sizeof *p.slopes);
    return p;
}

static void use_rows(struct problem *p, const uint32_t *rows, size_t count)
{
    p->rows = rows;
    p->count = count;
    p->weight = 0;
    for (size_t i = 0; i < count; i++)
        p->weight += design_weight(p->design, rows[i]);
}

/* No slopes, and each class at its share. */
static double *starting_point(const struct problem *p)
{
    double *params = memory_zeroed(p->size, sizeof *params), *last = params + p->C * p->X;
    double *shares = memory_zeroed(p->K, sizeof *shares);
    for (size_t i = 0; i < p->design->data->count; i++)
        shares[p->design->data->classes[i]] += design_weight(p->design, i) / p->design->weight;
    if (p->ordinal) {
        struct loss_spec spec = {.loss = LOSS_CLM, .classes = (int)p->K, .shares = shares};
        float *extra = memory_new(p->K, sizeof *extra);
        loss_initial_extra(&spec, extra);
        for (size_t k = 0; k + 1 < p->K; k++)
            last[k] = (double)extra[k];
        free(extra);
    } else {
        for (size_t k = 0; k < p->K; k++)
            last[k] = log(fmax(shares[k], 1e-3));
    }
    free(shares);
    return params;
}

/* Every fifth record of each class, in a random order, goes behind the others; returns how many stay in
 * front. */
static size_t stratified_fifth(const struct linear_data *data, uint64_t seed, uint32_t *rows)
{
    uint32_t *order = memory_new(data->count, sizeof *order);
    size_t *seen = memory_zeroed((size_t)data->class_count, sizeof *seen);
    size_t front = 0, back = data->count;
    random_permutation(order, data->count, seed, RANDOM_SELECT, 0);
    for (size_t i = 0; i < data->count; i++) {
        if (++seen[data->classes[order[i]]] % FIFTH == 0)
            rows[--back] = order[i];
        else
            rows[front++] = order[i];
    }
    free(order);
    free(seen);
    return front;
}

/* The candidate with the least mean loss on the fifth; candidates are tried in their order, each from where
 * the one before ended, until the loss has risen twice in a row. */
static double choose_penalty(struct problem *p, const double *penalties, size_t count, uint64_t seed,
                             double *score)
{
    size_t n = p->design->data->count;
    uint32_t *rows = memory_new(n, sizeof *rows);
    size_t front = stratified_fifth(p->design->data, seed, rows);
    if (front == n) { /* no class has five members */
        free(rows);
        return penalties[0];
    }
    double *params = starting_point(p), *unused = memory_new(p->size, sizeof *unused);
    double best = penalties[0], before = INFINITY;
    int rises = 0;
    *score = INFINITY;
    for (size_t i = 0; i < count && rises < 2; i++) {
        use_rows(p, rows, front);
        p->penalty = penalties[i] / p->design->weight;
        minimise(p, params, 1e-3);
        use_rows(p, rows + front, n - front);
        double loss = mean_loss(p, params, unused);
        rises = loss > before ? rises + 1 : 0;
        before = loss;
        if (loss < *score) {
            *score = loss;
            best = penalties[i];
        }
    }
    free(unused);
    free(params);
    free(rows);
    return best;
}

double descent_memory(bool ordinal, size_t n, size_t X, size_t K, int threads)
{
    double size = (double)((ordinal ? 1 : K) * X + K);
    double vectors = LEAVES + 2 * MEMORY + 8; /* gradients, L-BFGS's corrections and what it moves, params */
    return sizeof(double) * ((double)(n + 2 * K) + vectors * size + threads * (double)(RUN * (X + K)));
}

struct linear_head *descent_fit(const struct design *d, const struct linear_options *options,
                                const double *penalties, size_t penalty_count, struct pool *pool)
{
    bool ordinal = options->kind == LINEAR_ORDINAL;
    struct problem p = problem_new(d, ordinal, pool);
    size_t n = d->data->count;
    double score = NAN;
    double penalty = penalty_count == 1 ? penalties[0]
                                        : choose_penalty(&p, penalties, penalty_count, options->seed, &score);
    uint32_t *rows = memory_new(n, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)i;
    use_rows(&p, rows, n);
    p.penalty = penalty / p.weight;
    double *params = starting_point(&p), zero = 0;
    minimise(&p, params, 1e-6);

    const double *last = params + p.C * p.X;
    struct linear_head *head = design_head(d, ordinal ? LOSS_CLM : LOSS_CE, (int)p.C,
                                           ordinal ? (int)p.K - 1 : 0);
    design_fold(d, params, ordinal ? &zero : last, head);
    for (int k = 0; k < head->extras; k++)
        head->extra[k] = (float)last[k];
    head->penalty = penalty;
    head->score = score;
    head->iterations = p.iterations;
    free(params);
    free(rows);
    free(p.leaf_gradients);
    free(p.gaps);
    free(p.slopes);
    return head;
}
