/* The training room: schedules, sampling, the spool, gradients summed in a fixed tree, class weights. */
#include <unistd.h>

#include "train/step.h"
#include "train/objective.h"
#include "train/sampler.h"
#include "train/schedule.h"
#include "train/spool.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/random.h"
#include "check.h"
#include "small_layout.h"

/* ---- Schedules ---- */

static void test_schedules(void)
{
    struct schedule s = {SCHEDULE_LINEAR, 2.0, 10, 4};
    CHECK_NEAR(schedule_rate(&s, 0), 0.4, 0, 1e-15);
    CHECK_NEAR(schedule_rate(&s, 3), 1.6, 0, 1e-15);
    CHECK_NEAR(schedule_rate(&s, 4), 2.0, 0, 0);
    CHECK_NEAR(schedule_rate(&s, 7), 1.0, 0, 1e-15);
    CHECK_NEAR(schedule_rate(&s, 9), 2.0 / 6, 0, 1e-15);
    s.shape = SCHEDULE_COSINE;
    CHECK_NEAR(schedule_rate(&s, 4), 2.0, 0, 0);
    CHECK_NEAR(schedule_rate(&s, 7), 1.0, 0, 1e-15);
    CHECK_NEAR(schedule_rate(&s, 9), 1 + cos(M_PI * 5 / 6), 0, 1e-15);
    s.shape = SCHEDULE_CONSTANT;
    CHECK_NEAR(schedule_rate(&s, 9), 2.0, 0, 0);
    s.warmup = 0;
    s.shape = SCHEDULE_LINEAR;
    CHECK_NEAR(schedule_rate(&s, 0), 2.0, 0, 0);
    CHECK(schedule_warmup(0.1, 155) == 15);
    CHECK(schedule_warmup(12, 155) == 12);
    CHECK(schedule_warmup(500, 155) == 154);
    CHECK(schedule_warmup(0.9, 1) == 0);
}

/* ---- Sampling ---- */

static void test_permutation(uint64_t n)
{
    unsigned char *seen = memory_zeroed(n, 1);
    bool whole = true, moved = false;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t image = permute(n, 99, i);
        whole = whole && image < n && !seen[image];
        if (image < n)
            seen[image] = 1;
        moved = moved || image != i;
    }
    CHECK(whole);
    CHECK(moved || n < 3);
    free(seen);
}

/* Each value lands on each place about equally often over many keys: chi-squared on 6 x 6 cells. */
static void test_permutation_is_fair(void)
{
    enum { N = 6, KEYS = 12000 };
    int counts[N][N] = {{0}};
    for (uint64_t key = 0; key < KEYS; key++)
        for (uint64_t i = 0; i < N; i++)
            counts[i][permute(N, random_bits(key, RANDOM_SHUFFLE, 1, 2), i)]++;
    double chi = 0, expected = (double)KEYS / N;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            chi += (counts[i][j] - expected) * (counts[i][j] - expected) / expected;
    CHECK(chi < 60); /* 25 degrees of freedom: 60 has a probability of 1e-4 */
}

enum { MEMBERS = 130 };

/* Class 0 has 100 members, class 1 has 25, class 2 none, class 3 has 5. */
static void set_classes(int32_t classes[MEMBERS])
{
    for (int i = 0; i < MEMBERS; i++)
        classes[i] = i % 26 == 25 ? 3 : i % 26 % 5 == 4 ? 1 : 0;
}

static void count_epoch(const struct sampler *s, uint64_t epoch, const int32_t *classes, int per_class[4],
                        int seen[MEMBERS])
{
    memset(per_class, 0, 4 * sizeof *per_class);
    memset(seen, 0, MEMBERS * sizeof *seen);
    for (uint64_t i = 0; i < sampler_size(s); i++) {
        uint64_t pick = sampler_pick(s, epoch, i);
        CHECK(pick < MEMBERS);
        per_class[classes[pick]]++;
        seen[pick]++;
    }
}

/* Members of a class are seen equally often, give or take one. */
static bool even(const int32_t *classes, const int seen[MEMBERS])
{
    for (int c = 0; c < 4; c++) {
        int least = 1000, most = 0;
        for (int i = 0; i < MEMBERS; i++) {
            if (classes[i] != c)
                continue;
            least = seen[i] < least ? seen[i] : least;
            most = seen[i] > most ? seen[i] : most;
        }
        if (most > least + 1 && least != 1000)
            return false;
    }
    return true;
}

