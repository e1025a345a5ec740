/* Losses: torch's numbers, finite differences, what ordered losses are for, and the kappa loss as a ratio. */
#include "nn/loss.h"

#include "learning_numbers.h"
#include "nn/loss_math.h"

enum { MOST = 16 };

struct loss_case {
    struct loss_spec spec;
    struct target target;
    double values[MOST], shares[MOST];
    float outputs[MOST], extra[MOST];
    int C, E;
};

static double loss_of(const struct loss_case *c, const float *outputs, const float *extra)
{
    float df[MOST], de[MOST];
    return loss_compute(&c->spec, outputs, extra, &c->target, df, de);
}

/* ---- torch ---- */

static void read_case(const json_t *json, struct loss_case *c)
{
    *c = (struct loss_case){.spec = {.classes = (int)golden_number(json, "classes"),
                                     .smoothing = golden_number(json, "smoothing"),
                                     .sharpness = golden_number(json, "sharpness")},
                            .target = {(int)golden_number(json, "class"), golden_number(json, "value")}};
    CHECK(loss_find(json_string_value(json_object_get(json, "loss")), &c->spec.loss));
    golden_doubles(json, "values", c->values, MOST);
    golden_doubles(json, "shares", c->shares, MOST);
    c->C = (int)golden_floats(json, "outputs", c->outputs, MOST);
    c->E = (int)golden_floats(json, "extra", c->extra, MOST);
    c->spec.values = c->values;
    c->spec.shares = c->shares;
}

static void test_torch(const json_t *root)
{
    const json_t *cases = json_object_get(root, "cases"), *json;
    size_t i;
    json_array_foreach(cases, i, json)
    {
        struct loss_case c;
        float df[MOST], de[MOST];
        double want[MOST], prob[MOST];
        read_case(json, &c);
        enum loss loss = c.spec.loss;
        CHECK(c.C == loss_outputs(loss, c.spec.classes));
        CHECK(c.E == loss_extra_count(loss, c.spec.classes));
        double value = loss_compute(&c.spec, c.outputs, c.extra, &c.target, df, de);
        CHECK_NEAR(value, golden_number(json, "result"), 1e-7, 1e-7);
        CHECK(loss_compute(&c.spec, c.outputs, c.extra, &c.target, NULL, NULL) == value);
        CHECK(golden_doubles(json, "doutputs", want, MOST) == (size_t)c.C);
        for (int k = 0; k < c.C; k++)
            CHECK_NEAR((double)df[k], want[k], 1e-7, 1e-6);
        CHECK(golden_doubles(json, "dextra", want, MOST) == (size_t)c.E);
        for (int k = 0; k < c.E; k++)
            CHECK_NEAR((double)de[k], want[k], 1e-7, 1e-6);
        size_t classes = golden_doubles(json, "prob", want, MOST);
        CHECK(classes == (loss == LOSS_MSE ? 0 : (size_t)c.spec.classes));
        if (classes)
            loss_probabilities(loss, c.spec.classes, c.outputs, c.extra, prob);
        for (size_t k = 0; k < classes; k++)
            CHECK_NEAR(prob[k], want[k], 1e-9, 1e-6);
    }
    CHECK(i == 140);
}

/* ---- Finite differences, on cases of our own ---- */

static struct loss_case random_case(enum loss loss, int K, uint32_t seed)
{
    static const double values[] = {1, 1.5, 2, 4, 4.5, 7, 8};
    static const double shares[] = {0.3, 0.1, 0.05, 0.25, 0.1, 0.15, 0.05};
    struct loss_case c = {
        .spec = {loss, K, NULL, NULL, 0.2, 0.7}, .C = loss_outputs(loss, K), .E = loss_extra_count(loss, K)};
    memcpy(c.values, values, sizeof values);
    memcpy(c.shares, shares, sizeof shares);
    for (int k = 0; k < MOST; k++) {
        c.outputs[k] = 6 * next_number(&seed);
        c.extra[k] = 6 * next_number(&seed);
    }
    c.target = (struct target){(int)(seed >> 16) % K, 3 * (double)next_number(&seed)};
    return c;
}

/* d loss / d at[k] by central differences of a step that float32 holds exactly enough. */
static double slope(struct loss_case *c, float *at, int k)
{
    float middle = at[k], step = 0x1p-7f;
    at[k] = middle + step;
    double up = loss_of(c, c->outputs, c->extra), high = (double)at[k];
    at[k] = middle - step;
    double down = loss_of(c, c->outputs, c->extra), low = (double)at[k];
    at[k] = middle;
    return (up - down) / (high - low);
}

