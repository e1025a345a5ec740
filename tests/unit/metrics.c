/* Figures: golden cases made by scikit-learn (tests/parity/metrics.py --golden), and what no case reaches. */
#include <glob.h>
#include <jansson.h>

#include "base/error.h"
#include "corpus/duplicates.h"
#include "corpus/lengths.h"
#include "eval/report.h"

#include "check.h"

/* A label as JSON has it, of the header's type. */
static struct label label_of(const json_t *value, enum label_type type)
{
    if (json_is_string(value))
        return (struct label){.type = LABEL_STRING, .string = slice_of(json_string_value(value))};
    return (struct label){
        .type = type, .integer = json_integer_value(value), .number = json_number_value(value)};
}

static void add_record(struct report *report, const json_t *line, enum label_type type)
{
    struct record record = {0};
    record_clear(&record);
    record_set_string(&record, "id", slice_of(json_string_value(json_object_get(line, "id"))));
    struct label y = label_of(json_object_get(line, "y"), type);
    struct label pred = label_of(json_object_get(line, "pred"), type);
    record_set_label(&record, "y", &y);
    record_set_label(&record, "pred", &pred);
    if (json_object_get(line, "score"))
        record_set_number(&record, "score", json_number_value(json_object_get(line, "score")));
    const json_t *prob = json_object_get(line, "prob");
    double values[16];
    for (size_t i = 0; i < json_array_size(prob); i++)
        values[i] = json_number_value(json_array_get(prob, i));
    if (prob)
        record_set_doubles(&record, "prob", values, json_array_size(prob));
    report_add(report, &record);
    record_free(&record);
}

/* The number of places where `got` is not what `want` says. */
static int differences(const json_t *want, const json_t *got, const char *where)
{
    int count = 0;
    const char *key;
    const json_t *value;
    size_t i;
    if (json_is_object(want)) {
        json_object_foreach((json_t *)(uintptr_t)want, key, value)
            count += differences(value, json_object_get(got, key), key);
        return count;
    }
    if (json_is_array(want)) {
        json_array_foreach(want, i, value) count += differences(value, json_array_get(got, i), where);
        return count + (json_array_size(want) != json_array_size(got));
    }
    double number = json_number_value(want), distance = fabs(json_number_value(got) - number);
    bool equal = json_is_real(want) && json_is_number(got) ? distance <= 1e-11 * (1 + fabs(number))
                                                           : got && json_equal(want, got);
    if (!equal)
        printf("%s differs\n", where);
    return !equal;
}

static json_t *report_of(const json_t *lines)
{
    struct report_plan plan = {0};
    struct report *report = report_new(&plan);
    struct header header;
    header_from_map(&header, json_deep_copy(json_array_get(lines, 0)), "golden");
    report_segment(report, &header);
    for (size_t i = 1; i + 1 < json_array_size(lines); i++)
        add_record(report, json_array_get(lines, i), header.y);
    report_settle(report);
    json_t *all = report_json(report);
    header_free(&header);
    report_free(report);
    return all;
}

static void test_golden(void)
{
    glob_t files;
    CHECK(glob("tests/fixtures/metrics/*.json", 0, NULL, &files) == 0 && files.gl_pathc >= 16);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        json_error_t error;
        json_t *file = json_load_file(files.gl_pathv[i], 0, &error);
        json_t *got = report_of(json_object_get(file, "lines"));
        int differing = differences(json_object_get(file, "expected"), got, "all");
        if (differing)
            printf("%s: %d differences\n", files.gl_pathv[i], differing);
        CHECK(differing == 0);
        json_decref(got);
        json_decref(file);
    }
    globfree(&files);
}

