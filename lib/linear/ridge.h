/* Ridge regression with leave-one-out choice of the penalty; the equations are in linear.h. */
#ifndef RUBRIC_LINEAR_RIDGE_H
#define RUBRIC_LINEAR_RIDGE_H

#include "linear/design.h"

struct linear_head *ridge_fit(const struct design *d, const double *penalties, size_t penalty_count,
                              struct pool *pool);

#endif
