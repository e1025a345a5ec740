/* AdamW: torch's numbers, and lazily replayed word rows against a dense scalar twin, bit for bit. */
#include "nn/optimizer.h"

#include <jansson.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"
#include "learning_numbers.h"
#include "tensor.h"

static struct layout *small_layout(int V, int H, int P)
{
    struct shape shape = {.L = 2,
                          .H = H,
                          .A = 2,
                          .F = H + H / 2,
                          .V = V,
                          .P = P,
                          .types = 2,
                          .C = 3,
                          .E = 2,
                          .layer_norm_eps = 1e-12f,
                          .pad = 0,
                          .pool = POOL_POOLER,
                          .taps = {2},
                          .tap_count = 1};
    return layout_new(&shape);
}

static size_t size_of(const struct parameter *p) { return (size_t)p->rows * (size_t)(p->cols ? p->cols : 1); }

static void fill(float *to, size_t count, uint32_t state, float scale)
{
    for (size_t i = 0; i < count; i++)
        to[i] = scale * next_number(&state);
}

/* ---- torch.optim.AdamW ---- */

static void add_row(struct gradient *g, int32_t row, const float *values, size_t H)
{
    if (g->row_count == g->row_capacity) {
        g->row_capacity = 2 * g->row_capacity + 16;
        g->rows = memory_resize(g->rows, g->row_capacity, sizeof *g->rows);
        g->row_values = memory_resize(g->row_values, g->row_capacity * H, sizeof *g->row_values);
    }
    g->rows[g->row_count] = row;
    memcpy(g->row_values + g->row_count++ * H, values, H * sizeof *values);
}

static void golden_gradient(const struct layout *layout, struct gradient *g, uint32_t step)
{
    size_t V = (size_t)layout->shape.V, H = (size_t)layout->shape.H;
    gradient_clear(layout, g);
    for (size_t i = 0; i < layout->count; i++) {
        const struct parameter *p = &layout->table[i];
        uint32_t state = name_hash(p->name) + 7919u * (step + 1);
        if (p->offset != layout->words) {
            fill(g->dense + (p->offset - V * H), size_of(p), state, 1);
            continue;
        }
        float *all = memory_new(V * H, sizeof *all);
        fill(all, V * H, state, 1);
        for (uint32_t row = 0; row < V; row++)
            if ((row + step * step) % 3 == 0)
                add_row(g, (int32_t)row, all + row * H, H);
        free(all);
    }
}

static void check_tensor(const char *name, const char *what, const float *got, const json_t *want,
                         size_t size)
{
    size_t wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong += !(fabs(got[i] - golden_at(want, i)) <= 2e-6 + 2e-6 * fabs(golden_at(want, i)));
    if (wrong || json_array_size(want) != size)
        printf("%s of %s: %zu of %zu differ from torch's\n", what, name, wrong, size);
    CHECK(wrong == 0 && json_array_size(want) == size);
}

/* Words come as often as texts have them. */
static void catch_up_texts(struct optimizer *o, float *params, const struct gradient *g, struct pool *pool)
{
    int32_t *ids = memory_new(2 * g->row_count, sizeof *ids);
    for (size_t i = 0; i < g->row_count; i++)
        ids[i] = ids[2 * g->row_count - 1 - i] = g->rows[i];
    optimizer_catch_up(o, params, ids, 2 * g->row_count, pool);
    free(ids);
}

static void test_torch(void)
{
    struct layout *layout = small_layout(11, 8, 6);
    struct optimizer_settings settings = {.beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-8,
                                          .weight_decay = 0.1,
                                          .clip = 2,
                                          .head_rate = 3,
                                          .layer_decay = 0.8};
    struct optimizer *o = optimizer_new(layout, &settings);
    struct gradient *g = gradient_new(layout);
    struct pool *pool = pool_new(2);
    float *params = memory_aligned(layout->size, sizeof *params);
    for (size_t i = 0; i < layout->count; i++)
        fill(params + layout->table[i].offset, size_of(&layout->table[i]), name_hash(layout->table[i].name),
             2);

    json_t *root = golden("optimizer.json");
    const json_t *norms = json_object_get(root, "norms");
    uint32_t steps = (uint32_t)json_array_size(norms);
    CHECK(steps == 20);
    for (uint32_t step = 0; step < steps; step++) {
        golden_gradient(layout, g, step);
        catch_up_texts(o, params, g, pool);
        double rate = step < 5 ? 0.02 * (step + 1) / 5 : 0.02 * (steps - step) / (steps - 5.0);
        CHECK_NEAR(optimizer_step(o, params, g, rate, pool), golden_at(norms, step), 0, 1e-6);
    }
    optimizer_catch_up_all(o, params, pool);
    const json_t *tensors = json_object_get(root, "tensors"), *tensor;
    size_t i;
    json_array_foreach(tensors, i, tensor)
    {
        const char *name = json_string_value(json_object_get(tensor, "name"));
        const struct parameter *p = find_tensor(layout, name);
        CHECK(p != NULL);
        if (!p)
            continue;
        check_tensor(name, "values", params + p->offset, json_object_get(tensor, "values"), size_of(p));
        check_tensor(name, "first moments", optimizer_moments1(o) + p->offset,
                     json_object_get(tensor, "moments1"), size_of(p));
        check_tensor(name, "second moments", optimizer_moments2(o) + p->offset,
                     json_object_get(tensor, "moments2"), size_of(p));
    }
    CHECK(i > 30);
    json_decref(root);
    free(params);
    pool_free(pool);
    gradient_free(g);
    optimizer_free(o);
    layout_free(layout);
}