/* Moments against sums that two passes make, where large values would cancel. */
static void test_moments(void)
{
    struct moments m = {0};
    enum { N = 1000 };
    double a[N], b[N], mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < N; i++) {
        a[i] = 1e8 + (i * 37) % 11;
        b[i] = -1e8 + (i * 53) % 17;
        moments_add(&m, a[i], b[i]);
        mean_a += a[i] / N;
        mean_b += b[i] / N;
    }
    for (int i = 0; i < N; i++) {
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
        ab += (a[i] - mean_a) * (b[i] - mean_b);
    }
    CHECK_NEAR(moments_pearson(&m), ab / sqrt(aa * bb), 1e-7, 0);
    CHECK_NEAR(moments_smd(&m), (mean_b - mean_a) / sqrt((aa + bb) / 2 / (N - 1)), 0, 1e-7);
    struct moments times = {0}, one = {0};
    moments_add_times(&times, 1, 2, 3);
    moments_add_times(&times, 4, 3, 2);
    for (int i = 0; i < 5; i++)
        moments_add(&one, i < 3 ? 1 : 4, i < 3 ? 2 : 3);
    CHECK_NEAR(times.ab, one.ab, 1e-12, 0);
    CHECK_NEAR(moments_rmse(&times), 1, 1e-12, 0);
    struct moments none = {0};
    CHECK(isnan(moments_mae(&none)) && isnan(moments_rmse(&none)) && isnan(moments_pearson(&none)));
}

/* ---- The confusion matrix, against the definitions on a dense one ---- */

enum { DENSE = 9 };

static double dense_kappa(uint64_t counts[DENSE][DENSE], bool quadratic)
{
    long double total = 0, observed = 0, expected = 0;
    for (int i = 0; i < DENSE; i++)
        for (int j = 0; j < DENSE; j++)
            total += counts[i][j];
    for (int i = 0; i < DENSE; i++)
        for (int j = 0; j < DENSE; j++) {
            long double row = 0, column = 0, w = quadratic ? (i - j) * (i - j) : i != j;
            for (int k = 0; k < DENSE; k++) {
                row += counts[i][k];
                column += counts[k][j];
            }
            observed += w * counts[i][j];
            expected += w * row * column;
        }
    return expected == 0 ? NAN : (double)(1 - observed * total / expected);
}

/* Numbers from a fixed sequence. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * (1 + fabs(b));
}

/* Pairs of the dense matrix, numbered anyhow and far up a long scale; `spread` of 9 is one full matrix. */
static void compare_with_dense(uint64_t seed, uint64_t spread, uint64_t largest, uint32_t origin)
{
    uint64_t counts[DENSE][DENSE] = {{0}}, support[DENSE] = {0}, predicted[DENSE] = {0}, total = 0, right = 0,
             near = 0;
    const uint32_t numbers[DENSE] = {4, 8, 0, 3, 7, 1, 6, 2, 5}; /* of the classes, as they were met */
    uint32_t places[DENSE];
    struct confusion confusion = {0};
    for (uint32_t c = 0; c < DENSE; c++)
        places[numbers[c]] = origin + c;
    for (int n = 0; n < 40; n++) {
        size_t i = draw(&seed, spread), j = draw(&seed, spread);
        uint64_t times = 1 + draw(&seed, largest);
        confusion_add(&confusion, numbers[i], numbers[j], times);
        counts[i][j] += times;
        support[i] += times;
        predicted[j] += times;
        total += times;
        right += i == j ? times : 0;
        near += i <= j + 1 && j <= i + 1 ? times : 0;
    }
    struct confusion_matrix m = confusion_matrix(&confusion, places);
    CHECK(m.total == total);
    double recalls = 0, members = 0;
    for (size_t i = 0; i < DENSE; i++) {
        struct class_counts class = confusion_class(&m, origin + i);
        CHECK(class.support == support[i] && class.predicted == predicted[i] && class.right == counts[i][i]);
        for (size_t j = 0; j < DENSE; j++)
            CHECK(confusion_cell(&m, origin + i, origin + j) == counts[i][j]);
        recalls += support[i] ? (double)counts[i][i] / (double)support[i] : 0;
        members += support[i] > 0;
    }
    CHECK(same_number(metric_accuracy(&m), (double)right / (double)total));
    CHECK(same_number(metric_balanced_accuracy(&m), recalls / members));
    CHECK(same_number(metric_adjacent(&m), (double)near / (double)total));
    CHECK(same_number(metric_kappa(&m), dense_kappa(counts, false)));
    CHECK(same_number(metric_qwk(&m), dense_kappa(counts, true)));
    confusion_matrix_free(&m);
    confusion_free(&confusion);
}

