/* Multinomial and ordinal logistic regression by L-BFGS (Liu and Nocedal 1989); what is minimised is in
 * linear.h. */
#ifndef RUBRIC_LINEAR_DESCENT_H
#define RUBRIC_LINEAR_DESCENT_H

#include "linear/design.h"

struct linear_head *descent_fit(const struct design *d, const struct linear_options *options,
                                const double *penalties, size_t penalty_count, struct pool *pool);

#endif
