#include "eval/confusion.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- Adding ---- */

/* Where in the table a pair is, or would be. */
static size_t slot_of(const struct confusion *confusion, uint32_t truth, uint32_t pred)
{
    uint64_t hash = ((uint64_t)truth << 32 | pred) * UINT64_C(0x9e3779b97f4a7c15);
    size_t mask = confusion->table_size - 1, slot = (size_t)(hash >> 32) & mask;
    for (; confusion->table[slot]; slot = (slot + 1) & mask) {
        const struct cell *cell = &confusion->cells[confusion->table[slot] - 1];
        if (cell->truth == truth && cell->pred == pred)
            break;
    }
    return slot;
}

/* The table stays at most half full. */
static void grow_table(struct confusion *confusion)
{
    free(confusion->table);
    confusion->table_size = confusion->table_size ? 2 * confusion->table_size : 16;
    confusion->table = memory_zeroed(confusion->table_size, sizeof *confusion->table);
    for (size_t i = 0; i < confusion->count; i++) {
        const struct cell *cell = &confusion->cells[i];
        confusion->table[slot_of(confusion, cell->truth, cell->pred)] = (uint32_t)i + 1;
    }
}

void confusion_add(struct confusion *confusion, size_t truth, size_t pred, uint64_t times)
{
    if (2 * (confusion->count + 1) > confusion->table_size)
        grow_table(confusion);
    size_t slot = slot_of(confusion, (uint32_t)truth, (uint32_t)pred);
    if (!confusion->table[slot]) {
        memory_grow(&confusion->cells, &confusion->capacity, confusion->count + 1, sizeof *confusion->cells);
        confusion->cells[confusion->count++] = (struct cell){(uint32_t)truth, (uint32_t)pred, 0};
        confusion->table[slot] = (uint32_t)confusion->count;
    }
    confusion->cells[confusion->table[slot] - 1].count += times;
}

struct confusion confusion_copy(const struct confusion *confusion)
{
    struct confusion copy = {0};
    for (size_t i = 0; i < confusion->count; i++)
        confusion_add(&copy, confusion->cells[i].truth, confusion->cells[i].pred, confusion->cells[i].count);
    return copy;
}

void confusion_clear(struct confusion *confusion)
{
    confusion->count = 0;
    if (confusion->table_size)
        memset(confusion->table, 0, confusion->table_size * sizeof *confusion->table);
}

void confusion_free(struct confusion *confusion)
{
    free(confusion->cells);
    free(confusion->table);
    *confusion = (struct confusion){0};
}

/* ---- The matrix ---- */

static int compare_cells(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    if (x->truth != y->truth)
        return x->truth < y->truth ? -1 : 1;
    return (x->pred > y->pred) - (x->pred < y->pred);
}

static int compare_classes(const void *a, const void *b)
{
    uint32_t x = ((const struct class_counts *)a)->class, y = ((const struct class_counts *)b)->class;
    return (x > y) - (x < y);
}

/* What the cells say of each class, and then the sums of what they say of one. */
static void count_classes(struct confusion_matrix *m)
{
    m->classes = memory_new(2 * m->cell_count, sizeof *m->classes);
    for (size_t i = 0; i < m->cell_count; i++) {
        const struct cell *c = &m->cells[i];
        uint64_t right = c->truth == c->pred ? c->count : 0;
        m->classes[2 * i] = (struct class_counts){.class = c->truth, .support = c->count, .right = right};
        m->classes[2 * i + 1] = (struct class_counts){.class = c->pred, .predicted = c->count};
        m->total += c->count;
    }
    qsort(m->classes, 2 * m->cell_count, sizeof *m->classes, compare_classes);
    for (size_t i = 0; i < 2 * m->cell_count; i++) {
        struct class_counts said = m->classes[i];
        if (m->class_count == 0 || m->classes[m->class_count - 1].class != said.class) {
            m->classes[m->class_count++] = said;
            continue;
        }
        struct class_counts *sum = &m->classes[m->class_count - 1];
        sum->support += said.support;
        sum->predicted += said.predicted;
        sum->right += said.right;
    }
}

struct confusion_matrix confusion_matrix(const struct confusion *confusion, const uint32_t *places)
{
    struct confusion_matrix m = {.cell_count = confusion->count};
    m.cells = memory_new(m.cell_count, sizeof *m.cells);
    for (size_t i = 0; i < m.cell_count; i++) {
        m.cells[i] = confusion->cells[i];
        if (places) {
            m.cells[i].truth = places[m.cells[i].truth];
            m.cells[i].pred = places[m.cells[i].pred];
        }
    }
    qsort(m.cells, m.cell_count, sizeof *m.cells, compare_cells);
    count_classes(&m);
    return m;
}

void confusion_matrix_free(struct confusion_matrix *matrix)
{
    free(matrix->classes);
    free(matrix->cells);
    *matrix = (struct confusion_matrix){0};
}

struct class_counts confusion_class(const struct confusion_matrix *matrix, size_t class)
{
    struct class_counts wanted = {.class = (uint32_t) class};
    const struct class_counts *found = bsearch(&wanted, matrix->classes, matrix->class_count,
                                               sizeof *matrix->classes, compare_classes);
    return found ? *found : wanted;
}

uint64_t confusion_cell(const struct confusion_matrix *matrix, size_t truth, size_t pred)
{
    struct cell wanted = {.truth = (uint32_t)truth, .pred = (uint32_t)pred};
    const struct cell *found = bsearch(&wanted, matrix->cells, matrix->cell_count, sizeof *matrix->cells,
                                       compare_cells);
    return found ? found->count : 0;
}
