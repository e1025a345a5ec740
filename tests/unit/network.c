/* The network against its slow twin: logits, vectors, and every gradient by central differences, for each
 * pooling, with windows, token types, several taps, dropout, odd sizes, on each kernel path. */
#include "check.h"
#include "kernel_tables.h"
#include "network_cases.h"
#include "network_twin.h"

static const struct shape small = {.L = 2,
                                   .H = 9,
                                   .A = 3,
                                   .F = 7,
                                   .V = 13,
                                   .P = 12,
                                   .types = 2,
                                   .C = 3,
                                   .activation = ACTIVATION_GELU,
                                   .layer_norm_eps = 1e-5f,
                                   .pad = 0,
                                   .pool = POOL_POOLER,
                                   .taps = {2},
                                   .tap_count = 1};

/* One path checks every parameter, the others every `sparse`th of them. */
static size_t sparse;

static double loss_of(const struct twin *t, const struct network_input *e)
{
    const struct shape *s = &t->layout->shape;
    double logits[8], loss = 0;
    twin_logits(t, e, logits);
    for (int i = 0; i < s->C; i++)
        loss += (i % 2 ? -1 : 1) * (i + 1) * logits[i] + logits[i] * logits[i] / 4;
    for (int i = 0; i < s->E; i++)
        loss += (i + 1) * t->p[t->layout->extra + (size_t)i];
    return loss;
}

/* Central differences of every `every`th parameter (or fewer); [PAD]'s row must have none. */
static void check_gradient(const struct layout *layout, double *p, const struct twin *t,
                           const struct network_input *e, const float *got, size_t every)
{
    size_t H = (size_t)layout->shape.H, pad = layout->words + (size_t)layout->shape.pad * H;
    double most = 0, worst = 0;
    for (size_t i = 0; i < layout->size; i++)
        most = fmax(most, fabs((double)got[i]));
    CHECK(most > 0.01);
    for (size_t i = 0; i < layout->size; i += every * sparse) {
        double kept = p[i], step = 1e-5 * fmax(1, fabs(kept));
        p[i] = kept + step;
        double above = loss_of(t, e);
        p[i] = kept - step;
        double below = loss_of(t, e);
        p[i] = kept;
        double want = i >= pad && i < pad + H ? 0 : (above - below) / (2 * step);
        double off = fabs((double)got[i] - want);
        worst = off <= worst ? worst : off;
    }
    if (!(worst <= 3e-6 * most + 1e-6))
        printf("gradient off by %.3g, largest %.3g\n", worst, most);
    CHECK(worst <= 3e-6 * most + 1e-6);
}

static void check_case(const struct shape *shape, const struct network_input *e,
                       const struct training_step *step, size_t every)
{
    struct layout *layout = layout_new(shape);
    float *params = case_parameters(layout, 7);
    double *p = memory_new(layout->size, sizeof *p), want[8];
    for (size_t i = 0; i < layout->size; i++)
        p[i] = (double)params[i];
    struct twin t = {layout, p, step};
    struct workspace *ws = workspace_new(layout);
    struct gradient *g = gradient_new(layout);
    float logits[8];
    struct shape copy = *shape;

    input_check(e, shape, "case");
    double loss = network_train(ws, params, e, step, case_loss, &copy, logits, g);
    twin_logits(&t, e, want);
    for (int i = 0; i < shape->C; i++)
        CHECK_NEAR((double)logits[i], want[i], 3e-6, 3e-6);
    CHECK_NEAR(loss, loss_of(&t, e), 2e-5, 2e-5);
    float *all = case_whole(layout, g);
    check_gradient(layout, p, &t, e, all, every);

    t.step = NULL; /* evaluation has no dropout */
    network_logits(ws, params, e, logits);
    twin_logits(&t, e, want);
    for (int i = 0; i < shape->C; i++)
        CHECK_NEAR((double)logits[i], want[i], 3e-6, 3e-6);
    free(all);
    free(p);
    free(params);
    gradient_free(g);
    workspace_free(ws);
    layout_free(layout);
}