/* ---- The dense twin: every row, every step, one element at a time ---- */

struct twin {
    float *p, *m, *v;
};

static float dust(float x, float least) { return fabsf(x) < least ? 0 : x; }

static void twin_step(struct twin *t, const float *g, size_t count, bool decays, double rate, uint64_t step,
                      const struct optimizer_settings *s, float scale)
{
    float decay = (float)(decays ? 1 - rate * s->weight_decay : 1);
    float size = (float)(rate / (1 - pow(s->beta1, (double)step)));
    float root = (float)sqrt(1 - pow(s->beta2, (double)step));
    float new1 = (float)(1 - s->beta1), new2 = (float)(1 - s->beta2);
    for (size_t i = 0; i < count; i++) {
        float clipped = g[i] * scale;
        t->p[i] *= decay;
        t->m[i] = dust(t->m[i] + new1 * (clipped - t->m[i]), 0x1p-90f);
        t->v[i] = dust(t->v[i] * (float)s->beta2 + new2 * clipped * clipped, 0x1p-120f);
        t->p[i] += -size * t->m[i] / (sqrtf(t->v[i]) / root + (float)s->epsilon);
    }
}

static double rate_at(int step, int steps)
{
    return 0.01 * (step < 10 ? (step + 1) / 10.0 : 1 - (double)step / steps);
}

/* A random gradient on few rows: sometimes large (clipped), sometimes so small that the moments vanish. */
static void random_gradient(const struct layout *layout, struct gradient *g, float *dense_words, int step)
{
    size_t V = (size_t)layout->shape.V, H = (size_t)layout->shape.H;
    float scale = step % 7 == 0 ? 30.0f : step % 5 == 0 ? 1e-24f : 0.01f;
    uint32_t state = (uint32_t)step * 2654435761u;
    gradient_clear(layout, g);
    fill(g->dense, layout->size - V * H, state, scale);
    memset(dense_words, 0, V * H * sizeof *dense_words);
    for (size_t row = 0; row < V; row++) {
        if (random_below(6, 5, RANDOM_SAMPLE, (uint64_t)step, row) != 0 || row == 3)
            continue;
        fill(dense_words + row * H, H, state + (uint32_t)row, scale);
        add_row(g, (int32_t)row, dense_words + row * H, H);
    }
}

/* The steps of one run; when `twin` is given, the dense twin makes them too.  `pause` > 0 brings all rows up
 * to date and restores a new optimizer from the state after each so many steps. */
static float *run(int H, int threads, int steps, int pause, const struct optimizer_settings *settings,
                  struct twin *twin, struct layout *layout)
{
    size_t words = (size_t)layout->shape.V * (size_t)H;
    struct pool *pool = pool_new(threads);
    struct optimizer *o = optimizer_new(layout, settings);
    struct gradient *g = gradient_new(layout);
    float *dense_words = memory_new(words, sizeof *dense_words);
    float *params = memory_aligned(layout->size, sizeof *params);
    network_initialise(layout, params, 11);
    if (twin)
        memcpy(twin->p, params, layout->size * sizeof *params);
    for (int step = 0; step < steps; step++) {
        random_gradient(layout, g, dense_words, step);
        catch_up_texts(o, params, g, pool);
        double rate = rate_at(step, steps);
        double norm = optimizer_step(o, params, g, rate, pool);
        float scale = (float)fmin(1, settings->clip / (norm + 1e-6));
        if (twin)
            for (size_t i = 0; i < layout->count; i++) {
                const struct parameter *p = &layout->table[i];
                struct twin part = {twin->p + p->offset, twin->m + p->offset, twin->v + p->offset};
                const float *gradient = p->offset == layout->words ? dense_words
                                                                   : g->dense + (p->offset - words);
                twin_step(&part, gradient, size_of(p), p->decay, rate, (uint64_t)step + 1, settings, scale);
            }
        if (pause && step % pause == pause - 1) {
            optimizer_catch_up_all(o, params, pool);
            struct optimizer *next = optimizer_new(layout, settings);
            memcpy(optimizer_moments1(next), optimizer_moments1(o), layout->size * sizeof(float));
            memcpy(optimizer_moments2(next), optimizer_moments2(o), layout->size * sizeof(float));
            optimizer_restore(next, (uint64_t)step + 1);
            optimizer_free(o);
            o = next;
        }
    }
    optimizer_catch_up_all(o, params, pool);
    if (twin) {
        CHECK(memcmp(optimizer_moments1(o), twin->m, layout->size * sizeof(float)) == 0);
        CHECK(memcmp(optimizer_moments2(o), twin->v, layout->size * sizeof(float)) == 0);
    }
    free(dense_words);
    gradient_free(g);
    optimizer_free(o);
    pool_free(pool);
    return params;
}

