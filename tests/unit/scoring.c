/* Scoring: classes, scores and probabilities from outputs; thresholds from training records. */
#include "nn/scoring.h"

#include "base/memory.h"
#include "base/random.h"
#include "eval/metrics.h"
#include "learning_numbers.h"
#include "linear/thresholds.h"
#include "nn/loss_math.h"

enum { MOST = 16 };

static void test_numbers(void)
{
    struct scoring plain = {.loss = LOSS_MSE};
    float output = 7.25f;
    double prob[MOST];
    struct scored s = scoring_apply(&plain, &output, NULL, prob);
    CHECK(s.class == -1 && s.score == 7.25 && !s.has_prob);

    double values[] = {1, 1.5, 2, 4};
    struct scoring grid = {.loss = LOSS_MSE, .classes = 4, .values = values};
    const struct {
        float score;
        int class;
    } rows[] = {{-3, 0}, {1.25f, 0}, {1.26f, 1}, {1.75f, 1}, {1.8f, 2}, {3, 2}, {3.01f, 3}, {90, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s = scoring_apply(&grid, &rows[i].score, NULL, prob);
        CHECK(s.class == rows[i].class);
        /* Never clipped; without a deviation, no probabilities. */
        CHECK(s.score == (double)rows[i].score && !s.has_prob);
    }
    double cuts[] = {0, 0, 5};
    grid.thresholds = cuts;
    output = 2;
    CHECK(scoring_apply(&grid, &output, NULL, NULL).class == 2);
    output = 0;
    CHECK(scoring_apply(&grid, &output, NULL, NULL).class == 0);

    struct scoring unnamed = {.loss = LOSS_MSE, .classes = 3};
    output = 0.5f;
    CHECK(scoring_apply(&unnamed, &output, NULL, NULL).class == 0);
    output = 0.51f;
    CHECK(scoring_apply(&unnamed, &output, NULL, NULL).class == 1);
}

static void test_normal(void)
{
    json_t *root = golden("losses.json");
    const json_t *json;
    size_t i;
    json_array_foreach(json_object_get(root, "normal"), i, json)
    {
        double values[MOST], want[MOST], got[MOST], sum = 0;
        int K = (int)golden_doubles(json, "values", values, MOST);
        golden_doubles(json, "prob", want, MOST);
        struct scoring s = {
            .loss = LOSS_MSE, .classes = K, .values = values, .deviation = golden_number(json, "deviation")};
        float output = (float)golden_number(json, "score");
        CHECK(scoring_apply(&s, &output, NULL, got).has_prob);
        for (int k = 0; k < K; k++) {
            CHECK_NEAR(got[k], want[k], 1e-15, 1e-6);
            sum += got[k];
        }
        CHECK_NEAR(sum, 1, 1e-12, 0);
    }
    CHECK(i == 12);
    json_decref(root);

    /* Both tails keep their digits: the normal beyond 15 deviations, from SciPy. */
    double steps[] = {0, 1, 2}, prob[3];
    struct scoring far = {.loss = LOSS_MSE, .classes = 3, .values = steps, .deviation = 0.1};
    for (int side = 0; side < 2; side++) {
        float output = side ? 2 : 0;
        scoring_apply(&far, &output, NULL, prob);
        CHECK_NEAR(prob[side ? 0 : 2], 3.6709661993126986e-51, 0, 1e-12);
    }
}

/* Probabilities are the scale's, wherever a rule puts the thresholds.  Here a weak model, whose scores hardly
 * leave the mean, is cut by the training classes' shares: the nearest classes stay the most probable. */
static void test_normal_with_thresholds(void)
{
    double values[11], cuts[10], got[MOST], want[MOST];
    for (int k = 0; k < 11; k++)
        values[k] = k;
    for (int k = 0; k < 10; k++)
        cuts[k] = 4.939 + 0.001 * k;
    struct scoring s = {.loss = LOSS_MSE, .classes = 11, .values = values, .deviation = 3.06};
    float output = 4.944f;
    CHECK(scoring_apply(&s, &output, NULL, want).class == 5);
    s.thresholds = cuts;
    CHECK(scoring_apply(&s, &output, NULL, got).class == 5);
    for (int k = 0; k < 11; k++)
        CHECK(got[k] == want[k]);
    CHECK_NEAR(got[5], 0.13, 0.005, 0);
    CHECK_NEAR(got[0], 0.073, 0.005, 0);
    output = 4.9f;
    CHECK(scoring_apply(&s, &output, NULL, got).class == 0);
    CHECK(got[5] > got[4] && got[4] > got[0]);
}

static void test_classes(void)
{
    double values[] = {1, 2, 10}, prob[MOST], cuts[] = {3, 6};
    const float outputs[] = {(float)log(0.5), (float)log(0.3), (float)log(0.2)}, tied[] = {0, 1, 1};
    struct scoring s = {.loss = LOSS_CE, .classes = 3, .values = values};
    struct scored got = scoring_apply(&s, outputs, NULL, prob);
    CHECK(got.class == 0 && got.has_prob);
    CHECK_NEAR(got.score, 0.5 + 0.6 + 2, 1e-6, 0);
    CHECK_NEAR(prob[1], 0.3, 1e-7, 0);
    CHECK(scoring_apply(&s, tied, NULL, NULL).class == 1);
    s.thresholds = cuts;
    CHECK(scoring_apply(&s, outputs, NULL, NULL).class == 1); /* the score 3.1 is above one threshold */
    s.thresholds = s.values = NULL;
    CHECK_NEAR(scoring_apply(&s, outputs, NULL, NULL).score, 0.7, 1e-6, 0);
    CHECK(!scoring_apply(&s, outputs, NULL, NULL).has_prob);

    struct scoring clm = {.loss = LOSS_CLM, .classes = 3};
    const float extra[2] = {-1, (float)softplus_inverse(2)}; /* thresholds -1 and 1 */
    for (int class = 0; class < 3; class ++) {
        float f = 3 * (float)(class - 1);
        CHECK(scoring_apply(&clm, &f, extra, prob).class == class);
    }

    struct scoring many = {.loss = LOSS_SOFT, .classes = 40};
    float wide[40] = {0};
    wide[33] = 50;
    CHECK(scoring_apply(&many, wide, NULL, NULL).class == 33);

    struct scoring owned = {.values = memory_new(1, 8), .thresholds = memory_new(1, 8)};
    scoring_free(&owned);
    CHECK(!owned.values && !owned.thresholds);
}

/* ---- Thresholds ---- */

static struct confusion confusion_of(const double *thresholds, int K, const double *scores, const int *truth,
                                     size_t n)
{
    struct confusion confusion = {0};
    struct scoring s = {.loss = LOSS_MSE, .classes = K, .thresholds = memory_new((size_t)K, sizeof(double))};
    memcpy(s.thresholds, thresholds, (size_t)(K - 1) * sizeof *thresholds);
    for (size_t i = 0; i < n; i++) {
        float output = (float)scores[i];
        confusion_add(&confusion, (size_t)truth[i], (size_t)scoring_apply(&s, &output, NULL, NULL).class, 1);
    }
    scoring_free(&s);
    return confusion;
}

static double kappa_of(const double *thresholds, int K, const double *scores, const int *truth, size_t n)
{
    struct confusion confusion = confusion_of(thresholds, K, scores, truth, n);
    struct confusion_matrix matrix = confusion_matrix(&confusion, NULL);
    double kappa = metric_qwk(&matrix);
    confusion_matrix_free(&matrix);
    confusion_free(&confusion);
    return kappa;
}

static void test_round_and_prior(void)
{
    const double values[] = {1, 1.5, 2}, scores[] = {0.3, 0.1, 0.2, 0.4, 0.6, 0.5};
    const int truth[] = {1, 0, 1, 1, 1, 2};
    double t[4];
    thresholds_tuned(values, 3, scores, truth, 0, t); /* no records: round */
    CHECK(t[0] == 1.25 && t[1] == 1.75);
    thresholds_tuned(NULL, 3, scores, truth, 0, t);
    CHECK(t[0] == 0.5 && t[1] == 1.5);
    thresholds_prior(values, 3, scores, truth, 6, t);
    CHECK_NEAR(t[0], 0.15, 1e-12, 0);
    CHECK_NEAR(t[1], 0.55, 1e-12, 0);
    /* Classes that no record has, at both ends: the scores lie between the first and the last threshold. */
    const int middle[] = {1, 1, 2, 1, 1, 1};
    thresholds_prior(NULL, 4, scores, middle, 6, t);
    CHECK(t[0] < 0.1 && t[0] > 0.09);
    CHECK_NEAR(t[1], 0.55, 1e-12, 0);
    CHECK(t[2] == 2.5);
    const double equal[] = {1, 1, 1, 1, 1, 1};
    thresholds_prior(NULL, 3, equal, truth, 6, t);
    CHECK(t[0] == 1 && t[1] == 1.5);
}

/* Every pair of cuts of a small case, against the search. */
static void test_tuned_exhaustive(void)
{
    enum { N = 30 };
    for (uint32_t seed = 1; seed < 40; seed++) {
        double scores[N], t[2], best = -2, cuts[N + 1];
        int truth[N];
        uint32_t state = seed * 7907;
        for (int i = 0; i < N; i++) {
            truth[i] = (int)(random_below(3, seed, RANDOM_SAMPLE, 0, (uint64_t)i));
            scores[i] = round(8 * (0.6 * truth[i] + 2 * (double)next_number(&state))) / 8;
            cuts[i] = scores[i];
        }
        cuts[N] = -100;
        for (int i = 0; i <= N; i++)
            for (int j = 0; j <= N; j++)
                if (cuts[i] <= cuts[j]) {
                    double pair[] = {cuts[i], cuts[j]}, kappa = kappa_of(pair, 3, scores, truth, N);
                    best = kappa > best ? kappa : best;
                }
        double got = thresholds_tuned(NULL, 3, scores, truth, N, t);
        CHECK_NEAR(got, kappa_of(t, 3, scores, truth, N), 1e-12, 0);
        CHECK(t[0] <= t[1]);
        double start[2];
        thresholds_tuned(NULL, 3, scores, truth, 0, start);
        CHECK(!(got < kappa_of(start, 3, scores, truth, N)));
        thresholds_prior(NULL, 3, scores, truth, N, start);
        CHECK(!(got < kappa_of(start, 3, scores, truth, N)));
        CHECK(got > best - 0.08); /* one threshold at a time may stop short of the best pair */
    }
}

static void test_tuned_bounds(void)
{
    const double scores[] = {1, 2, 3, 4};
    const int sorted[] = {0, 1, 2, 3}, same[] = {2, 2, 2, 2};
    double t[3];
    CHECK_NEAR(thresholds_tuned(NULL, 4, scores, sorted, 4, t), 1, 1e-12, 0);
    CHECK(kappa_of(t, 4, scores, sorted, 4) == 1);
    thresholds_tuned(NULL, 4, scores, same, 4, t);
    CHECK(t[0] <= t[1] && t[1] <= t[2]);
    CHECK(isnan(thresholds_tuned(NULL, 4, scores, same, 0, t)));
    CHECK(t[0] == 0.5 && t[1] == 1.5 && t[2] == 2.5);
    /* Where round is already the best there is, nothing moves. */
    const double perfect[] = {0.1, 0.9, 2.2, 3.4};
    CHECK_NEAR(thresholds_tuned(NULL, 4, perfect, sorted, 4, t), 1, 1e-12, 0);
    CHECK(t[0] == 0.5 && t[1] == 1.5 && t[2] == 2.5);
}

int main(void)
{
    test_numbers();
    test_normal();
    test_normal_with_thresholds();
    test_classes();
    test_round_and_prior();
    test_tuned_exhaustive();
    test_tuned_bounds();
    return check_report("scoring");
}
