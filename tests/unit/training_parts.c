/* The training room's parts around a step: packed examples, augmentation, the scale of
 * scores. */
#include "train/augment.h"
#include "train/ema.h"
#include "train/objective.h"

#include "base/error.h"
#include "check.h"
#include "small_layout.h"

/* ---- Examples ---- */

static bool same_ints(const int32_t *a, const int32_t *b, size_t count)
{
    return (!a && !b) || (a && b && memcmp(a, b, count * sizeof *a) == 0);
}

static void check_round_trip(const struct example *in)
{
    struct buffer packed = {0};
    struct example_store store = {0};
    struct example out;
    example_pack(in, &packed);
    example_unpack((struct slice){packed.at, packed.size}, &store, &out);
    CHECK(out.label == in->label && out.id.size == in->id.size &&
          memcmp(out.id.at, in->id.at, in->id.size) == 0);
    CHECK_NEAR(out.value, in->value, 0, 0);
    CHECK_NEAR(out.weight, in->weight, 0, 0);
    CHECK(out.input.tokens == in->input.tokens && out.input.window_count == in->input.window_count);
    CHECK(in->vector || same_ints(out.input.ids, in->input.ids, in->input.tokens));
    CHECK(same_ints(out.input.types, in->input.types, in->input.tokens));
    CHECK(same_ints(out.input.windows, in->input.windows, in->input.window_count + 1));
    CHECK(out.width == in->width &&
          (!in->vector || memcmp(out.vector, in->vector, in->width * sizeof(float)) == 0));
    example_store_free(&store);
    buffer_free(&packed);
}

static void test_examples(void)
{
    int32_t narrow[5] = {101, 7, 65535, 0, 102}, wide[5] = {101, 65536, 2000000, 9, 102},
            types[5] = {0, 0, 1, 1, 1};
    int32_t windows[3] = {0, 2, 5};
    float vector[3] = {1.5f, -2, 1e-30f};
    struct example a = {
        .input = {narrow, NULL, 5, NULL, 1}, .label = 3, .value = 2.5, .weight = 0.25, .id = SLICE("e:7")};
    check_round_trip(&a);
    struct example b = {
        .input = {wide, types, 5, windows, 2}, .label = -1, .value = -1e9, .weight = 1, .id = SLICE("")};
    check_round_trip(&b);
    types[1] = 256; /* a model may have so many */
    types[3] = 1023;
    check_round_trip(&b);
    struct example c = {.vector = vector, .width = 3, .label = 0, .weight = 1, .id = SLICE("v")};
    check_round_trip(&c);
}

/* ---- Augmentation ---- */

enum { TOKENS = 400 };

/* Two windows of 200 tokens: [CLS] 1, [SEP] 2, words 100 + place; types say the place's parity. */
static void fill(struct example_store *store, struct example *example)
{
    memory_grow(&store->ids.at, &store->ids.capacity, TOKENS, sizeof(int32_t));
    memory_grow(&store->types.at, &store->types.capacity, TOKENS, sizeof(int32_t));
    memory_grow(&store->windows.at, &store->windows.capacity, 3, sizeof(int32_t));
    for (int i = 0; i < TOKENS; i++) {
        store->ids.at[i] = i % 200 == 0 ? 1 : i % 200 == 199 ? 2 : 100 + i;
        store->types.at[i] = i % 2;
    }
    memcpy(store->windows.at, (int32_t[]){0, 200, 400}, 3 * sizeof(int32_t));
    *example = (struct example){.input = {store->ids.at, store->types.at, TOKENS, store->windows.at, 2}};
}

static void test_augmentation(void)
{
    struct example_store store = {0};
    struct example in;
    struct augmentation none = {0, 0, 1}, dropping = {0.3, 0, 1}, spans = {0, 0.5, 1};
    fill(&store, &in);
    augment(&none, 0, 0, &store, &in);
    CHECK(in.input.tokens == TOKENS);
    double left = 0, span_left = 0;
    enum { ROUNDS = 300 };
    for (uint64_t round = 0; round < ROUNDS; round++) {
        fill(&store, &in);
        augment(&dropping, round, 5, &store, &in);
        const struct network_input *e = &in.input;
        left += (double)e->tokens / ROUNDS;
        size_t middle = (size_t)e->windows[1];
        CHECK(e->windows[0] == 0 && (size_t)e->windows[2] == e->tokens);
        CHECK(e->ids[0] == 1 && e->ids[middle - 1] == 2 && e->ids[middle] == 1 && e->ids[e->tokens - 1] == 2);
        bool ordered = true;
        for (size_t t = 1; t + 1 < middle; t++)
            ordered = ordered && e->types[t] == (e->ids[t] - 100) % 2 &&
                      (t == 1 || e->ids[t] > e->ids[t - 1]);
        CHECK(ordered);

        fill(&store, &in);
        augment(&spans, round, 5, &store, &in);
        span_left += (double)in.input.tokens / ROUNDS;
        int gaps = 0;
        for (size_t t = 2; t + 1 < (size_t)in.input.windows[1]; t++)
            gaps += in.input.ids[t] != in.input.ids[t - 1] + 1;
        CHECK(gaps <= 1);
    }
    /* Of 396 words 30 % go; of each window's 198 words a run of 0 .. 99, 49.5 on average, goes. */
    CHECK_NEAR(left, 4 + 396 * 0.7, 3, 0);
    CHECK_NEAR(span_left, 400 - 2 * 49.5, 8, 0);
    example_store_free(&store);
}

