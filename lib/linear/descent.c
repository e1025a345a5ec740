/* Heads are fitted side by side, so that the data is read once for all of them: one head to all records or,
 * to choose the penalty, one for each fold to the records of the others.
 *
 * The parameters are, in double, the slopes of all copies [copies, C, R], then their b [copies, K] (logistic)
 * or e [copies, K-1] (ordinal).  Where 2 n <= X, rows and slopes are on the n axes of the columns, which lose
 * nothing, and R is n; else R is X.  A copy's loss and penalty are divided by the weight of its records, so
 * that steps and stopping share a scale. */
#include "linear/internal.h"

#include <lbfgs.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "nn/loss_math.h"

enum {
    LEAVES = 32, /* most sums of their own, merged in order */
    RUN = 128,   /* records of one product, and least of a leaf */
    MEMORY = 12, /* corrections L-BFGS keeps */
};

struct problem {
    const struct design *design;
    struct axes axes;
    double *on_axes; /* [n, R] the rows on them; NULL: not used */
    struct pool *pool;
    bool ordinal;
    size_t K, C, E, R; /* E: K or, ordinal, K-1 */
    size_t size;       /* of one copy's parameters */

    size_t copies;
    const struct folds *folds; /* copy k leaves out fold k; NULL: one copy, nothing is left out */
    double *weights;           /* [copies] of the records of each */
    double penalty;

