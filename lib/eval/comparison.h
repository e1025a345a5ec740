/* Two models on the same records: paired bootstrap differences and McNemar's exact test. */
#ifndef RUBRIC_EVAL_COMPARISON_H
#define RUBRIC_EVAL_COMPARISON_H

#include "eval/bootstrap.h"
#include "eval/agreement.h"

/* The other model's predictions by id.  Start with {0}; release with baseline_free. */
struct baseline {
    struct interner ids;
    struct pair *agreement; /* [ids.count] */
    size_t capacity;
};

/* Returns false when the id was there already. */
bool baseline_add(struct baseline *baseline, struct slice id, const struct pair *pair);
/* NULL when there is none. */
const struct pair *baseline_find(const struct baseline *baseline, struct slice id);
void baseline_free(struct baseline *baseline);

/* Start with {.ours.keep = true, .theirs.keep = true}; release with comparison_free. */
struct comparison {
    struct agreement ours, theirs; /* of the records both have, in one order */
    uint64_t only_ours;            /* records that the other lacks */
    uint64_t we_right, they_right; /* records that only one of the two has right */
    /* After comparison_settle; a difference is ours minus theirs: */
    double our_metrics[METRICS], their_metrics[METRICS];
    struct interval differences[METRICS];
    double mcnemar; /* two-sided p */
};

/* `right` of a pair: the predicted label is the true one. */
void comparison_add(struct comparison *c, const struct pair *ours, const struct pair *theirs);
void comparison_settle(struct comparison *c, const struct classes *classes, size_t resamples, uint64_t seed);
void comparison_free(struct comparison *c);

/* McNemar's exact test (two-sided binomial, Edwards 1948 without his correction): the probability that of
 * a + b fair coins as few or fewer than min(a, b) fall on one side, doubled, at most 1. */
double mcnemar_exact(uint64_t a, uint64_t b);

#endif