static void check_poolings(void)
{
    static const int32_t kept[] = {0, 5, 6, 17}, again[] = {0, 3, 5, 6, 9, 17}; /* all stay; computed twice */
    static const int32_t *const windows[] = {NULL, kept, again};
    static const size_t counts[] = {1, 3, 5};
    const struct training_step dropout = {.seed = 11, .step = 3, .number = 5, .dropout = true}, plain = {0};
    for (int pool = POOL_CLS; pool <= POOL_POOLER; pool++)
        for (int several = 0; several < 3; several++) {
            struct shape s = small;
            s.pool = (enum pooling)pool;
            s.activation = (enum activation)(pool % 3);
            s.E = several ? 2 : 0;
            s.hidden_dropout = 0.1f;
            s.attention_dropout = 0.25f;
            s.head_dropout = 0.3f;
            struct network_input e = case_example(&s, several ? 17 : 11, several, 3);
            e.windows = windows[several];
            e.window_count = counts[several];
            check_case(&s, &e, &plain, 1);
            check_case(&s, &e, &dropout, 1);
            case_free(&e);
        }
}

/* The head reads several layers, the embeddings among them, and none above the highest. */
static void check_taps(void)
{
    static const int32_t windows[] = {0, 4, 9};
    const struct training_step dropout = {.seed = 1, .step = 9, .number = 2, .dropout = true};
    for (int pool = POOL_CLS; pool <= POOL_POOLER; pool++) {
        struct shape s = small;
        s.L = 3;
        s.pool = (enum pooling)pool;
        s.tap_count = 3;
        s.taps[0] = 0, s.taps[1] = 1, s.taps[2] = 2;
        s.hidden_dropout = s.attention_dropout = 0.2f;
        struct network_input e = case_example(&s, 9, true, 4);
        e.windows = windows;
        e.window_count = 2;
        check_case(&s, &e, &dropout, 1);
        s.tap_count = 1;
        check_case(&s, &e, &dropout, 1); /* embeddings alone */
        case_free(&e);
    }
}

/* Longer than a tile of attention, rows longer than any vector, one token, one head, no [PAD]. */
static void check_sizes(void)
{
    const struct training_step dropout = {.seed = 5, .step = 1, .number = 0, .dropout = true};
    for (int pool = POOL_MEAN; pool <= POOL_POOLER; pool += POOL_POOLER - POOL_MEAN) {
        struct shape s = small;
        s.pool = (enum pooling)pool;
        s.H = 35, s.A = 5, s.F = 67, s.P = 140;
        s.hidden_dropout = s.attention_dropout = 0.1f;
        struct network_input e = case_example(&s, 139, true, 5);
        check_case(&s, &e, &dropout, 1009);
        case_free(&e);
        s = small;
        s.pool = (enum pooling)pool;
        s.A = 1;
        s.C = 1;
        e = case_example(&s, 1, false, 6);
        check_case(&s, &e, &dropout, 1);
        case_free(&e);
    }
}

/* Vectors of every token and of a lower layer; layers above are not computed, so what stands in their
 * parameters does not matter. */
static void check_embed(void)
{
    struct shape s = small;
    s.C = 0, s.L = 3, s.pool = POOL_NONE, s.tap_count = 2, s.taps[0] = 1, s.taps[1] = 2;
    struct layout *layout = layout_new(&s);
    float *params = case_parameters(layout, 8), *got = memory_new(10 * 18, sizeof *got);
    double *p = memory_new(layout->size, sizeof *p), *levels = memory_new(4 * 10 * 9, sizeof *levels);
    for (size_t i = 0; i < layout->size; i++)
        p[i] = (double)params[i];
    struct network_input e = case_example(&s, 10, true, 9);
    twin_vector(&(struct twin){layout, p, NULL}, &e, levels, NULL);
    for (size_t i = layout->layers[2].qkv_weight; i < layout->size; i++)
        params[i] = NAN;
    struct workspace *ws = workspace_new(layout);
    network_embed(ws, params, &e, got);
    for (size_t j = 0; j < 10; j++)
        for (size_t i = 0; i < 18; i++)
            CHECK_NEAR((double)got[j * 18 + i], levels[(1 + i / 9) * 90 + j * 9 + i % 9], 3e-6, 3e-6);
    workspace_free(ws);
    case_free(&e);
    free(params);
    free(got);
    free(p);
    free(levels);
    layout_free(layout);
}

int main(void)
{
    const struct kernels *table;
    for (size_t next = 0; (table = next_table(&next));) {
        CHECK_TEXT(network_kernels(), table->name);
        sparse = table == &kernels_portable ? 1 : 17;
        check_poolings();
        check_taps();
        check_sizes();
        check_embed();
    }
    return check_report("network");
}