/* Two windows of 50 tokens: [CLS], a prompt of 9, [SEP], 38 words, [SEP], all numbered by their place. */
static void fill_pairs(struct example_store *store, struct example *example)
{
    fill(store, example);
    for (int i = 0; i < 100; i++) {
        store->ids.at[i] = i % 50;
        store->types.at[i] = i % 50 > 10;
    }
    memcpy(store->windows.at, (int32_t[]){0, 50, 100}, 3 * sizeof(int32_t));
    example->input.tokens = 100;
}

static void test_augmentation_of_pairs(void)
{
    struct example_store store = {0};
    struct example in;
    const struct augmentation hows[] = {{0.9, 0, 1}, {0, 0.9, 1}};
    for (uint64_t round = 0; round < 100; round++) {
        fill_pairs(&store, &in);
        augment(&hows[round % 2], round, 5, &store, &in);
        const struct network_input *e = &in.input;
        size_t words = 0;
        for (size_t w = 0; w < 2; w++) {
            size_t from = (size_t)e->windows[w], end = (size_t)e->windows[w + 1];
            bool whole = end - from >= 12;
            for (size_t t = 0; whole && t < 11; t++)
                whole = e->ids[from + t] == (int32_t)t && e->types[from + t] == 0;
            CHECK(whole && e->ids[end - 1] == 49 && e->types[end - 1] == 1);
            words += end - from - 12;
        }
        CHECK(words < 2 * 38);
    }
    example_store_free(&store);
}

/* ---- The objective ---- */

static struct label integer(int64_t value)
{
    return (struct label){.type = LABEL_INTEGER, .integer = value, .number = (double)value};
}

static void test_objective(void)
{
    struct classes classes = {.type = LABEL_INTEGER};
    struct label_sums sums = {0}, other = {0};
    const int64_t scores[] = {1, 1, 2, 5, 5, 5};
    for (int i = 0; i < 6; i++) {
        struct label label = integer(scores[i]);
        label_sums_add(i < 4 ? &sums : &other, (int32_t)classes_meet(&classes, &label), (double)scores[i], 1);
    }
    label_sums_join(&sums, &other);
    classes_settle(&classes);
    struct objective objective;
    objective_init(&objective, LOSS_MSE, 0, &classes, &sums, NULL);
    double mean = 19.0 / 6, spread = sqrt((1 + 1 + 4 + 75) / 6.0 - mean * mean);
    CHECK_NEAR(objective.centre, mean, 0, 1e-14);
    CHECK_NEAR(objective.spread, spread, 0, 1e-14);
    CHECK_NEAR(sums.mean, mean, 0, 1e-14);
    CHECK_NEAR(sqrt(sums.squares / 6), spread, 0, 1e-14);
    struct example example = {.label = 2, .value = 5, .weight = 0.5};
    CHECK(objective_target(&objective, &example).class == 2);
    CHECK_NEAR(objective_target(&objective, &example).value, (5 - mean) / spread, 0, 1e-14);
    CHECK_NEAR(objective_weight(&objective, &example), 0.5, 0, 0);

    /* The folded head gives on the labels' scale what the unfolded one gave on its own, and back. */
    struct layout *layout = small_layout();
    float *params = memory_aligned(layout->size, sizeof *params), x[8] = {1, -2, 3, 0.5f, 0, 1, 1, -1}, z, y,
          again;
    network_initialise(layout, params, 4);
    params[layout->head_bias] = 0.3f;
    network_head(layout, params, x, &z);
    objective_fold(&objective, layout, params);
    network_head(layout, params, x, &y);
    CHECK_NEAR(y, z * spread + mean, 1e-6, 1e-6);
    objective_unfold(&objective, layout, params);
    network_head(layout, params, x, &again);
    CHECK_NEAR(again, z, 1e-6, 1e-6);
    CHECK_NEAR(objective_score(&objective, &z, NULL, NULL).score, y, 1e-5, 1e-6);
    free(params);
    layout_free(layout);
    objective_free(&objective);
    classes_free(&classes);
}

static void test_average(void)
{
    struct pool *pool = pool_new(2);
    float params[3] = {0, 0, 0};
    struct ema *ema = ema_new(3, params, 0.9);
    double want = 0;
    for (uint64_t step = 0; step < 200; step++) {
        params[1] = (float)step;
        double early = (1 + (double)step) / (10 + (double)step), decay = early < 0.9 ? early : 0.9;
        want += (1 - decay) * ((double)step - want);
        ema_update(ema, params, step, pool);
    }
    CHECK_NEAR(ema_params(ema)[1], want, 0, 1e-5);
    CHECK_NEAR(ema_params(ema)[2], 0, 0, 0);
    ema_free(ema);
    pool_free(pool);
}

int main(void)
{
    error_set_program("training_parts");
    test_examples();
    test_augmentation();
    test_augmentation_of_pairs();
    test_objective();
    test_average();
    return check_report("training_parts");
}
