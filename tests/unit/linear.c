/* Linear heads: scikit-learn's numbers, leave-one-out against refits, the same bits with any number of
 * threads. */
#include "linear/linear.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "learning_numbers.h"
#include "linear/internal.h"
#include "nn/scoring.h"

enum { MOST = 256, CLASSES = 8 };

struct linear_case {
    struct linear_data data;
    float *x;
    double y[MOST], weights[MOST];
    int t[MOST];
};

static void read_case(const json_t *json, struct linear_case *c)
{
    *c = (struct linear_case){.data = {.count = (size_t)golden_number(json, "count"),
                                       .width = (size_t)golden_number(json, "width"),
                                       .class_count = (int)golden_number(json, "classes")}};
    size_t n = c->data.count, X = c->data.width;
    uint32_t state = name_hash(json_string_value(json_object_get(json, "name")));
    c->x = memory_new(n * X, sizeof *c->x);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < X; j++) {
            float number = next_number(&state);
            c->x[i * X + j] = j == 0 ? 1.5f : number * (float)(1 << j % 4) + (float)(j % 3);
        }
    CHECK(golden_doubles(json, "y", c->y, MOST) == n);
    CHECK(golden_doubles(json, "weights", c->weights, MOST) == n);
    const json_t *classes = json_object_get(json, "t");
    for (size_t i = 0; i < n; i++)
        c->t[i] = (int)golden_at(classes, i);
    c->data.x = c->x;
    c->data.values = c->y;
    c->data.classes = c->t;
    c->data.weights = c->weights;
}

static void outputs_of(const struct linear_head *head, const float *x, float *f)
{
    for (int c = 0; c < head->outputs; c++) {
        double sum = (double)head->bias[c];
        for (size_t j = 0; j < head->width; j++)
            sum += (double)head->weight[(size_t)c * head->width + j] * (double)x[j];
        f[c] = (float)sum;
    }
}

static double prediction(const struct linear_head *head, const float *x)
{
    float f;
    outputs_of(head, x, &f);
    return (double)f;
}

static void check_ridge(const struct linear_case *c, const json_t *json, struct pool *pool)
{
    const json_t *candidates = json_object_get(json, "candidates"), *row;
    double penalties[8];
    size_t l;
    json_array_foreach(candidates, l, row)
    {
        penalties[l] = golden_number(row, "penalty");
        struct linear_options options = {
            .kind = LINEAR_RIDGE, .penalties = &penalties[l], .penalty_count = 1};
        struct linear_head *head = linear_fit(&c->data, &options, pool);
        CHECK(head->loss == LOSS_MSE && head->outputs == 1 && head->extras == 0);
        CHECK_NEAR(head->score, golden_number(row, "score"), 1e-9, 1e-7);
        const json_t *want = json_object_get(row, "predictions");
        for (size_t i = 0; i < c->data.count; i++)
            CHECK_NEAR(prediction(head, c->x + i * c->data.width), golden_at(want, i), 2e-6, 2e-6);
        linear_free(head);
    }
    CHECK(l == 4);
    struct linear_options all = {.kind = LINEAR_RIDGE, .penalties = penalties, .penalty_count = l};
    struct linear_head *head = linear_fit(&c->data, &all, pool);
    CHECK(head->penalty == golden_number(json, "chosen"));
    linear_free(head);
}

static void check_probabilities(const struct linear_case *c, enum linear_kind kind, const json_t *both,
                                struct pool *pool)
{
    for (int standardise = 0; standardise < 2; standardise++) {
        const json_t *want = json_array_get(both, (size_t)standardise);
        double penalty = standardise ? 0.5 : 2;
        size_t K = (size_t)c->data.class_count, wrong = 0;
        struct linear_options options = {
            .kind = kind, .standardise = standardise, .penalties = &penalty, .penalty_count = 1};
        struct linear_head *head = linear_fit(&c->data, &options, pool);
        struct scoring scoring = {.loss = head->loss, .classes = (int)K};
        CHECK(head->outputs == loss_outputs(head->loss, (int)K));
        CHECK(head->extras == loss_extra_count(head->loss, (int)K));
        CHECK(json_array_size(want) == c->data.count * K);
        for (size_t i = 0; i < c->data.count; i++) {
            float f[CLASSES];
            double prob[CLASSES];
            outputs_of(head, c->x + i * c->data.width, f);
            CHECK(scoring_apply(&scoring, f, head->extra, prob).has_prob);
            for (size_t k = 0; k < K; k++)
                wrong += !(fabs(prob[k] - golden_at(want, i * K + k)) <= 2e-5);
        }
        CHECK(wrong == 0);
        linear_free(head);
    }
}

