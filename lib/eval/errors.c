#include "eval/errors.h"

#include <stdlib.h>

/* Whether a is the lesser disagreement: smaller, or as large and later. */
static int is_less(const struct disagreement *a, const struct disagreement *b)
{
    return a->size < b->size || (a->size == b->size && a->number > b->number);
}

int errors_wanted(const struct errors *e, double size, uint64_t number)
{
    if (e->limit == 0 || !(size > 0))
        return 0;
    struct disagreement candidate = {.size = size, .number = number};
    return e->count < e->limit || is_less(&e->at[0], &candidate);
}

static void swap(struct disagreement *a, struct disagreement *b)
{
    struct disagreement kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(struct errors *e, size_t i)
{
    for (; i > 0 && is_less(&e->at[i], &e->at[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&e->at[i], &e->at[(i - 1) / 2]);
}

static void sift_down(struct errors *e)
{
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < e->count; child++)
            if (is_less(&e->at[child], &e->at[least]))
                least = child;
        if (least == i)
            return;
        swap(&e->at[i], &e->at[least]);
        i = least;
    }
}

static void release(struct disagreement *d)
{
    free(d->id);
    free(d->truth);
    free(d->pred);
}

void errors_add(struct errors *e, const struct disagreement *disagreement)
{
    if (e->count == e->limit) {
        release(&e->at[0]);
        e->at[0] = *disagreement;
        sift_down(e);
        return;
    }
    memory_grow(&e->at, &e->capacity, e->count + 1, sizeof *e->at);
    e->at[e->count] = *disagreement;
    sift_up(e, e->count++);
}

static int largest_first(const void *a, const void *b) { return is_less(a, b) ? 1 : is_less(b, a) ? -1 : 0; }

void errors_sort(struct errors *e)
{
    if (e->count > 1)
        qsort(e->at, e->count, sizeof *e->at, largest_first);
}

void errors_free(struct errors *e)
{
    for (size_t i = 0; i < e->count; i++)
        release(&e->at[i]);
    free(e->at);
    *e = (struct errors){0};
}