static void test_sampling(void)
{
    int32_t classes[MEMBERS];
    int per_class[4], seen[MEMBERS], again[MEMBERS];
    set_classes(classes);
    struct sampler *natural = sampler_new(SAMPLE_NATURAL, MEMBERS, NULL, 0, 7);
    count_epoch(natural, 3, classes, per_class, seen);
    CHECK(per_class[0] == 100 && per_class[1] == 25 && per_class[2] == 0 && per_class[3] == 5);
    for (int i = 0; i < MEMBERS; i++)
        CHECK(seen[i] == 1);
    CHECK(sampler_pick(natural, 3, 0) == sampler_pick(natural, 3, 0));
    int moved = 0;
    for (uint64_t i = 0; i < MEMBERS; i++)
        moved += sampler_pick(natural, 3, i) != sampler_pick(natural, 4, i);
    CHECK(moved > MEMBERS / 2);
    sampler_free(natural);

    struct sampler *balanced = sampler_new(SAMPLE_BALANCED, MEMBERS, classes, 4, 7);
    count_epoch(balanced, 0, classes, per_class, seen);
    CHECK(sampler_size(balanced) == MEMBERS);
    CHECK(abs(per_class[0] - 43) <= 1 && abs(per_class[1] - 43) <= 1 && per_class[2] == 0 &&
          abs(per_class[3] - 43) <= 1);
    CHECK(even(classes, seen));
    count_epoch(balanced, 1, classes, per_class, again);
    CHECK(memcmp(seen, again, sizeof seen) != 0); /* drawn afresh: other members of the large class */
    sampler_free(balanced);

    /* Square roots 10, 5 and 2.236 of 17.236. */
    struct sampler *root = sampler_new(SAMPLE_SQRT, MEMBERS, classes, 4, 7);
    count_epoch(root, 0, classes, per_class, seen);
    CHECK(per_class[0] == 75 && per_class[1] == 38 && per_class[3] == 17);
    CHECK(even(classes, seen));
    sampler_free(root);

    struct sampler *under = sampler_new(SAMPLE_UNDER, MEMBERS, classes, 4, 7);
    CHECK(sampler_size(under) == 15);
    count_epoch(under, 0, classes, per_class, seen);
    CHECK(per_class[0] == 5 && per_class[1] == 5 && per_class[3] == 5);
    CHECK(even(classes, seen));
    sampler_free(under);
}

/* ---- The spool ---- */

/* Entry i has i % 700 bytes (some are empty) that depend on i. */
static size_t entry(uint64_t i, char bytes[700])
{
    size_t size = i % 700;
    for (size_t j = 0; j < size; j++)
        bytes[j] = (char)random_bits(1, RANDOM_SAMPLE, i, j);
    return size;
}

/* The limit falls to `last` after a third of the entries. */
static void test_spool(uint64_t limit, uint64_t last, bool on_disk)
{
    enum { COUNT = 3000 };
    char bytes[700];
    struct spool *spool = spool_new(limit, "tests");
    uint64_t total = 0; /* of the entries and their index */
    for (uint64_t i = 0; i < COUNT; i++) {
        size_t size = entry(i, bytes);
        total += size + sizeof(uint64_t);
        if (i == COUNT / 3 && last < limit)
            spool_limit(spool, last);
        spool_append(spool, bytes, size);
    }
    spool_seal(spool);
    CHECK(spool_count(spool) == COUNT);
    CHECK(spool_resident(spool) <= last);
    CHECK((spool_resident(spool) < total) == on_disk);
    CHECK(!on_disk || last < limit || limit < sizeof bytes || spool_resident(spool) > limit - sizeof bytes);
    struct buffer into = {0};
    bool same = true;
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t index = permute(COUNT, 5, i);
        size_t size = entry(index, bytes);
        struct slice got = spool_get(spool, index, &into);
        same = same && got.size == size && memcmp(got.at, bytes, size) == 0;
    }
    CHECK(same);
    buffer_free(&into);
    spool_free(spool);
}

/* ---- Sums in a fixed tree ---- */

enum { SHARDS_MAX = 13 };

struct summing {
    const struct layout *layout;
    struct gradient_tree *tree;
    struct gradient *taken[SHARDS_MAX]; /* by each shard */
};

static size_t dense_size(const struct layout *layout)
{
    return layout->size - (size_t)layout->shape.V * (size_t)layout->shape.H;
}

/* A shard with numbers of very different size, so that another order of summing shows in the bits. */
static void fill_shard(const struct layout *layout, struct gradient *g, size_t shard)
{
    for (size_t i = 0; i < dense_size(layout); i++)
        g->dense[i] = (float)(random_normal(3, RANDOM_INIT, shard, i) * pow(10, (double)(shard % 5)));
}

static void hand_in(void *context, size_t shard, int worker)
{
    (void)worker;
    struct summing *s = context;
    struct gradient *g = gradient_tree_take(s->tree);
    s->taken[shard] = g;
    fill_shard(s->layout, g, shard);
    gradient_tree_put(s->tree, shard, g);
}

/* The same tree, slowly: pairs of neighbours, level by level. */
static void slow_sum(const struct summing *s, size_t shards, struct gradient *sum)
{
    struct gradient *nodes[SHARDS_MAX];
    for (size_t i = 0; i < shards; i++) {
        nodes[i] = gradient_new(s->layout);
        fill_shard(s->layout, nodes[i], i);
    }
    size_t left = shards;
    while (left > 1) {
        size_t next = 0;
        for (size_t i = 0; i < left; i += 2) {
            if (i + 1 < left) {
                gradient_add(s->layout, nodes[i], nodes[i + 1]);
                gradient_free(nodes[i + 1]);
            }
            nodes[next++] = nodes[i];
        }
        left = next;
    }
    memcpy(sum->dense, nodes[0]->dense, dense_size(s->layout) * sizeof *sum->dense);
    gradient_free(nodes[0]);
}