static void test_confusion(void)
{
    for (uint64_t seed = 0; seed < 50; seed++)
        for (uint64_t spread = 1; spread <= DENSE; spread += 2) {
            compare_with_dense(seed, spread, 3, 0);
            compare_with_dense(seed, spread, 3, CLASSES_LIMIT - DENSE);
            compare_with_dense(seed, spread, UINT64_C(1) << 30, CLASSES_LIMIT - DENSE);
        }
    struct confusion none = {0};
    struct confusion_matrix m = confusion_matrix(&none, NULL);
    CHECK(isnan(metric_accuracy(&m)) && isnan(metric_majority(&m)) && isnan(metric_kappa(&m)) &&
          isnan(metric_qwk(&m)) && isnan(metric_macro_f1(&m)) && isnan(metric_weighted_f1(&m)));
    confusion_matrix_free(&m);
}

/* A million pairs of ten thousand classes: memory and time go with the pairs that occur. */
static void test_long_scale(void)
{
    struct confusion confusion = {0};
    uint64_t seed = 1;
    for (size_t i = 0; i < 1000000; i++) {
        size_t truth = draw(&seed, CLASSES_LIMIT), off = draw(&seed, 3);
        confusion_add(&confusion, truth, truth + off < CLASSES_LIMIT ? truth + off : truth, 1);
    }
    CHECK(confusion.count <= 3 * CLASSES_LIMIT);
    struct confusion_matrix m = confusion_matrix(&confusion, NULL);
    CHECK(m.total == 1000000 && m.class_count == CLASSES_LIMIT);
    CHECK_NEAR(metric_qwk(&m), 1 - (5.0 / 3) / (CLASSES_LIMIT * (CLASSES_LIMIT / 6.0)), 1e-9, 0);
    CHECK_NEAR(metric_adjacent(&m), 2.0 / 3, 0.002, 0);
    confusion_matrix_free(&m);
    confusion_clear(&confusion);
    CHECK(confusion.count == 0);
    confusion_add(&confusion, 7, 7, 2);
    struct confusion copy = confusion_copy(&confusion);
    CHECK(copy.count == 1 && copy.cells[0].count == 2);
    confusion_free(&copy);
    confusion_free(&confusion);
}

static void test_probabilities(void)
{
    const double prob[3] = {0.2, 0.5, 0.3};
    CHECK_NEAR(metric_log_loss(prob, 3, 1), -log(0.5), 1e-15, 0);
    CHECK_NEAR(metric_log_loss(prob, 3, -1), 52 * log(2), 1e-9, 0); /* a class the model does not have */
    CHECK_NEAR(metric_brier(prob, 3, 2), 0.04 + 0.25 + 0.49, 1e-15, 0);
    CHECK_NEAR(metric_brier(prob, 3, -1), 1 + 0.04 + 0.25 + 0.09, 1e-15, 0);
    CHECK_NEAR(metric_rps(prob, 3, 2), (0.04 + 0.49) / 2, 1e-15, 0);
    CHECK_NEAR(metric_rps(prob, 3, 0), (0.64 + 0.09) / 2, 1e-15, 0);
    CHECK(isnan(metric_rps(prob, 1, 0)));
    struct calibration c = {0};
    CHECK(isnan(calibration_error(&c)));
    calibration_add(&c, 0.1, true); /* the bin (0, 0.1] */
    calibration_add(&c, 0.95, true);
    calibration_add(&c, 1, false);
    CHECK_NEAR(calibration_error(&c), (0.9 + 0.95) / 3, 1e-12, 0);
}

