#include "train/budget.h"

#include <inttypes.h>
#include <malloc.h>
#include <math.h>

#include "base/error.h"
#include "linear/linear.h"
#include "train/example.h"

enum {
    MEBIBYTE = 1 << 20,
    PROGRAM = 10 * MEBIBYTE,      /* code, libraries, buffers of reading and writing */
    LEAST_EXAMPLES = MEBIBYTE,    /* that stay in memory under any limit */
    UNLIMITED_EXAMPLES = 1 << 30, /* and without one */
    TOKEN = 16,                   /* bytes of one token of a batch: packed, id, type, id among the batch's */
    WINDOW = 128                  /* bytes of one window besides what is computed of it */
};

void budget_begin(void) { mallopt(M_MMAP_THRESHOLD, MEBIBYTE / 4); }

/* Floats of one worker's scratch memory for a window of T tokens: what forward keeps of each layer, and what
 * backward needs of one layer at a time (see nn/encoder.h).  More than that, for the stack of pieces it grows
 * in: measured. */
static double scratch(const struct shape *s)
{
    double T = s->P, H = s->H, F = s->F, L = s->L, A = s->A;
    double kept = L * (T * (8 * H + 2 * F + A) + A * T * T / 32), moving = T * (10 * H + 2 * F);
    return 1.6 * (kept + moving);
}

/* Bytes of the longest text in every place of a batch, and of what its windows leave behind in a worker. */
static double batch_texts(const struct shape *shape, int64_t batch, int threads, const struct extent *extent)
{
    double tokens = (double)extent->tokens, windows = (double)extent->windows;
    double text = TOKEN * tokens + 4 * windows, traces = 4 * tokens + windows * (WINDOW + 4.0 * shape->H);
    return (double)(batch + 1) * text + threads * traces; /* one more is evaluated */
}

/* Bytes of training by steps: parameters, moments, gradients, packed weights, their average, a batch of texts
 * as long as the longest, and each worker's scratch memory for as many windows of the model's full length as
 * are kept at a time. */
static double steps_memory(const struct initial_model *initial, int threads, const struct extent *extent)
{
    const struct shape *shape = &initial->shape;
    const struct fit_config *config = initial->config;
    struct layout *layout = layout_new(shape);
    double all = (double)layout->size, words = (double)shape->V * shape->H;
    double layers = (double)shape->L * (4.0 * shape->H * shape->H + 2.0 * shape->H * shape->F);
    layout_free(layout);
    int shards = (int)(config->batch < BATCH_SHARDS ? config->batch : BATCH_SHARDS),
        busy = threads < shards ? threads : shards;
    double longest = fmax((double)extent->tokens, shape->P);
    double rows = fmin(shape->V, 2.0 * (double)config->batch / shards * longest) * shape->H;
    double gradients = (busy + 2) * (all - words + rows);
    double blocks = config->ema > 0 ? 4 : 3;
    double windows = fmin(fmax((double)extent->windows, 1), WINDOWS_KEPT);
    double floats = blocks * all + 2 * layers + gradients + threads * windows * scratch(shape);
    return 4 * floats + batch_texts(shape, config->batch, threads, extent);
}

/* Bytes of a linear head: all vectors; then what fits it, or the encoder that is saved with it and the
 * records' scores (which are sorted, for thresholds). */
static double head_memory(const struct initial_model *initial, int threads, const struct extent *extent)
{
    double n = (double)extent->records;
    double record = 4 * (double)initial->width + sizeof(struct example) + 3 * sizeof(double) + sizeof(int);
    double fitting = (double)linear_memory(initial->head, extent->records, initial->width, extent->labels,
                                           threads);
    double scoring = 4 * (double)initial->parameters + 32 * n;
    return n * record + fmax(fitting, scoring);
}

/* The least limit that will do for what has come. */
static uint64_t least(const struct initial_model *initial, int threads, const struct extent *extent)
{
    double fixed = initial->width ? head_memory(initial, threads, extent)
                                  : steps_memory(initial, threads, extent);
    return (uint64_t)fixed + PROGRAM + LEAST_EXAMPLES;
}

static uint64_t mebibytes(uint64_t bytes) { return bytes / MEBIBYTE + 1; }

static void refuse(const struct budget *budget, const struct initial_model *initial,
                   const struct extent *extent)
{
    enum { MORE = 10000 };
    struct buffer why = {0}, outlook = {0};
    uint64_t need = least(initial, budget->threads, extent);
    if (initial->width && extent->records) {
        struct extent longer = *extent;
        longer.records += MORE;
        buffer_format(&why, "a head holds all vectors: %" PRIu64 "%s and %d threads", extent->records,
                      extent->whole ? "" : " so far", budget->threads);
        if (!extent->whole)
            buffer_format(&outlook, ", and every %d more about %" PRIu64 "M", MORE,
                          mebibytes(least(initial, budget->threads, &longer) - need));
    } else if (initial->width) {
        buffer_format(&why, "a head on vectors of %zu numbers and %d threads", initial->width,
                      budget->threads);
    } else {
        buffer_format(&why, "this model, batch and %d threads", budget->threads);
        if (extent->windows > 1)
            buffer_format(&why, ", with an essay of %zu windows,", extent->windows);
    }
    die(STATUS_USAGE, "--memory %" PRIu64 "M is too little: %.*s need %" PRIu64 "M%.*s",
        budget->memory / MEBIBYTE, (int)why.size, why.at, mebibytes(need), (int)outlook.size, outlook.at);
}

uint64_t budget_examples(const struct budget *budget, const struct initial_model *initial,
                         const struct extent *extent)
{
    if (budget->memory == 0)
        return UNLIMITED_EXAMPLES;
    uint64_t need = least(initial, budget->threads, extent);
    if (need <= budget->memory)
        return budget->memory - need + LEAST_EXAMPLES;
    if (initial->width || extent->tokens == 0 || extent->whole)
        refuse(budget, initial, extent);
    return 0;
}