static void test_differences(void)
{
    for (enum loss loss = LOSS_CE; loss <= LOSS_QWK; loss++)
        for (uint32_t i = 0; i < 60; i++) {
            struct loss_case c = random_case(loss, 2 + (int)(i % 6), 77 * i + (uint32_t)loss);
            c.spec.values = c.values;
            c.spec.shares = i % 2 ? c.shares : NULL;
            double total = 0;
            for (int k = 0; k < c.spec.classes; k++)
                total += c.shares[k];
            for (int k = 0; k < c.spec.classes; k++)
                c.shares[k] /= total;
            float df[MOST], de[MOST];
            loss_compute(&c.spec, c.outputs, c.extra, &c.target, df, de);
            for (int k = 0; k < c.C; k++)
                CHECK_NEAR((double)df[k], slope(&c, c.outputs, k), 1e-4, 1e-3);
            for (int k = 0; k < c.E; k++)
                CHECK_NEAR((double)de[k], slope(&c, c.extra, k), 1e-4, 1e-3);
        }
}

/* ---- Invariants ---- */

static void test_probabilities(void)
{
    for (enum loss loss = LOSS_CE; loss <= LOSS_QWK; loss++)
        for (uint32_t i = 0; i < 100 && loss != LOSS_MSE; i++) {
            struct loss_case c = random_case(loss, 2 + (int)(i % 6), i + 1000 * (uint32_t)loss);
            for (int k = 0; k < c.C; k++)
                c.outputs[k] *= i % 4 == 3 ? 300 : 1;
            double prob[MOST], sum = 0;
            loss_probabilities(loss, c.spec.classes, c.outputs, c.extra, prob);
            for (int k = 0; k < c.spec.classes; k++) {
                CHECK(prob[k] >= 0 && prob[k] <= 1);
                sum += prob[k];
            }
            CHECK_NEAR(sum, 1, 1e-12, 0);
            /* Where a loss is -log p(class), the probabilities say the same. */
            c.spec.smoothing = 0;
            if ((loss == LOSS_CE || loss == LOSS_CLM || loss == LOSS_CORN) && i % 4 != 3)
                CHECK_NEAR(exp(-loss_of(&c, c.outputs, c.extra)), prob[c.target.class], 1e-12, 1e-9);
        }
}

static void test_far_away(void)
{
    for (enum loss loss = LOSS_CE; loss <= LOSS_QWK; loss++)
        for (int t = 0; t < 4; t++)
            for (int sign = -1; sign <= 1; sign += 2) {
                struct loss_spec o = {loss, 4, NULL, NULL, 0.1, 2};
                struct target target = {t, t};
                float f[4] = {0, 0, 0, 0}, e[3] = {0, -200, -200}, df[4], de[3] = {0};
                f[0] = (float)sign * 1e4f;
                double value = loss_compute(&o, f, e, &target, df, de);
                CHECK(isfinite(value) && value >= -1);
                for (int k = 0; k < loss_outputs(loss, 4); k++)
                    CHECK(isfinite(df[k]));
                for (int k = 0; k < loss_extra_count(loss, 4); k++)
                    CHECK(isfinite(de[k]));
            }
}

static void test_initial_extra(void)
{
    const double shares[] = {0.1, 0.5, 0, 0.4};
    for (enum loss loss = LOSS_CORAL; loss <= LOSS_CLM; loss++) {
        if (loss == LOSS_CORN)
            continue;
        struct loss_spec o = {.loss = loss, .classes = 4, .shares = shares};
        float zero = 0, extra[3];
        double prob[4];
        loss_initial_extra(&o, extra);
        loss_probabilities(loss, 4, &zero, extra, prob);
        for (int k = 0; k < 4; k++)
            CHECK_NEAR(prob[k], fmax(shares[k], 0.001) / 1.001, 1e-6, 0);
        o.shares = NULL;
        loss_initial_extra(&o, extra);
        loss_probabilities(loss, 4, &zero, extra, prob);
        for (int k = 0; k < 4; k++)
            CHECK_NEAR(prob[k], 0.25, 1e-6, 0);
        if (loss == LOSS_CORAL)
            continue;
        const double thresholds[] = {-1.5, -1.25, 4};
        double below = 0;
        for (int k = 0; k < 3; k++)
            extra[k] = (float)(k ? softplus_inverse(thresholds[k] - thresholds[k - 1]) : thresholds[k]);
        loss_probabilities(loss, 4, &zero, extra, prob);
        for (int k = 0; k < 3; k++)
            CHECK_NEAR(below += prob[k], logistic(thresholds[k]), 1e-6, 0);
    }
}

/* Truth 5 of 1..5, probability .96 on class 1 or on class 4: the table in fit's page.
 *   ce, soft, qwk, coral, corn   give the other classes .01 each
 *   clm   one score on the thresholds -12 -4 4 12, at which class 1 (or 4) has .96: the rest is the model's
 *   mse   the score 1 or 4
 * Cross-entropy does not see the difference.  Neither does corn, whose loss is -log of the same probability,
 * cut into decisions: it learns the order from which records each decision is trained on.  The others do. */
