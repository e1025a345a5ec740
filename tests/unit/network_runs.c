/* What a run relies on: the same bytes for any number of threads, workspace history and packed weights;
 * freezing; sparse rows; dropout's rate; memory of long texts; errors; fresh parameters. */
#include <malloc.h>

#include "base/error.h"
#include "base/pool.h"
#include "check.h"
#include "kernel_tables.h"
#include "network_cases.h"
#include "tensor.h"

enum { EXAMPLES = 23 };

static const struct shape small = {.L = 2,
                                   .H = 24,
                                   .A = 3,
                                   .F = 40,
                                   .V = 50,
                                   .P = 90,
                                   .types = 2,
                                   .C = 3,
                                   .activation = ACTIVATION_GELU,
                                   .layer_norm_eps = 1e-12f,
                                   .pad = 0,
                                   .pool = POOL_POOLER,
                                   .taps = {2},
                                   .tap_count = 1,
                                   .hidden_dropout = 0.1f,
                                   .attention_dropout = 0.1f,
                                   .head_dropout = 0.1f};

struct run {
    struct layout *layout;
    float *params;
    struct workspace *spaces[8];
    struct gradient *gradients[EXAMPLES];
    struct network_input examples[EXAMPLES];
    float logits[EXAMPLES][3], scores[EXAMPLES][3];
};

static void train_one(void *context, size_t item, int worker)
{
    struct run *r = context;
    struct training_step step = {.seed = 9, .step = 4, .number = item, .dropout = true};
    network_train(r->spaces[worker], r->params, &r->examples[item], &step, case_loss, &r->layout->shape,
                  r->logits[item], r->gradients[item]);
    network_logits(r->spaces[worker], r->params, &r->examples[item], r->scores[item]);
}

/* All examples on `threads` threads, their gradients added in order: [size], with the scores behind. */
static float *bytes_of_run(const struct shape *shape, int threads, bool packed)
{
    struct run r = {.layout = layout_new(shape)};
    struct pool *pool = pool_new(threads);
    struct network_packed *weights = network_packed_new(r.layout, true);
    r.params = case_parameters(r.layout, 2);
    network_packed_update(weights, r.params, pool);
    for (int i = 0; i < threads; i++) {
        r.spaces[i] = workspace_new(r.layout);
        workspace_use_packed(r.spaces[i], packed ? weights : NULL);
    }
    for (size_t i = 0; i < EXAMPLES; i++) {
        r.examples[i] = case_example(shape, 1 + (i * 37) % 90, i % 2, i);
        r.gradients[i] = gradient_new(r.layout);
    }
    pool_run(pool, EXAMPLES, train_one, &r);
    for (size_t i = 1; i < EXAMPLES; i++)
        gradient_add(r.layout, r.gradients[0], r.gradients[i]);
    float *all = memory_resize(case_whole(r.layout, r.gradients[0]), r.layout->size + 6 * EXAMPLES,
                               sizeof *all);
    memcpy(all + r.layout->size, r.logits, sizeof r.logits);
    memcpy(all + r.layout->size + 3 * EXAMPLES, r.scores, sizeof r.scores);
    for (size_t i = 0; i < EXAMPLES; i++) {
        gradient_free(r.gradients[i]);
        case_free(&r.examples[i]);
    }
    for (int i = 0; i < threads; i++)
        workspace_free(r.spaces[i]);
    network_packed_free(weights);
    pool_free(pool);
    free(r.params);
    layout_free(r.layout);
    return all;
}

static void check_same_bytes(void)
{
    for (int pool = POOL_CLS; pool <= POOL_POOLER; pool++) {
        struct shape s = small;
        s.pool = (enum pooling)pool;
        struct layout *layout = layout_new(&s);
        size_t size = (layout->size + 6 * EXAMPLES) * sizeof(float);
        float *one = bytes_of_run(&s, 1, false), *two = bytes_of_run(&s, 2, true),
              *five = bytes_of_run(&s, 5, false);
        CHECK(memcmp(one, two, size) == 0);
        CHECK(memcmp(one, five, size) == 0);
        for (size_t i = 0; i < layout->size + 6 * EXAMPLES; i++)
            CHECK(isfinite(one[i]));
        free(one), free(two), free(five);
        layout_free(layout);
    }
}