static void test_references(struct pool *pool)
{
    json_t *root = golden("linear.json");
    const json_t *json;
    size_t i;
    json_array_foreach(json_object_get(root, "cases"), i, json)
    {
        struct linear_case c;
        read_case(json, &c);
        check_ridge(&c, json_object_get(json, "ridge"), pool);
        check_probabilities(&c, LINEAR_LOGISTIC, json_object_get(json, "logistic"), pool);
        check_probabilities(&c, LINEAR_ORDINAL, json_object_get(json, "ordinal"), pool);
        free(c.x);
    }
    CHECK(i == 3);
    json_decref(root);
}

/* ---- Made data ---- */

struct made {
    struct linear_data data;
    float *x;
    double *y, *weights;
    int *t;
};

static struct made make_data(size_t n, size_t X, int K, uint32_t state)
{
    struct made m = {.x = memory_new(n * X, sizeof *m.x),
                     .y = memory_new(n, sizeof *m.y),
                     .weights = memory_new(n, sizeof *m.weights),
                     .t = memory_new(n, sizeof *m.t)};
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < X; j++) {
            m.x[i * X + j] = next_number(&state) + (float)(j % 2);
            sum += j < 3 ? (double)m.x[i * X + j] : 0;
        }
        m.y[i] = 2 * sum + (double)next_number(&state);
        m.weights[i] = (double)next_number(&state) + 1;
        double class = floor((m.y[i] + 1) / 6 * K);
        m.t[i] = class < 0 ? 0 : class >= K ? K - 1 : (int)class;
    }
    m.data = (struct linear_data){m.x, n, X, m.y, m.t, K, m.weights};
    return m;
}

static void made_free(struct made *m)
{
    free(m->x);
    free(m->y);
    free(m->weights);
    free(m->t);
}

/* Each left-out prediction is that of a head fitted to the others. */
static void test_left_out(size_t n, size_t X, struct pool *pool)
{
    struct made m = make_data(n, X, 3, 5);
    double penalty = 0.7;
    struct linear_options options = {.kind = LINEAR_RIDGE, .penalties = &penalty, .penalty_count = 1};
    struct linear_head *all = linear_fit(&m.data, &options, pool);
    for (size_t left = 0; left < n; left++) {
        struct made rest = make_data(n, X, 3, 5);
        memmove(rest.x + left * X, m.x + (left + 1) * X, (n - 1 - left) * X * sizeof *m.x);
        memmove(rest.y + left, m.y + left + 1, (n - 1 - left) * sizeof *m.y);
        memmove(rest.weights + left, m.weights + left + 1, (n - 1 - left) * sizeof *m.weights);
        rest.data.count = n - 1;
        struct linear_head *head = linear_fit(&rest.data, &options, pool);
        CHECK_NEAR(all->left_out[left], prediction(head, m.x + left * X), 2e-6, 2e-6);
        linear_free(head);
        made_free(&rest);
    }
    linear_free(all);
    made_free(&m);
}

static bool same_head(const struct linear_head *a, const struct linear_head *b)
{
    size_t C = (size_t)a->outputs;
    return a->outputs == b->outputs && a->extras == b->extras && a->penalty == b->penalty &&
           memcmp(a->weight, b->weight, C * a->width * sizeof(float)) == 0 &&
           memcmp(a->bias, b->bias, C * sizeof(float)) == 0 &&
           memcmp(&a->score, &b->score, sizeof a->score) == 0 &&
           (a->extras == 0 || memcmp(a->extra, b->extra, (size_t)a->extras * sizeof(float)) == 0);
}

/* Threads change no bit; the choice of the penalty is made and is sensible. */
static void test_threads(size_t n, size_t X)
{
    struct made m = make_data(n, X, 4, 9);
    for (enum linear_kind kind = LINEAR_RIDGE; kind <= LINEAR_ORDINAL; kind++) {
        struct linear_options options = {.kind = kind, .standardise = true, .seed = 3};
        struct linear_head *first = NULL;
        for (int threads = 1; threads <= 5; threads += threads == 1 ? 1 : 3) {
            struct pool *pool = pool_new(threads);
            struct linear_head *head = linear_fit(&m.data, &options, pool);
            pool_free(pool);
            if (!first) {
                first = head;
                continue;
            }
            CHECK(same_head(first, head));
            linear_free(head);
        }
        CHECK(first->penalty > 0 && isfinite(first->score));
        size_t right = 0;
        struct scoring scoring = {.loss = first->loss, .classes = 4};
        for (size_t i = 0; i < n && kind != LINEAR_RIDGE; i++) {
            float f[CLASSES];
            outputs_of(first, m.x + i * X, f);
            right += scoring_apply(&scoring, f, first->extra, NULL).class == m.t[i];
        }
        CHECK(kind == LINEAR_RIDGE || right > n * 7 / 10);
        linear_free(first);
    }
    made_free(&m);
}