    const double *params;      /* [copies, size] */
    double *thresholds, *gaps; /* [copies, E] ordinal: h_k, and softplus(e_k) = h_k - h_{k-1} */
    double *leaf_gradients;    /* [leaves, copies, size] */
    double leaf_losses[LEAVES];
    double leaf_left_out[LEAVES]; /* weighted losses of the records that a copy leaves out */
    int iterations;
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static bool wants_axes(size_t n, size_t X) { return 2 * n <= X; }

static size_t leaf_count(size_t records) { return smaller(LEAVES, (records + RUN - 1) / RUN); }

/* Loss of one record from a copy's outputs f [C]; f becomes the gradient, and that of b is added to `dlast`
 * [E].  Of an ordinal head `dlast` gets the gradient by the thresholds h (loss.h). */
static double record_loss(const struct problem *p, size_t copy, double *f, int t, double weight,
                          double *dlast)
{
    int K = (int)p->K;
    if (p->ordinal) {
        int lower = t > 0 ? t - 1 : 0;
        bool inner = t > 0 && t < K - 1;
        double below = p->thresholds[copy * p->E + (size_t)lower] - f[0], both, above;
        double gap = inner ? p->gaps[copy * p->E + (size_t)t] : 0;
        double loss = interval_cost(below, gap, t == 0, t == K - 1, &both, &above);
        f[0] = -weight * both;
        dlast[lower] += weight * both;
        if (inner) {
            dlast[lower] -= weight * above;
            dlast[t] += weight * above;
        }
        return weight * loss;
    }
    const double *last = p->params + p->copies * p->C * p->R + copy * p->E;
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

/* All copies on one record: outputs f [copies, C] become gradients, those of a copy that leaves it out 0. */
static void record_losses(struct problem *p, size_t leaf, size_t record, double *f, double *dlast,
                          double *unused)
{
    int t = p->design->data->classes[record];
    double weight = design_weight(p->design, record);
    for (size_t copy = 0; copy < p->copies; copy++, f += p->C, dlast += p->E) {
        if (p->folds && p->folds->of[record] == copy) {
            p->leaf_left_out[leaf] += record_loss(p, copy, f, t, weight, unused);
            memset(f, 0, p->C * sizeof *f);
        } else {
            p->leaf_losses[leaf] += record_loss(p, copy, f, t, weight / p->weights[copy], dlast);
        }
    }
}

static void leaf_sum(void *context, size_t leaf, int worker)
{
    (void)worker;
    struct problem *p = context;
    size_t n = p->design->data->count, leaves = leaf_count(n), end = (leaf + 1) * n / leaves;
    size_t R = p->R, outputs = p->copies * p->C;
    double *gradient = p->leaf_gradients + leaf * p->copies * p->size;
    double *columns = memory_new(p->on_axes ? 0 : RUN * R, sizeof *columns);
    double *f = memory_new(RUN * outputs, sizeof *f), *unused = memory_zeroed(p->E, sizeof *unused);
    memset(gradient, 0, p->copies * p->size * sizeof *gradient);
    p->leaf_losses[leaf] = p->leaf_left_out[leaf] = 0;
    for (size_t at = leaf * n / leaves; at < end; at += RUN) {
        size_t count = smaller(RUN, end - at);
        const double *u = p->on_axes ? p->on_axes + at * R : columns;
        if (!p->on_axes)
            design_rows(p->design, at, count, false, columns);
        dgemm(false, true, count, outputs, R, u, R, p->params, R, 0, f, outputs);
        for (size_t i = 0; i < count; i++)
            record_losses(p, leaf, at + i, f + i * outputs, gradient + outputs * R, unused);
        dgemm(true, false, outputs, R, count, f, outputs, u, R, 1, gradient, R);
    }
    free(columns);
    free(f);
    free(unused);
}

static void place_thresholds(struct problem *p, const double *e)
{
    for (size_t i = 0; i < p->copies * p->E; i++) {
        bool first = i % p->E == 0;
        p->gaps[i] = first ? 0 : softplus(e[i]);
        p->thresholds[i] = first ? e[i] : p->thresholds[i - 1] + p->gaps[i];
    }
}

/* From the gradient by h to that by e: e_k moves h_k and all above it. */
static void threshold_gradient(const struct problem *p, const double *e, double *gradient)
{
    for (size_t copy = 0; copy < p->copies; copy++, e += p->E, gradient += p->E) {
        double sum = 0;
        for (size_t k = p->E; k-- > 0;) {
            sum += gradient[k];
            gradient[k] = k ? sum * logistic(e[k]) : sum;
        }
    }
}

/* Sum of the copies' mean losses and penalties, and its gradient [copies, size]. */
static lbfgsfloatval_t evaluate(void *context, const lbfgsfloatval_t *params, lbfgsfloatval_t *gradient,
                                int size, lbfgsfloatval_t step)
{
    (void)size, (void)step;
    struct problem *p = context;
    size_t leaves = leaf_count(p->design->data->count), slopes = p->C * p->R, all = p->copies * p->size;
    p->params = params;
    if (p->ordinal)
        place_thresholds(p, params + p->copies * slopes);
    pool_run(p->pool, leaves, leaf_sum, p);
    double value = 0;
    memset(gradient, 0, all * sizeof *gradient);
    for (size_t leaf = 0; leaf < leaves; leaf++) {
        value += p->leaf_losses[leaf];
        for (size_t i = 0; i < all; i++)
            gradient[i] += p->leaf_gradients[leaf * all + i];
    }
    if (p->ordinal)
        threshold_gradient(p, params + p->copies * slopes, gradient + p->copies * slopes);
    for (size_t copy = 0, i = 0; copy < p->copies; copy++) {
        double penalty = p->penalty / p->weights[copy];
        for (size_t end = i + slopes; i < end; i++) {
            value += penalty / 2 * params[i] * params[i];
            gradient[i] += penalty * params[i];
        }
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

/* Goes on from `params` [copies, size] to the least. */
static void minimise(struct problem *p, double *params, double epsilon)
{
    lbfgs_parameter_t settings;
    lbfgs_parameter_init(&settings);
    settings.m = MEMORY;
    settings.epsilon = epsilon;
    settings.max_iterations = 2000;
    p->iterations = 0;
    int code = lbfgs((int)(p->copies * p->size), params, NULL, evaluate, count_iteration, p, &settings);
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

/* The rows on the axes [n, R]: those of A V divided by the roots of their weights.  A record of weight 0 has
 * no part in anything: any row will do. */
static double *rows_on_axes(const struct axes *axes, const struct design *d)
{
    size_t n = d->data->count;
    double *rows = memory_new(n * axes->R, sizeof *rows);
    axes_rows(axes, 0, n, rows);
    for (size_t i = 0; i < n; i++) {
        double weight = design_weight(d, i);
        for (size_t j = 0; j < axes->R && weight > 0; j++)
            rows[i * axes->R + j] /= sqrt(weight);
    }
    return rows;
}

static void problem_init(struct problem *p, const struct design *d, bool ordinal, struct pool *pool)
{
    size_t n = d->data->count, K = (size_t)d->data->class_count;
    *p = (struct problem){.design = d, .pool = pool, .ordinal = ordinal, .K = K, .R = d->data->width};
    if (wants_axes(n, p->R)) {
        axes_init(&p->axes, d, pool);
        p->on_axes = rows_on_axes(&p->axes, d);
        p->R = n;
    }
    p->C = ordinal ? 1 : K;
    p->E = ordinal ? K - 1 : K;
    p->size = p->C * p->R + p->E;
}

static void problem_free(struct problem *p)
{
    axes_free(&p->axes);
    free(p->on_axes);
}

static void use_copies(struct problem *p, const struct folds *folds)
{
    size_t n = p->design->data->count;
    p->copies = folds ? folds->count : 1;
    p->folds = folds;
    p->weights = memory_new(p->copies, sizeof *p->weights);
    for (size_t copy = 0; copy < p->copies; copy++) {
        p->weights[copy] = 0;
        for (size_t i = 0; i < n; i++)
            p->weights[copy] += folds && folds->of[i] == copy ? 0 : design_weight(p->design, i);
    }
    p->thresholds = memory_new(p->copies * p->E, sizeof *p->thresholds);
    p->gaps = memory_new(p->copies * p->E, sizeof *p->gaps);
    p->leaf_gradients = memory_new(leaf_count(n) * p->copies * p->size, sizeof *p->leaf_gradients);
}

static void drop_copies(struct problem *p)
{
    free(p->weights);
    free(p->thresholds);
    free(p->gaps);
    free(p->leaf_gradients);
}

/* Every copy without slopes, and each class at its share. */
static double *starting_point(const struct problem *p)
{
    double *params = memory_zeroed(p->copies * p->size, sizeof *params),
           *last = params + p->copies * p->C * p->R;
    double *shares = memory_zeroed(p->K, sizeof *shares);
    for (size_t i = 0; i < p->design->data->count; i++)
        shares[p->design->data->classes[i]] += design_weight(p->design, i) / p->design->weight;
    if (p->ordinal) {
        struct loss_spec spec = {.loss = LOSS_CLM, .classes = (int)p->K, .shares = shares};
        float *extra = memory_new(p->K, sizeof *extra);
        loss_initial_extra(&spec, extra);
        for (size_t i = 0; i < p->copies * p->E; i++)
            last[i] = (double)extra[i % p->E];
        free(extra);
    } else {
        for (size_t i = 0; i < p->copies * p->E; i++)
            last[i] = log(fmax(shares[i % p->E], 1e-3));
    }
    free(shares);
    return params;
}

/* The candidate with the least loss of records that are left out.  Candidates are tried in their order, each
 * from where the one before ended, until the loss has risen twice in a row. */
static double choose_penalty(struct problem *p, const double *penalties, size_t count, uint64_t seed,
                             double *score)
{
    struct folds folds;
    if (!folds_deal(&folds, p->design, p->size, seed))
        return penalties[count / 2];
    use_copies(p, &folds);
    double *params = starting_point(p), *unused = memory_new(p->copies * p->size, sizeof *unused);
    double best = penalties[0], before = INFINITY;
    int rises = 0;
    *score = INFINITY;
    for (size_t i = 0; i < count && rises < 2; i++) {
        p->penalty = penalties[i];
        minimise(p, params, 1e-4);
        evaluate(p, params, unused, 0, 0);
        double loss = 0;
        for (size_t leaf = 0; leaf < leaf_count(p->design->data->count); leaf++)
            loss += p->leaf_left_out[leaf] / folds.weight;
        rises = loss > before ? rises + 1 : 0;
        before = loss;
        if (loss < *score) {
            *score = loss;
            best = penalties[i];
        }
    }
    free(params);
    free(unused);
    drop_copies(p);
    folds_free(&folds);
    return best;
}

double descent_memory(bool ordinal, size_t n, size_t X, size_t K, int threads)
{
    bool on_axes = wants_axes(n, X);
    size_t R = on_axes ? n : X, C = ordinal ? 1 : K, size = C * R + K, copies = folds_most(n, size);
    double axes = on_axes ? axes_memory(n, X) + (double)n * (double)n : 0;
    double vectors = 2 * MEMORY + 8 + (double)leaf_count(n); /* L-BFGS's, params, leaves */
    double each = (double)RUN * ((on_axes ? 0 : (double)X) + (double)(copies * C)) + (double)K;
    double shared = axes + vectors * (double)copies * (double)size + (double)(2 * copies * K) + (double)n;
    return sizeof(double) * (shared + threads * each);
}

/* v [C, X] on the columns. */
static double *column_slopes(const struct problem *p, const double *params)
{
    size_t X = p->design->data->width;
    double *v = memory_new(p->C * X, sizeof *v);
    if (!p->on_axes)
        memcpy(v, params, p->C * X * sizeof *v);
    for (size_t c = 0; p->on_axes && c < p->C; c++)
        axes_combine(&p->axes, params + c * p->R, v + c * X);
    return v;
}

struct linear_head *descent_fit(const struct design *d, const struct linear_options *options,
                                const double *penalties, size_t penalty_count, struct pool *pool)
{
    bool ordinal = options->kind == LINEAR_ORDINAL;
    struct problem p;
    problem_init(&p, d, ordinal, pool);
    double score = NAN;
    double penalty = penalty_count == 1 ? penalties[0]
                                        : choose_penalty(&p, penalties, penalty_count, options->seed, &score);
    use_copies(&p, NULL);
    p.penalty = penalty;
    double *params = starting_point(&p), zero = 0;
    minimise(&p, params, 1e-6);

    const double *last = params + p.C * p.R;
    double *v = column_slopes(&p, params);
    struct linear_head *head = design_head(d, ordinal ? LOSS_CLM : LOSS_CE, (int)p.C, ordinal ? (int)p.E : 0);
    design_fold(d, v, ordinal ? &zero : last, head);
    for (int k = 0; k < head->extras; k++)
        head->extra[k] = (float)last[k];
    head->penalty = penalty;
    head->score = score;
    head->iterations = p.iterations;
    free(params);
    free(v);
    drop_copies(&p);
    problem_free(&p);
    return head;
}
