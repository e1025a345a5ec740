#include "linear/internal.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

enum { FEW = 50, FOLDS = 5, MOST = 1 << 22 }; /* MOST: parameters of the heads of all folds together */

size_t folds_most(size_t count, size_t size)
{
    size_t folds = count < FEW ? count : FOLDS, room = MOST / size;
    return folds <= room ? folds : room > 2 ? room : 2;
}

bool folds_deal(struct folds *folds, const struct design *d, size_t size, uint64_t seed)
{
    size_t n = d->data->count, K = (size_t)d->data->class_count, dealt = 0;
    const int *classes = d->data->classes;
    size_t *members = memory_zeroed(K, sizeof *members), *next = memory_new(K, sizeof *next);
    uint32_t *order = memory_new(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        members[classes[i]] += design_weight(d, i) > 0;
    for (size_t k = 0; k < K; k++) {
        next[k] = dealt;
        dealt += members[k] > 1 ? members[k] : 0;
    }
    size_t most = folds_most(n, size);
    *folds = (struct folds){.count = dealt < most ? dealt : most, .of = memory_new(n, sizeof *folds->of)};
    random_permutation(order, n, seed, RANDOM_SELECT, 0);
    for (size_t i = 0; i < n; i++) {
        uint32_t row = order[i];
        folds->of[row] = UINT32_MAX;
        if (members[classes[row]] < 2 || !(design_weight(d, row) > 0))
            continue;
        folds->of[row] = (uint32_t)(next[classes[row]]++ % folds->count);
        folds->weight += design_weight(d, row);
    }
    free(members);
    free(next);
    free(order);
    if (dealt == 0)
        folds_free(folds);
    return dealt > 0;
}

void folds_free(struct folds *folds) { free(folds->of); }