/* Adds to `known` the gradients that the shards took and that are not in it; returns how many are. */
static size_t add_taken(const struct summing *s, size_t shards, const struct gradient **known, size_t count)
{
    for (size_t i = 0; i < shards; i++) {
        size_t at = 0;
        while (at < count && known[at] != s->taken[i])
            at++;
        known[at] = s->taken[i];
        count += at == count;
    }
    return count;
}

static void test_tree(size_t shards, int threads)
{
    enum { ROUNDS = 20 };
    struct layout *layout = small_layout();
    struct summing s = {.layout = layout, .tree = gradient_tree_new(layout, SHARDS_MAX)};
    struct gradient *want = gradient_new(layout);
    const struct gradient *known[ROUNDS * SHARDS_MAX];
    size_t made = 0;
    struct pool *pool = pool_new(threads);
    slow_sum(&s, shards, want);
    for (int round = 0; round < ROUNDS; round++) {
        gradient_tree_start(s.tree, shards);
        pool_run(pool, shards, hand_in, &s);
        struct gradient *got = gradient_tree_sum(s.tree);
        CHECK(got && memcmp(got->dense, want->dense, dense_size(layout) * sizeof *want->dense) == 0);
        gradient_tree_return(s.tree, got);
        made = add_taken(&s, shards, known, made);
    }
    CHECK(made <= shards && made <= (size_t)threads * 4 + 4);
    pool_free(pool);
    gradient_tree_free(s.tree);
    gradient_free(want);
    layout_free(layout);
}

/* ---- Class weights ---- */

static void test_weights(void)
{
    struct label list[3] = {{.type = LABEL_INTEGER, .integer = 1, .number = 1},
                            {.type = LABEL_INTEGER, .integer = 2, .number = 2},
                            {.type = LABEL_INTEGER, .integer = 3, .number = 3}};
    struct classes classes = {.type = LABEL_INTEGER, .labels = list, .count = 3, .ordered = true};
    double counts[3] = {90, 10, 0};
    CHECK(class_weights("none", &classes, counts) == NULL);
    double *balanced = class_weights("balanced", &classes, counts);
    CHECK_NEAR(balanced[0], 100.0 / (2 * 90), 0, 1e-15);
    CHECK_NEAR(balanced[1], 5, 0, 1e-15);
    CHECK_NEAR(balanced[2], 1, 0, 0);
    free(balanced);
    double *effective = class_weights("effective", &classes, counts);
    CHECK_NEAR(90 * effective[0] + 10 * effective[1], 100, 0, 1e-12);
    CHECK_NEAR(effective[1] / effective[0], (1 - pow(0.999, 90)) / (1 - pow(0.999, 10)), 0, 1e-12);
    free(effective);
}

/* A file with a line for every class of the longest list: each is found at once. */
static void test_weights_of_many(void)
{
    struct classes classes = {.type = LABEL_INTEGER, .ordered = true};
    char path[] = "/tmp/rubric-weights-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    for (int64_t c = 0; c < CLASSES_LIMIT; c++) {
        classes_add(&classes, &(struct label){.type = LABEL_INTEGER, .integer = c, .number = (double)c});
        fprintf(file, "%d %d.5\n", CLASSES_LIMIT - 1 - (int)c, (int)c);
    }
    CHECK(fclose(file) == 0);
    double *counts = memory_zeroed(CLASSES_LIMIT, sizeof *counts);
    double *weights = class_weights(path, &classes, counts);
    int right = 0;
    for (int c = 0; c < CLASSES_LIMIT; c++)
        right += weights[c] == CLASSES_LIMIT - 1 - c + 0.5;
    CHECK(right == CLASSES_LIMIT);
    CHECK(unlink(path) == 0);
    free(weights);
    free(counts);
    classes_free(&classes);
}

int main(void)
{
    error_set_program("train");
    test_schedules();
    const uint64_t sizes[] = {1, 2, 3, 255, 256, 257, 1000, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        test_permutation(sizes[i]);
    test_permutation_is_fair();
    test_sampling();
    test_spool(64 << 20, 64 << 20, false);
    test_spool(200000, 200000, true);
    test_spool(1000, 1000, true);
    test_spool(0, 0, true);
    test_spool(64 << 20, 64 << 20 >> 3, false);
    test_spool(64 << 20, 1000, true);
    test_spool(200000, 0, true);
    const int threads[] = {1, 2, 3, 5, 8};
    for (size_t t = 0; t < 5; t++)
        for (size_t shards = 1; shards <= SHARDS_MAX; shards++)
            test_tree(shards, threads[t]);
    test_weights();
    test_weights_of_many();
    return check_report("train");
}