/* A frozen part gets no gradient; what trains above it gets the very gradient that it has when nothing is
 * frozen. */
static void check_frozen(void)
{
    struct shape s = small;
    s.L = 3, s.taps[0] = 1, s.taps[1] = 3, s.tap_count = 2, s.pool = POOL_MEAN;
    struct layout *layout = layout_new(&s);
    float *params = case_parameters(layout, 3), *full = NULL;
    struct network_input e = case_example(&s, 21, true, 1);
    struct workspace *ws = workspace_new(layout);
    for (int frozen = 0; frozen <= 4; frozen++) {
        struct gradient *g = gradient_new(layout);
        struct training_step step = {.seed = 1, .frozen = frozen, .dropout = true};
        network_train(ws, params, &e, &step, case_loss, &s, NULL, g);
        CHECK((g->row_count > 0) == (frozen == 0));
        float *all = case_whole(layout, g);
        for (size_t p = 0; p < layout->count; p++) {
            const struct parameter *row = &layout->table[p];
            size_t count = (size_t)row->rows * (size_t)(row->cols ? row->cols : 1);
            bool trains = row->layer + 1 >= frozen, zero = true;
            for (size_t i = 0; i < count; i++)
                zero = zero && all[row->offset + i] == 0;
            CHECK(zero == !trains);
            if (full && trains)
                CHECK(memcmp(all + row->offset, full + row->offset, count * sizeof *all) == 0);
        }
        gradient_free(g);
        if (full)
            free(all);
        else
            full = all;
    }
    free(full);
    free(params);
    case_free(&e);
    workspace_free(ws);
    layout_free(layout);
}

/* Rows ascend, hold each word of the text once and never [PAD]; adding is what adding whole blocks is. */
static void check_rows(void)
{
    struct layout *layout = layout_new(&small);
    float *params = case_parameters(layout, 4);
    struct workspace *ws = workspace_new(layout);
    struct gradient *sum = gradient_new(layout), *g = gradient_new(layout);
    float *want = memory_zeroed(layout->size, sizeof *want);
    for (uint64_t n = 0; n < 6; n++) {
        struct network_input e = case_example(&small, 2 + 9 * n, true, n);
        bool present[50] = {false};
        size_t words = 0;
        for (size_t i = 0; i < e.tokens; i++) {
            words += e.ids[i] != 0 && !present[e.ids[i]];
            present[e.ids[i]] = true;
        }
        gradient_clear(layout, g);
        network_train(ws, params, &e, &(struct training_step){.number = n}, case_loss,
                      &(struct shape){.C = 3}, NULL, g);
        CHECK(g->row_count == words);
        for (size_t i = 0; i < g->row_count; i++)
            CHECK(g->rows[i] > 0 && present[g->rows[i]] && (i == 0 || g->rows[i - 1] < g->rows[i]));
        gradient_add(layout, sum, g);
        float *whole = case_whole(layout, g), *total = case_whole(layout, sum);
        for (size_t i = 0; i < layout->size; i++) {
            want[i] += whole[i];
            CHECK(total[i] == want[i]);
        }
        free(whole), free(total);
        case_free(&e);
    }
    free(want), free(params);
    gradient_free(sum), gradient_free(g);
    workspace_free(ws);
    layout_free(layout);
}