static void outputs_for(enum loss loss, int class, float *f, float *e)
{
    double p[5], above = 1; /* P(class > k-1) */
    const double cuts[] = {-12, -4, 4, 12}, sure = log(0.96 / 0.04);
    for (int k = 0; k < 5; k++)
        p[k] = k == class ? 0.96 : 0.01;
    memset(f, 0, 5 * sizeof *f);
    if (loss == LOSS_MSE)
        f[0] = (float)(class + 1);
    if (loss == LOSS_CLM) {
        for (int k = 0; k < 4; k++)
            e[k] = (float)(k ? softplus_inverse(cuts[k] - cuts[k - 1]) : cuts[k]);
        f[0] = (float)(class == 0 ? cuts[0] - sure : (cuts[2] + cuts[3]) / 2);
    }
    for (int k = 0; k < 5 && loss_outputs(loss, 5) == 5; k++)
        f[k] = (float)log(p[k]);
    for (int k = 0; k < 4; k++) {
        double next = above - p[k];
        if (loss == LOSS_CORN)
            f[k] = (float)log(next / p[k]);
        if (loss == LOSS_CORAL)
            e[k] = (float)log(next / (1 - next));
        above = next;
    }
}

static void test_order(void)
{
    static const struct {
        enum loss loss;
        double far, near; /* cost with .96 on class 1, on class 4 */
    } table[] = {{LOSS_CE, 4.61, 4.61},   {LOSS_MSE, 16, 1},       {LOSS_CORAL, 15.24, 4.67},
                 {LOSS_CORN, 4.61, 4.61}, {LOSS_CLM, 27.18, 4.02}, {LOSS_SOFT, 4.61, 4.06},
                 {LOSS_QWK, 4.12, 2.52}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int near = 0; near < 2; near++) {
            enum loss loss = table[i].loss;
            struct loss_spec o = {.loss = loss, .classes = 5, .sharpness = LOSS_SHARPNESS};
            struct target five = {4, 5};
            float f[5], e[4], df[5], de[4];
            double prob[5];
            int class = near ? 3 : 0;
            outputs_for(loss, class, f, e);
            double cost = loss_compute(&o, f, e, &five, df, de);
            CHECK_NEAR(cost, near ? table[i].near : table[i].far, 0.006, 0);
            if (loss == LOSS_MSE)
                continue;
            loss_probabilities(loss, 5, f, e, prob);
            CHECK_NEAR(prob[class], 0.96, 0.005, 0);
        }
}

/* ---- The kappa loss of a batch: N/D, and our linear part of it ---- */

static double kappa_ratio(int K, size_t n, const float *outputs, const int *truth, const double *shares)
{
    double N = 0, D = 0, prob[MOST];
    for (size_t i = 0; i < n; i++) {
        loss_probabilities(LOSS_QWK, K, outputs + i * (size_t)K, NULL, prob);
        for (int j = 0; j < K; j++) {
            N += (truth[i] - j) * (truth[i] - j) * prob[j];
            for (int k = 0; k < K; k++)
                D += shares[k] * (k - j) * (k - j) * prob[j];
        }
    }
    return N / D;
}

/* Two classes, predictions right with 3/4: D = D0 and N = D0 / 2, where value and gradient must agree. */
static void test_kappa_ratio(void)
{
    const double shares[] = {0.5, 0.5};
    const int truth[] = {0, 1};
    float f[] = {(float)log(0.75), (float)log(0.25), (float)log(0.25), (float)log(0.75)};
    struct loss_spec kappa = {.loss = LOSS_QWK, .classes = 2, .shares = shares};
    struct loss_spec ce = {.loss = LOSS_CE, .classes = 2};
    double mean = 0;
    for (int i = 0; i < 2; i++) {
        struct target target = {truth[i], 0};
        float df[2], dce[2];
        double value = loss_compute(&kappa, f + 2 * i, NULL, &target, df, NULL);
        double share = loss_compute(&ce, f + 2 * i, NULL, &target, dce, NULL);
        mean += (value - LOSS_QWK_CE * share) / (1 - LOSS_QWK_CE) / 2;
        for (int k = 0; k < 2; k++) {
            float *at = &f[2 * i + k], middle = *at;
            *at = middle + 0x1p-9f;
            double up = kappa_ratio(2, 2, f, truth, shares);
            *at = middle - 0x1p-9f;
            double down = kappa_ratio(2, 2, f, truth, shares);
            *at = middle;
            double ours = ((double)df[k] - LOSS_QWK_CE * (double)dce[k]) / (1 - LOSS_QWK_CE) / 2;
            CHECK_NEAR(ours, (up - down) / 0x1p-8, 1e-6, 1e-4);
        }
    }
    CHECK_NEAR(mean, kappa_ratio(2, 2, f, truth, shares), 1e-7, 0);
    CHECK_NEAR(mean, 0.5, 1e-7, 0);
}

int main(void)
{
    json_t *root = golden("losses.json");
    test_torch(root);
    json_decref(root);
    test_differences();
    test_probabilities();
    test_far_away();
    test_initial_extra();
    test_order();
    test_kappa_ratio();
    enum loss loss = LOSS_MSE;
    CHECK(!loss_find("hinge", &loss) && loss == LOSS_MSE);
    CHECK(loss_find("qwk", &loss) && loss == LOSS_QWK);
    CHECK(loss_needs_order(LOSS_MSE) && !loss_needs_order(LOSS_CE));
    CHECK_TEXT(loss_name(LOSS_CORN), "corn");
    return check_report("loss");
}
