/* Logits, loss and every gradient against PyTorch's, from files that tests/parity/network.py made: those in
 * tests/fixtures/network/, or those named as operands. */
#include <glob.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "kernel_tables.h"
#include "nn/network.h"

/* A file and the copies of its tensors that were asked for. */
struct tensors {
    struct file_view file;
    void **copies;
    size_t count, capacity;
};

static void *keep(struct tensors *t, void *copy)
{
    memory_grow(&t->copies, &t->capacity, t->count + 1, sizeof *t->copies);
    t->copies[t->count++] = copy;
    return copy;
}

static void release(struct tensors *t)
{
    while (t->count > 0)
        free(t->copies[--t->count]);
    free(t->copies);
    file_unview(&t->file);
}

/* The values of a tensor and their number; NULL if the file has none of that name. */
static const float *tensor(struct tensors *t, const char *name, size_t *count)
{
    const char *at = t->file.at, *end = at + t->file.size;
    while (at < end) {
        const char *line = at, *space = memchr(at, ' ', (size_t)(end - at));
        size_t values = strtoul(space, NULL, 10);
        at = (const char *)memchr(space, '\n', (size_t)(end - space)) + 1;
        if (strlen(name) == (size_t)(space - line) && memcmp(line, name, strlen(name)) == 0) {
            float *copy = keep(t, memory_new(values, sizeof *copy));
            memcpy(copy, at, values * sizeof *copy);
            *count = values;
            return copy;
        }
        at += values * sizeof(float);
    }
    return NULL;
}

static const float *named(struct tensors *t, const char *kind, const char *name, size_t count)
{
    char *full = memory_format("%s%s", kind, name);
    size_t found = 0;
    const float *values = tensor(t, full, &found);
    if (!values || (count && found != count)) {
        printf("%s: %s\n", full, values ? "has another size" : "missing");
        exit(1);
    }
    free(full);
    return values;
}

static int32_t *integers(struct tensors *t, const float *values, size_t count)
{
    int32_t *out = keep(t, memory_new(count, sizeof *out));
    for (size_t i = 0; i < count; i++)
        out[i] = (int32_t)values[i];
    return out;
}

struct cross_entropy {
    int C, target;
};

static double cross_entropy(void *context, const float *logits, const float *extra, float *dlogits,
                            float *dextra)
{
    const struct cross_entropy *c = context;
    double sum = 0;
    (void)extra, (void)dextra;
    for (int i = 0; i < c->C; i++)
        sum += exp((double)logits[i]);
    for (int i = 0; i < c->C; i++)
        dlogits[i] = (float)(exp((double)logits[i]) / sum - (i == c->target));
    return log(sum) - (double)logits[c->target];
}

static struct shape shape_of(const float *v)
{
    return (struct shape){.L = (int)v[0],
                          .H = (int)v[1],
                          .A = (int)v[2],
                          .F = (int)v[3],
                          .V = (int)v[4],
                          .P = (int)v[5],
                          .types = (int)v[6],
                          .C = (int)v[7],
                          .activation = (enum activation)v[8],
                          .layer_norm_eps = v[9],
                          .pad = (int)v[10],
                          .pool = (enum pooling)v[11],
                          .taps = {(int)v[0]},
                          .tap_count = 1};
}

/* The whole gradient as one block, the sparse rows in their places. */
static float *whole_gradient(const struct layout *layout, const struct gradient *g)
{
    size_t H = (size_t)layout->shape.H, words = (size_t)layout->shape.V * H;
    float *all = memory_zeroed(layout->size, sizeof *all);
    memcpy(all + words, g->dense, (layout->size - words) * sizeof *all);
    for (size_t i = 0; i < g->row_count; i++)
        memcpy(all + (size_t)g->rows[i] * H, g->row_values + i * H, H * sizeof *all);
    return all;
}

/* Each tensor's largest difference, relative to the tensor's largest gradient; that of a tensor whose
 * gradient is mathematically zero (the keys' biases) is measured against the whole gradient's largest. */
