#include "nn/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/rows.h"

static size_t dense_size(const struct layout *layout)
{
    return layout->size - (size_t)layout->shape.V * (size_t)layout->shape.H;
}

struct gradient *gradient_new(const struct layout *layout)
{
    struct gradient *g = memory_zeroed(1, sizeof *g);
    g->dense = memory_aligned(dense_size(layout), sizeof *g->dense);
    return g;
}

void gradient_free(struct gradient *g)
{
    if (!g)
        return;
    free(g->dense);
    free(g->rows);
    free(g->row_values);
    free(g);
}

void gradient_clear(const struct layout *layout, struct gradient *g)
{
    memset(g->dense, 0, dense_size(layout) * sizeof *g->dense);
    g->row_count = 0;
}

void gradient_add(const struct layout *layout, struct gradient *to, const struct gradient *from)
{
    const struct kernels *k = kernels_chosen();
    k->add(to->dense, from->dense, dense_size(layout));
    rows_merge(to, from->rows, from->row_values, from->row_count, (size_t)layout->shape.H, k);
}

static size_t union_size(const struct gradient *g, const int32_t *ids, size_t count)
{
    size_t total = g->row_count, i = 0;
    for (size_t j = 0; j < count; j++) {
        while (i < g->row_count && g->rows[i] < ids[j])
            i++;
        if (i == g->row_count || g->rows[i] != ids[j])
            total++;
    }
    return total;
}

static void make_room(struct gradient *g, size_t rows, size_t width)
{
    size_t capacity = g->row_capacity;
    if (rows <= capacity)
        return;
    memory_grow(&g->rows, &capacity, rows, sizeof *g->rows);
    g->row_values = memory_resize(g->row_values, capacity, width * sizeof *g->row_values);
    g->row_capacity = capacity;
}

/* From the last row to the first, so that rows move to their new places before these are overwritten. */
void rows_merge(struct gradient *g, const int32_t *ids, const float *values, size_t count, size_t width,
                const struct kernels *k)
{
    size_t i = g->row_count, j = count, to = union_size(g, ids, count);
    make_room(g, to, width);
    g->row_count = to;
    while (j > 0) {
        to--;
        float *row = g->row_values + to * width;
        bool kept = i > 0 && g->rows[i - 1] >= ids[j - 1], added = i == 0 || g->rows[i - 1] <= ids[j - 1];
        if (kept) {
            i--;
            memmove(row, g->row_values + i * width, width * sizeof *row);
            g->rows[to] = g->rows[i];
        }
        if (added) {
            j--;
            if (kept)
                k->add(row, values + j * width, width);
            else
                memcpy(row, values + j * width, width * sizeof *row);
            g->rows[to] = ids[j];
        }
    }
}
