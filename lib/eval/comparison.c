#include "eval/comparison.h"

#include <math.h>
#include <stdlib.h>

bool baseline_add(struct baseline *baseline, struct slice id, const struct pair *pair)
{
    bool fresh;
    size_t number = interner_add(&baseline->ids, id, &fresh);
    if (!fresh)
        return false;
    memory_grow(&baseline->agreement, &baseline->capacity, number + 1, sizeof *baseline->agreement);
    baseline->agreement[number] = *pair;
    return true;
}

const struct pair *baseline_find(const struct baseline *baseline, struct slice id)
{
    size_t number = interner_find(&baseline->ids, id);
    return number == INTERNER_NONE ? NULL : &baseline->agreement[number];
}

void baseline_free(struct baseline *baseline)
{
    interner_free(&baseline->ids);
    free(baseline->agreement);
    *baseline = (struct baseline){0};
}

/* By number where labels are a measure. */
static bool is_right(const struct pair *p)
{
    return p->truth < 0 ? p->value == p->pred_value : p->truth == p->pred;
}

void comparison_add(struct comparison *c, const struct pair *ours, const struct pair *theirs)
{
    agreement_add(&c->ours, ours);
    agreement_add(&c->theirs, theirs);
    c->we_right += is_right(ours) && !is_right(theirs);
    c->they_right += is_right(theirs) && !is_right(ours);
}

double mcnemar_exact(uint64_t a, uint64_t b)
{
    uint64_t n = a + b, least = a < b ? a : b;
    double tail = 0;
    for (uint64_t i = 0; i <= least; i++)
        tail += exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) -
                    (double)n * M_LN2);
    return fmin(2 * tail, 1);
}

void comparison_settle(struct comparison *c, const struct classes *classes, size_t resamples, uint64_t seed)
{
    agreement_figures(&c->ours, classes, c->our_metrics);
    agreement_figures(&c->theirs, classes, c->their_metrics);
    bootstrap_differences(&c->ours, &c->theirs, classes, resamples, seed, c->differences);
    c->mcnemar = mcnemar_exact(c->we_right, c->they_right);
}

void comparison_free(struct comparison *c)
{
    agreement_free(&c->ours);
    agreement_free(&c->theirs);
}
