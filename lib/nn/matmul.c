#include "nn/matmul.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* Each thread's room for packed panels, kept from call to call and released when the thread ends. */
struct scratch {
    float *at;
    size_t size;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void free_scratch(void *at)
{
    struct scratch *s = at;
    free(s->at);
    free(s);
}

static void make_key(void)
{
    if (pthread_key_create(&scratch_key, free_scratch) != 0)
        die(STATUS_SYSTEM, "no thread-specific memory is left");
}

static float *scratch_of(size_t floats)
{
    pthread_once(&scratch_once, make_key);
    struct scratch *s = pthread_getspecific(scratch_key);
    if (!s) {
        s = memory_zeroed(1, sizeof *s);
        if (pthread_setspecific(scratch_key, s) != 0)
            die(STATUS_SYSTEM, "no thread-specific memory is left");
    }
    if (s->size < floats) {
        free(s->at);
        s->at = memory_aligned(floats, sizeof(float));
        s->size = floats;
    }
    return s->at;
}

/* Copies rows k .. k+depth-1 of columns j .. j+columns-1 into [depth, width], zeros behind. */
static void pack_rows(float *to, const struct matrix *m, size_t k, size_t depth, size_t j, size_t columns, size_t width)
{
    for (size_t d = 0; d < depth; d++, to += width) {
        memcpy(to, m->at + (k + d) * m->row + j, columns * sizeof *to);
        for (size_t c = columns; c < width; c++)
            to[c] = 0;
    }
}

/* The same for a matrix that lies by columns. */
static void pack_columns(float *to, const struct matrix *m, size_t k, size_t depth, size_t j, size_t columns,
                         size_t width)
{
    matmul_transpose(to, width, m->at + j * m->column + k, m->column, columns, depth);
    for (size_t d = 0; d < depth && columns < width; d++)
        memset(to + d * width + columns, 0, (width - columns) * sizeof *to);
}

static void pack(float *to, const struct matrix *m, size_t k, size_t depth, size_t j, size_t columns, size_t width)
{
    if (m->column == 1)
        pack_rows(to, m, k, depth, j, columns, width);
    else
        pack_columns(to, m, k, depth, j, columns, width);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Rows of A that lie by columns are packed by this many, a multiple of every tile's height: read as they
 * lie, a step of a power of two would use a few sets of the cache only. */
enum { STRIP = 48 };

/* All strips of A for rows k .. k+depth-1 of its transpose, one behind the other: each [depth, STRIP]. */
static void pack_strips(float *to, const struct matrix *A, size_t k, size_t depth, size_t M)
{
    size_t whole = M / STRIP * STRIP;
    for (size_t d = 0; d < depth; d++, to += STRIP) {
        const float *from = A->at + (k + d) * A->column;
        for (size_t i = 0; i < whole; i += STRIP)
            memcpy(to + i * depth, from + i, STRIP * sizeof *to);
        memcpy(to + whole * depth, from + whole, (M - whole) * sizeof *to);
    }
}

/* One panel of C, all its rows. */
static void multiply_panel(const struct matmul_kernel *kernel, struct tile tile, const float *strips, size_t M)
{
    float *c = tile.c;
    tile.rows = M;
    if (!strips) {
        kernel->tile(&tile);
        return;
    }
    tile.a_row = 1;
    tile.a_step = STRIP;
    for (size_t i = 0; i < M; i += STRIP) {
        tile.rows = least(STRIP, M - i);
        tile.a = strips + i * tile.K;
        tile.c = c + i * tile.ldc;
        kernel->tile(&tile);
    }
}

void matmul(const struct matmul_kernel *kernel, size_t M, size_t N, size_t K, struct matrix A, struct matrix B,
            bool add, float *C, size_t ldc)
{
    bool by_columns = A.column != 1;
    size_t panel_size = MATMUL_DEPTH * kernel->panel;
    size_t strips_size = by_columns ? (M + STRIP - 1) / STRIP * STRIP * least(K, MATMUL_DEPTH) : 0;
    float *panel = scratch_of(panel_size + strips_size), *strips = by_columns ? panel + panel_size : NULL;
    if (K == 0 && !add)
        for (size_t i = 0; i < M; i++)
            memset(C + i * ldc, 0, N * sizeof *C);
    for (size_t k = 0; k < K; k += MATMUL_DEPTH) {
        size_t depth = least(K - k, MATMUL_DEPTH);
        if (strips)
            pack_strips(strips, &A, k, depth, M);
        for (size_t j = 0; j < N; j += kernel->panel) {
            size_t columns = least(N - j, kernel->panel);
            pack(panel, &B, k, depth, j, columns, (columns + kernel->lanes - 1) / kernel->lanes * kernel->lanes);
            multiply_panel(kernel,
                           (struct tile){.K = depth, .columns = columns, .a = A.at + k, .a_row = A.row, .a_step = 1,
                                         .b = panel, .c = C + j, .ldc = ldc, .add = add || k > 0},
                           strips, M);
        }
    }
}
