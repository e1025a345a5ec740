#include "corpus/lengths.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

void lengths_add(struct lengths *l, uint64_t length)
{
    if (!l->counts)
        l->counts = memory_zeroed(LENGTHS_LIMIT + 1, sizeof *l->counts);
    l->counts[length < LENGTHS_LIMIT ? length : LENGTHS_LIMIT]++;
    l->least = l->n == 0 || length < l->least ? length : l->least;
    l->most = length > l->most ? length : l->most;
    l->sum += (double)length;
    l->n++;
}

uint64_t lengths_quantile(const struct lengths *l, double q)
{
    uint64_t need = (uint64_t)ceil(q * (double)l->n), seen = 0;
    for (uint64_t length = 0; l->n > 0 && length < LENGTHS_LIMIT; length++) {
        seen += l->counts[length];
        if (seen > 0 && seen >= need)
            return length;
    }
    return l->most;
}

uint64_t lengths_between(const struct lengths *l, uint64_t from, uint64_t upto)
{
    uint64_t sum = 0;
    for (uint64_t length = from; l->n > 0 && length < upto && length <= LENGTHS_LIMIT; length++)
        sum += l->counts[length];
    return sum;
}

double lengths_mean(const struct lengths *l) { return l->n ? l->sum / (double)l->n : NAN; }

void lengths_free(struct lengths *l)
{
    free(l->counts);
    *l = (struct lengths){0};
}