static double compare_gradients(struct tensors *t, const struct layout *layout, const float *got)
{
    double worst = 0, most = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t p = 0; p < layout->count; p++) {
            const struct parameter *row = &layout->table[p];
            size_t count = (size_t)row->rows * (size_t)(row->cols ? row->cols : 1);
            const float *want = named(t, "grad:", row->name, count);
            double size = 0, difference = 0;
            for (size_t i = 0; i < count; i++) {
                double d = fabs((double)got[row->offset + i] - (double)want[i]);
                size = fmax(size, fabs((double)want[i]));
                difference = d <= difference ? difference : d;
            }
            most = fmax(most, size);
            if (pass == 0)
                continue;
            bool zero = strstr(row->name, "key.bias") != NULL;
            double relative = difference / (zero ? most : fmax(size, 1e-3 * most));
            if (!(relative <= 1e-4))
                printf("%s: off by %.3g, largest %.3g\n", row->name, difference, size);
            CHECK(relative <= 1e-4);
            worst = fmax(worst, relative);
        }
    return worst;
}

static void check_file(const char *path)
{
    struct tensors t = {.file = file_view(path, (uint64_t)1 << 33)};
    size_t count = 0, T = 0;
    const float *v = tensor(&t, "shape", &count);
    struct shape shape = shape_of(v);
    struct layout *layout = layout_new(&shape);
    float *params = memory_aligned(layout->size, sizeof *params);
    for (size_t p = 0; p < layout->count; p++) {
        const struct parameter *row = &layout->table[p];
        size_t size = (size_t)row->rows * (size_t)(row->cols ? row->cols : 1);
        const float *values = named(&t, "param:", row->name, size);
        memcpy(params + row->offset, values, size * sizeof *params);
    }
    const float *ids = tensor(&t, "ids", &T), *types = named(&t, "", "types", T);
    struct network_input e = {
        .ids = integers(&t, ids, T), .types = integers(&t, types, T), .tokens = T, .window_count = 1};
    const float *want = named(&t, "", "logits", (size_t)shape.C), *loss = named(&t, "", "loss", 1);
    struct cross_entropy ce = {shape.C, (int)*named(&t, "", "case", 1)};
    struct workspace *ws = workspace_new(layout);
    struct gradient *g = gradient_new(layout);
    float *logits = keep(&t, memory_new((size_t)shape.C, sizeof *logits));
    float *again = keep(&t, memory_new((size_t)shape.C, sizeof *again));

    input_check(&e, &shape, path);
    network_logits(ws, params, &e, logits);
    double got = network_train(ws, params, &e, &(struct training_step){0}, cross_entropy, &ce, again, g);
    double off = 0;
    for (int c = 0; c < shape.C; c++) {
        CHECK_NEAR((double)logits[c], (double)want[c], 1e-5, 1e-5);
        CHECK_NEAR((double)again[c], (double)want[c], 1e-5, 1e-5);
        off = fmax(off, fabs((double)logits[c] - (double)want[c]) / (1 + fabs((double)want[c])));
    }
    CHECK_NEAR(got, (double)*loss, 1e-5, 1e-5);
    float *all = whole_gradient(layout, g);
    double worst = compare_gradients(&t, layout, all);
    printf("%s [%s]: logits within %.2g (1 + |b|), gradients within %.2g of each tensor's largest\n", path,
           network_kernels(), off, worst);
    workspace_free(ws);
    gradient_free(g);
    free(all);
    free(params);
    layout_free(layout);
    release(&t);
}

int main(int argc, char **argv)
{
    glob_t found = {0};
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            check_file(argv[i]);
        return check_report("network_parity");
    }
    CHECK(glob("tests/fixtures/network/*.tensors", 0, NULL, &found) == 0);
    CHECK(found.gl_pathc == 5);
    for (size_t next = 0; next_table(&next);)
        for (size_t i = 0; i < found.gl_pathc; i++)
            check_file(found.gl_pathv[i]);
    globfree(&found);
    return check_report("network_parity");
}
