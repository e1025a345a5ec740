#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

struct worker {
    struct pool *pool;
    pthread_t thread;
    int number;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t started, finished;
    struct worker *workers; /* [threads], worker 0 is the caller */
    int threads;
    unsigned long round; /* counts pool_run calls */
    int busy;            /* workers that have not finished this round */
    bool stop;
    atomic_size_t next;
    size_t count;
    void (*work)(void *, size_t, int);
    void *context;
};

int pool_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

static void take_items(struct pool *pool, int worker)
{
    for (size_t item; (item = atomic_fetch_add(&pool->next, 1)) < pool->count;)
        pool->work(pool->context, item, worker);
}

static void *worker_main(void *argument)
{
    struct worker *me = argument;
    struct pool *pool = me->pool;
    unsigned long seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->round == seen && !pool->stop)
            pthread_cond_wait(&pool->started, &pool->lock);
        if (pool->stop)
            break;
        seen = pool->round;
        pthread_mutex_unlock(&pool->lock);
        take_items(pool, me->number);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->finished);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct pool *pool_new(int threads)
{
    struct pool *pool = memory_zeroed(1, sizeof *pool);
    pool->threads = threads;
    pool->workers = memory_zeroed((size_t)threads, sizeof *pool->workers);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->started, NULL);
    pthread_cond_init(&pool->finished, NULL);
    for (int i = 1; i < threads; i++) {
        pool->workers[i] = (struct worker){.pool = pool, .number = i};
        int cause = pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]);
        if (cause) {
            errno = cause;
            die_errno("cannot start thread %d of %d", i + 1, threads);
        }
    }
    return pool;
}

int pool_threads(const struct pool *pool) { return pool->threads; }

void pool_run(struct pool *pool, size_t count, void (*work)(void *, size_t, int), void *context)
{
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pool->busy = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->started);
    pthread_mutex_unlock(&pool->lock);
    take_items(pool, 0);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->finished, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->started);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i < pool->threads; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->started);
    pthread_cond_destroy(&pool->finished);
    free(pool->workers);
    free(pool);
}