/* ---- The choice of the penalty ---- */

/* What a head says of a record's class: -log P. */
static double loss_of(const struct linear_head *head, const struct made *m, size_t i)
{
    float f[CLASSES];
    double prob[CLASSES];
    struct scoring scoring = {.loss = head->loss, .classes = m->data.class_count};
    outputs_of(head, m->x + i * m->data.width, f);
    scoring_apply(&scoring, f, head->extra, prob);
    return -log(prob[m->t[i]]);
}

/* Mean loss of left-out records, with a fit of its own for each fold; a record that is left out weighs 0. */
static double left_out_by_hand(const struct made *m, enum linear_kind kind, double penalty,
                               const struct folds *folds, struct pool *pool)
{
    size_t n = m->data.count;
    double loss = 0, *weights = memory_new(n, sizeof *weights);
    for (size_t f = 0; f < folds->count; f++) {
        struct linear_data data = m->data;
        for (size_t i = 0; i < n; i++)
            weights[i] = folds->of[i] == f ? 0 : m->weights[i];
        data.weights = weights;
        struct linear_options options = {.kind = kind, .penalties = &penalty, .penalty_count = 1};
        struct linear_head *head = linear_fit(&data, &options, pool);
        for (size_t i = 0; i < n; i++)
            loss += folds->of[i] == f ? m->weights[i] * loss_of(head, m, i) : 0;
        linear_free(head);
    }
    free(weights);
    return loss / folds->weight;
}

/* The penalty that is chosen, and its score, are those of fits by hand: that every fit has the objective that
 * linear.h states. */
static void test_choice(size_t n, size_t X, size_t folds_wanted, struct pool *pool)
{
    const double penalties[] = {100, 20, 4, 0.8, 0.16};
    enum { COUNT = sizeof penalties / sizeof *penalties };
    struct made m = make_data(n, X, 3, 77);
    struct design design;
    struct folds folds;
    design_init(&design, &m.data, false, pool);
    CHECK(folds_deal(&folds, &design, X, 5));
    CHECK(folds.count == folds_wanted);
    for (enum linear_kind kind = LINEAR_LOGISTIC; kind <= LINEAR_ORDINAL; kind++) {
        struct linear_options options = {
            .kind = kind, .penalties = penalties, .penalty_count = COUNT, .seed = 5};
        struct linear_head *head = linear_fit(&m.data, &options, pool);
        double best = INFINITY, chosen = 0;
        for (size_t l = 0; l < COUNT; l++) {
            double loss = left_out_by_hand(&m, kind, penalties[l], &folds, pool);
            if (loss < best) {
                best = loss;
                chosen = penalties[l];
            }
        }
        CHECK(head->penalty == chosen);
        CHECK_NEAR(head->score, best, 0, 0.01);
        linear_free(head);
    }
    folds_free(&folds);
    design_free(&design);
    made_free(&m);
}

/* Few records of classes that lie well apart: as many as `each`, of 3 classes in 30 noisy columns. */
static struct made separable(size_t each, uint32_t state)
{
    struct made m = make_data(3 * each, 30, 3, state);
    for (size_t i = 0; i < 3 * each; i++) {
        m.t[i] = (int)(i % 3);
        m.weights[i] = 1;
        for (size_t j = 0; j < 30; j++)
            m.x[i * 30 + j] += j % 3 == i % 3 ? 2 : 0;
    }
    return m;
}

/* Four or five of a class make no difference to speak of. */
static void test_few(struct pool *pool)
{
    for (enum linear_kind kind = LINEAR_LOGISTIC; kind <= LINEAR_ORDINAL; kind++) {
        double penalties[2];
        struct made unseen = separable(50, 8);
        for (size_t each = 4; each <= 5; each++) {
            struct made m = separable(each, 3);
            struct linear_options options = {.kind = kind, .standardise = true, .seed = 1};
            struct linear_head *head = linear_fit(&m.data, &options, pool);
            penalties[each - 4] = head->penalty;
            double right = 0;
            for (size_t i = 0; i < 150; i++)
                right += exp(-loss_of(head, &unseen, i)) / 150;
            CHECK(right > 0.95);
            linear_free(head);
            made_free(&m);
        }
        CHECK_NEAR(log10(penalties[0] / penalties[1]), 0, 1, 0);
        made_free(&unseen);
    }
}