/* Dropout differs by seed, step and example, and is the same for the same three. */
static void check_dropout_keys(void)
{
    struct layout *layout = layout_new(&small);
    float *params = case_parameters(layout, 5), logits[6][3];
    struct workspace *ws = workspace_new(layout);
    struct gradient *g = gradient_new(layout);
    struct network_input e = case_example(&small, 40, false, 1);
    const struct training_step steps[6] = {{1, 1, 1, true, 0}, {2, 1, 1, true, 0}, {1, 2, 1, true, 0},
                                           {1, 1, 2, true, 0}, {1, 1, 1, true, 0}, {1, 1, 1, false, 0}};
    for (int i = 0; i < 6; i++)
        network_train(ws, params, &e, &steps[i], case_loss, &layout->shape, logits[i], g);
    for (int i = 1; i < 6; i++)
        CHECK((memcmp(logits[0], logits[i], sizeof logits[0]) == 0) == (i == 4));
    free(params);
    gradient_free(g);
    workspace_free(ws);
    case_free(&e);
    layout_free(layout);
}

/* Of many windows no more than one is in memory, whatever pools them: the least workspace grows by what each
 * window shards behind. */
static void check_windows_memory(void)
{
    enum { LENGTH = 40, MANY = 200 };
    static const enum pooling poolings[] = {POOL_CLS, POOL_MEAN, POOL_MAX, POOL_ATTENTION, POOL_POOLER};
    int32_t starts[MANY + 1];
    for (int i = 0; i <= MANY; i++)
        starts[i] = i * LENGTH;
    for (size_t p = 0; p < sizeof poolings / sizeof *poolings; p++) {
        struct shape s = small;
        s.pool = poolings[p];
        struct layout *layout = layout_new(&s);
        float *params = case_parameters(layout, 6);
        struct gradient *g = gradient_new(layout);
        struct network_input e = case_example(&s, MANY * LENGTH, false, 1);
        size_t lookahead[2];
        for (int many = 0; many < 2; many++) {
            struct network_input part = e;
            part.windows = starts;
            part.window_count = many ? MANY : 2;
            part.tokens = part.window_count * LENGTH;
            size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
            struct workspace *ws = workspace_new(layout);
            network_train(ws, params, &part, &(struct training_step){.dropout = true}, case_loss, &s, NULL,
                          g);
            lookahead[many] = mallinfo2().uordblks + mallinfo2().hblkhd - before;
            workspace_free(ws);
        }
        CHECK(lookahead[1] < lookahead[0] + MANY * LENGTH * 64);
        free(params);
        gradient_free(g);
        case_free(&e);
        layout_free(layout);
    }
}

static void check_example(void *example) { input_check(example, &small, "essay 7"); }

static void check_shape(void *shape) { layout_free(layout_new(shape)); }

/* The status and message of an error; "" without one. */
static const char *error_of(void (*check)(void *), void *checked)
{
    static char text[sizeof caught_message + 16];
    enum status status = caught(check, checked);
    snprintf(text, sizeof text, "%d: %s", (int)status, caught_message);
    return status == STATUS_GOOD ? "" : text;
}

static const char *error_of_example(struct network_input e) { return error_of(check_example, &e); }

static const char *error_of_shape(struct shape s) { return error_of(check_shape, &s); }

