/* OpenBLAS as rubric calls it: a call is computed by the thread that makes it.  Several threads may call at a
 * time where its flavour allows that; with the serial one their calls take turns. */
#ifndef RUBRIC_NN_BLAS_H
#define RUBRIC_NN_BLAS_H

#include <stddef.h>

/* Every call of OpenBLAS or its LAPACK stands between these two, in one thread. */
void blas_enter(void);
void blas_leave(void);

/* A size as OpenBLAS takes it; dies with STATUS_INPUT when it is beyond what that can count. */
int blas_size(size_t size);

#endif