/* Intervals against the normal approximation of a proportion. */
static void test_bootstrap(void)
{
    struct classes labels = {0};
    struct header header;
    header_init(&header, KIND_PREDICTIONS, LABEL_INTEGER);
    const struct label two[2] = {{.type = LABEL_INTEGER, .integer = 0},
                                 {.type = LABEL_INTEGER, .integer = 1, .number = 1}};
    header_set_labels(&header, two, 2, true);
    classes_declare(&labels, &header.classes);
    classes_meet(&labels, &two[0]);
    classes_meet(&labels, &two[1]);
    struct agreement agreement = {.keep = true};
    enum { N = 400 };
    for (int i = 0; i < N; i++)
        agreement_add(&agreement, &(struct pair){.truth = i % 2,
                                                 .pred = i % 5 ? i % 2 : 1 - i % 2,
                                                 .value = i % 2,
                                                 .pred_value = i % 2,
                                                 .score = NAN,
                                                 .log_loss = NAN});
    classes_settle(&labels);
    struct interval a[METRICS], b[METRICS], other[METRICS];
    bootstrap_intervals(&agreement, &labels, 1000, 3, a);
    bootstrap_intervals(&agreement, &labels, 1000, 3, b);
    bootstrap_intervals(&agreement, &labels, 1000, 4, other);
    double spread = 1.96 * sqrt(0.8 * 0.2 / N);
    CHECK_NEAR(a[METRIC_ACCURACY].low, 0.8 - spread, 0.008, 0);
    CHECK_NEAR(a[METRIC_ACCURACY].high, 0.8 + spread, 0.008, 0);
    CHECK(a[METRIC_KAPPA].low == b[METRIC_KAPPA].low && a[METRIC_KAPPA].high == b[METRIC_KAPPA].high);
    CHECK(a[METRIC_KAPPA].low != other[METRIC_KAPPA].low || a[METRIC_KAPPA].high != other[METRIC_KAPPA].high);
    CHECK(isnan(a[METRIC_LOG_LOSS].low));
    double values[5] = {4, NAN, 0, 2, 1}; /* 0 1 2 4: numpy.quantile gives 0.075 and 3.85 */
    struct interval i = bootstrap_percentiles(values, 5);
    CHECK_NEAR(i.low, 0.075, 1e-12, 0);
    CHECK_NEAR(i.high, 3.85, 1e-12, 0);
    header_free(&header);
    agreement_free(&agreement);
    classes_free(&labels);
}

/* The heap keeps the largest, the first of equal ones, in order. */
static void test_errors(void)
{
    struct errors errors = {.limit = 3};
    const double sizes[] = {0.5, 2, 0, 1, 2, 3, NAN, 2, 0.1};
    for (uint64_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (errors_wanted(&errors, sizes[i], i))
            errors_add(&errors,
                       &(struct disagreement){.size = sizes[i], .number = i, .id = memory_string("x")});
    errors_sort(&errors);
    CHECK(errors.count == 3);
    CHECK(errors.at[0].number == 5 && errors.at[1].number == 1 && errors.at[2].number == 4);
    errors_free(&errors);
}

static void test_lengths(void)
{
    struct lengths lengths = {0};
    CHECK(lengths_quantile(&lengths, 0.5) == 0 && isnan(lengths_mean(&lengths)));
    for (uint64_t i = 1; i <= 100; i++)
        lengths_add(&lengths, 10 * i);
    CHECK(lengths_quantile(&lengths, 0) == 10 && lengths_quantile(&lengths, 0.05) == 50);
    CHECK(lengths_quantile(&lengths, 0.5) == 500 && lengths_quantile(&lengths, 1) == 1000);
    CHECK(lengths_between(&lengths, 100, 200) == 10);
    lengths_add(&lengths, 1 << 20);
    CHECK(lengths_quantile(&lengths, 1) == 1 << 20 && lengths.most == 1 << 20);
    CHECK_NEAR(lengths_mean(&lengths), (50500 + (1 << 20)) / 101.0, 1e-9, 0);
    lengths_free(&lengths);
}

static void test_duplicates(void)
{
    struct duplicates d = {0};
    for (int i = 0; i < 5000; i++) /* 4,000 payloads, the first 1,000 twice */
        duplicates_add(&d, payload_hash(&(int){i % 4000}, sizeof(int), 0), i < 4500 ? 0 : 1,
                       i < 4900 ? 3 : 2);
    CHECK(d.count == 4000 && d.repeats == 1000 && d.across_parts == 500 && d.conflicts == 100);
    duplicates_add(&d, payload_hash(&(int){4}, sizeof(int), 0), 1, -1); /* no label conflicts with none */
    CHECK(d.repeats == 1001 && d.across_parts == 501 && d.conflicts == 100);
    CHECK(duplicates_memory(&d) <= 96 * 4000);
    duplicates_free(&d);
}

int main(void)
{
    test_golden();
    test_moments();
    test_confusion();
    test_long_scale();
    test_probabilities();
    test_bootstrap();
    test_errors();
    test_lengths();
    test_duplicates();
    return check_report("metrics");
}
