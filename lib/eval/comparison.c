#include "eval/comparison.h"

#include <math.h>
#include <stdlib.h>

bool rival_add(struct rival *rival, struct slice id, const struct pair *pair)
{
    bool fresh;
    size_t number = names_add(&rival->ids, id, &fresh);
    if (!fresh)
        return false;
    memory_grow(&rival->pairs, &rival->capacity, number + 1, sizeof *rival->pairs);
    rival->pairs[number] = *pair;
    return true;
}

const struct pair *rival_find(const struct rival *rival, struct slice id)
{
    size_t number = names_find(&rival->ids, id);
    return number == NAMES_NONE ? NULL : &rival->pairs[number];
}

void rival_free(struct rival *rival)
{
    names_free(&rival->ids);
    free(rival->pairs);
    *rival = (struct rival){0};
}

/* By number where labels are a measure. */
static bool is_right(const struct pair *p)
{
    return p->truth == LABEL_SET_NONE ? p->value == p->pred_value : p->truth == p->pred;
}

void comparison_add(struct comparison *c, const struct pair *ours, const struct pair *theirs)
{
    pairs_add(&c->ours, ours);
    pairs_add(&c->theirs, theirs);
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

void comparison_settle(struct comparison *c, const struct label_set *labels, size_t resamples, uint64_t seed)
{
    pairs_figures(&c->ours, labels, c->our_figures);
    pairs_figures(&c->theirs, labels, c->their_figures);
    bootstrap_differences(&c->ours, &c->theirs, labels, resamples, seed, c->differences);
    c->mcnemar = mcnemar_exact(c->we_right, c->they_right);
}

void comparison_free(struct comparison *c)
{
    pairs_free(&c->ours);
    pairs_free(&c->theirs);
}
