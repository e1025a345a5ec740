/* A pool of worker threads.  Work is a numbered list of items; workers take the next number as they
 * become free, so a caller that sorts its items longest first leaves no worker idle at the end. */
#ifndef RUBRIC_BASE_POOL_H
#define RUBRIC_BASE_POOL_H

#include <stddef.h>

struct pool;

/* The CPUs this process may use (its affinity mask), at least 1: the default of --threads. */
int pool_cpus(void);

/* Starts `threads` - 1 threads; the thread that calls pool_run is worker 0. */
struct pool *pool_new(int threads);
void pool_free(struct pool *pool);
int pool_threads(const struct pool *pool);

/* Calls work(context, item, worker) once for every item 0 .. count-1 and returns when all are done.
 * `worker` is in 0 .. threads-1, and one worker runs one item at a time.  What `work` wrote is
 * visible to the caller afterwards. */
void pool_run(struct pool *pool, size_t count, void (*work)(void *context, size_t item, int worker),
              void *context);

#endif