/* The only record of a class is never left out, and no reason to give up; where each is the only one, there
 * is no choice. */
static void test_alone(struct pool *pool)
{
    struct made m = separable(4, 3);
    struct linear_options options = {.kind = LINEAR_LOGISTIC, .standardise = true, .seed = 1};
    m.data.count = 9;
    m.data.class_count = 4;
    m.t[8] = 3;
    struct linear_head *head = linear_fit(&m.data, &options, pool);
    CHECK(isfinite(head->score) && head->penalty < 9);
    linear_free(head);
    m.data.count = 3;
    m.data.class_count = 3;
    head = linear_fit(&m.data, &options, pool);
    CHECK(isnan(head->score));
    CHECK_NEAR(head->penalty, 0.3, 0, 1e-6);
    linear_free(head);
    made_free(&m);
}

/* Weight 2 is the record twice, weight 0 its absence. */
static void test_weights(struct pool *pool)
{
    struct made m = make_data(40, 3, 3, 21), twice = make_data(40, 3, 3, 21);
    for (size_t i = 0; i < 40; i++)
        m.weights[i] = i < 20 ? 2 : 0;
    for (size_t i = 0; i < 20; i++) {
        memcpy(twice.x + (20 + i) * 3, m.x + i * 3, 3 * sizeof *m.x);
        twice.y[20 + i] = m.y[i];
        twice.t[20 + i] = m.t[i];
    }
    twice.data.weights = NULL;
    double penalty = 0.5;
    for (enum linear_kind kind = LINEAR_RIDGE; kind <= LINEAR_ORDINAL; kind++) {
        struct linear_options options = {.kind = kind, .penalties = &penalty, .penalty_count = 1};
        struct linear_head *a = linear_fit(&m.data, &options, pool);
        struct linear_head *b = linear_fit(&twice.data, &options, pool);
        for (size_t i = 0; i < (size_t)a->outputs * a->width; i++)
            CHECK_NEAR((double)a->weight[i], (double)b->weight[i], 1e-4, 1e-4);
        if (kind == LINEAR_RIDGE)
            CHECK_NEAR(a->left_out[30], prediction(a, m.x + 30 * 3), 1e-5, 1e-5);
        linear_free(a);
        linear_free(b);
    }
    made_free(&m);
    made_free(&twice);
}

/* The exit status of a process that fits what cannot be fitted. */
static int refusal(size_t count, float number, double penalty)
{
    pid_t child = fork();
    if (child == 0) {
        struct made m = make_data(10, 2, 2, 1);
        m.data.count = count;
        m.x[3] = number;
        struct linear_options options = {.kind = LINEAR_RIDGE, .penalties = &penalty, .penalty_count = 1};
        if (!freopen("/dev/null", "w", stderr))
            _exit(99);
        struct pool *pool = pool_new(1);
        linear_free(linear_fit(&m.data, &options, pool));
        pool_free(pool);
        made_free(&m);
        exit(0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_refusals(void)
{
    fflush(stdout);
    CHECK(refusal(10, 0, 1) == STATUS_GOOD);
    CHECK(refusal(1, 0, 1) == STATUS_INPUT);
    CHECK(refusal(10, NAN, 1) == STATUS_INPUT);
    CHECK(refusal(10, INFINITY, 1) == STATUS_INPUT);
    CHECK(refusal(10, 0, 0) == STATUS_USAGE);
    CHECK(refusal(10, 0, NAN) == STATUS_USAGE);
}

int main(void)
{
    struct pool *pool = pool_new(2);
    test_references(pool);
    test_left_out(12, 4, pool);
    test_left_out(9, 20, pool);
    test_threads(1500, 40);
    test_threads(90, 200);
    test_threads(30, 8);
    test_choice(30, 4, 30, pool);
    test_choice(20, 40, 20, pool);
    test_choice(90, 6, 5, pool);
    test_choice(60, 130, 5, pool);
    test_few(pool);
    test_alone(pool);
    test_weights(pool);
    test_refusals();
    pool_free(pool);
    return check_report("linear");
}