static void check_errors(void)
{
    static const int32_t ids[100] = {1, 2, 49, 0}, bad[3] = {1, 50, 2}, less[2] = {-1, 2},
                         types[3] = {0, 2, 0};
    static const int32_t fine[3] = {0, 2, 4}, late[3] = {1, 2, 4}, back[3] = {0, 2, 2}, open[3] = {0, 2, 3};
    CHECK_TEXT(error_of_example((struct network_input){ids, NULL, 90, NULL, 1}), "");
    CHECK_TEXT(error_of_example((struct network_input){ids, NULL, 4, fine, 2}), "");
    CHECK_TEXT(error_of_example((struct network_input){ids, NULL, 91, NULL, 1}),
               "4: essay 7: 91 tokens: expected at most the model's 90 positions");
    CHECK_TEXT(error_of_example((struct network_input){ids, NULL, 0, NULL, 1}),
               "4: essay 7: no tokens: expected at least one");
    CHECK_TEXT(error_of_example((struct network_input){bad, NULL, 3, NULL, 1}),
               "4: essay 7: token 1 has the id 50: expected 0 to 49, the model's vocabulary");
    CHECK(strstr(error_of_example((struct network_input){less, NULL, 2, NULL, 1}), "token 0 has the id -1"));
    CHECK(strstr(error_of_example((struct network_input){ids, types, 3, NULL, 1}), "token 1 has the type 2"));
    CHECK(strstr(error_of_example((struct network_input){ids, NULL, 4, late, 2}),
                 "do not start at its first token"));
    CHECK(strstr(error_of_example((struct network_input){ids, NULL, 4, back, 2}),
                 "window 2 of 2 ends at token 2"));
    CHECK(strstr(error_of_example((struct network_input){ids, NULL, 4, open, 2}), "windows end at token 3"));
    struct shape s = small;
    CHECK_TEXT(error_of_shape(s), "");
    s.A = 5;
    CHECK_TEXT(error_of_shape(s),
               "4: model: a hidden size of 24 with 5 attention heads: expected a multiple");
    s = small, s.hidden_dropout = 1;
    CHECK(strstr(error_of_shape(s), "dropout rate of 1"));
    s = small, s.taps[0] = 3;
    CHECK(strstr(error_of_shape(s), "a layer the head reads is 3"));
    s = small, s.V = 1 << 28, s.H = 1 << 20, s.A = 1;
    CHECK(strstr(error_of_shape(s), "parameters: expected at most 2^31"));
    s = small, s.layer_norm_eps = NAN;
    CHECK(strstr(error_of_shape(s), "layer norm epsilon of nan"));
}

static void check_fresh(void)
{
    struct shape wide = small;
    wide.L = 1, wide.taps[0] = 1;
    struct layout *layout = layout_new(&small), *other = layout_new(&wide);
    float *params = memory_aligned(layout->size, sizeof *params),
          *again = memory_aligned(other->size, sizeof *again);
    network_initialise(layout, params, 12);
    network_initialise(other, again, 12);
    double sum = 0, squares = 0, count = (double)(small.V - 1) * small.H;
    for (size_t i = (size_t)small.H; i < (size_t)(small.V * small.H); i++) {
        sum += (double)params[i];
        squares += (double)params[i] * (double)params[i];
    }
    CHECK_NEAR(sum / count, 0, 0.002, 0);
    CHECK_NEAR(sqrt(squares / count), 0.02, 0.001, 0);
    for (int i = 0; i < small.H; i++)
        CHECK(params[i] == 0); /* [PAD] */
    const struct parameter *a = find_tensor(layout, "classifier.weight"),
                           *b = find_tensor(other, "classifier.weight");
    CHECK(memcmp(params + a->offset, again + b->offset, 3 * 24 * sizeof *params) == 0);
    a = find_tensor(layout, "bert.encoder.layer.1.attention.self.key.weight");
    CHECK(a && a->offset == layout->layers[1].qkv_weight + 24 * 24 && a->decay && a->layer == 1);
    CHECK(find_tensor(layout, "bert.encoder.layer.1.attention.output.LayerNorm.weight")->decay == false);
    CHECK(params[layout->layers[1].norm1_weight] == 1 && params[layout->layers[1].up_bias] == 0);
    CHECK(find_tensor(layout, "bert.encoder.layer.2.output.dense.bias") == NULL);
    CHECK(layout->table[0].offset == 0 && layout->words == 0);
    free(params), free(again);
    layout_free(layout), layout_free(other);
}

int main(void)
{
    for (size_t next = 0; next_table(&next);) {
        check_same_bytes();
        check_frozen();
        check_rows();
        check_dropout_keys();
        check_windows_memory();
    }
    check_errors();
    check_fresh();
    return check_report("network_runs");
}