static void test_sparse(int H, int steps)
{
    struct layout *layout = small_layout(301, H, 20);
    struct optimizer_settings settings = {.beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-8,
                                          .weight_decay = 0.05,
                                          .clip = 1,
                                          .head_rate = 1,
                                          .layer_decay = 1};
    struct twin twin = {memory_zeroed(layout->size, 4), memory_zeroed(layout->size, 4),
                        memory_zeroed(layout->size, 4)};
    float *one = run(H, 1, steps, 0, &settings, &twin, layout);
    CHECK(memcmp(one, twin.p, layout->size * sizeof *one) == 0);
    float *many = run(H, 5, steps, 0, &settings, NULL, layout);
    CHECK(memcmp(one, many, layout->size * sizeof *one) == 0);
    float *stops = run(H, 2, steps, 7, &settings, NULL, layout);
    CHECK(memcmp(one, stops, layout->size * sizeof *one) == 0);
    free(one);
    free(many);
    free(stops);
    free(twin.p);
    free(twin.m);
    free(twin.v);
    layout_free(layout);
}

/* ---- What is not touched ---- */

static void test_frozen_and_nan(void)
{
    struct layout *layout = small_layout(30, 8, 5);
    struct optimizer_settings settings = {.beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-8,
                                          .weight_decay = 0.1,
                                          .clip = 1,
                                          .head_rate = 1,
                                          .layer_decay = 1,
                                          .frozen = 2};
    struct pool *pool = pool_new(2);
    struct optimizer *o = optimizer_new(layout, &settings);
    struct gradient *g = gradient_new(layout);
    float *words = memory_new(30 * 8, sizeof *words);
    float *params = memory_aligned(layout->size, sizeof *params);
    float *before = memory_new(layout->size, sizeof *before);
    float *other = memory_aligned(layout->size, sizeof *other);
    network_initialise(layout, params, 1);
    network_initialise(layout, other, 1);
    memcpy(before, params, layout->size * sizeof *params);
    random_gradient(layout, g, words, 1);
    optimizer_step(o, params, g, 0.1, pool);
    optimizer_catch_up_all(o, params, pool);
    for (size_t i = 0; i < layout->count; i++) {
        const struct parameter *p = &layout->table[i];
        bool same = memcmp(params + p->offset, before + p->offset, size_of(p) * sizeof *params) == 0;
        CHECK(same == (p->layer < 1));
    }
    memcpy(before, params, layout->size * sizeof *params);
    const float bad[] = {NAN, INFINITY};
    for (int i = 0; i < 2; i++) {
        g->dense[layout->size - 30 * 8 - 1] = bad[i];
        CHECK(!isfinite(optimizer_step(o, params, g, 0.1, pool)));
        CHECK(memcmp(params, before, layout->size * sizeof *params) == 0);
    }
    /* They were no steps either: the next is that of an optimizer which never met them. */
    struct optimizer *calm = optimizer_new(layout, &settings);
    random_gradient(layout, g, words, 1);
    optimizer_step(calm, other, g, 0.1, pool);
    random_gradient(layout, g, words, 2);
    optimizer_step(calm, other, g, 0.1, pool);
    optimizer_step(o, params, g, 0.1, pool);
    CHECK(memcmp(params, other, layout->size * sizeof *params) == 0);
    optimizer_free(calm);
    free(other);
    free(words);
    free(params);
    free(before);
    gradient_free(g);
    optimizer_free(o);
    pool_free(pool);
    layout_free(layout);
}

int main(void)
{
    test_torch();
    test_sparse(20, 50);
    test_sparse(128, 50);
    test_sparse(6, 1500);
    test_frozen_and_nan();
    return check_report("optimizer");
}
