#include "nn/blas.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "nn/network.h"

/* What instrumented programs still have to do when they end. */
extern void __gcov_dump(void) __attribute__((weak));
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));

/* At exit the pthread flavour waits for its threads, and each of them, started but never used, asks for 128
 * MiB again and again until it gets it: for ever, where a process may not have so much.  So the process ends
 * without OpenBLAS's leave. */
static void end_at_once(int status, void *unused)
{
    (void)unused;
    if (__gcov_dump || __asan_init || __tsan_init)
        return;
    fflush(NULL);
    _exit(status);
}

__attribute__((constructor)) static void end_before_openblas(void) { on_exit(end_at_once, NULL); }

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

const char *network_blas(void) { return openblas_get_config(); }

static bool serial_flavour(void) { return openblas_get_parallel() == OPENBLAS_SEQUENTIAL; }

/* The OpenMP flavour wants to be told in each thread, and frees its threads' buffers when told: in two
 * threads at a time it frees one twice, and two products then share it (adjust_thread_buffers in
 * driver/others/blas_server_omp.c of 0.3.21). */
static void own_threads_off(void)
{
    static _Thread_local bool told;
    if (told)
        return;
    pthread_mutex_lock(&lock);
    openblas_set_num_threads(1);
    pthread_mutex_unlock(&lock);
    told = true;
}

void blas_enter(void)
{
    own_threads_off();
    if (serial_flavour())
        pthread_mutex_lock(&lock);
}

void blas_leave(void)
{
    if (serial_flavour())
        pthread_mutex_unlock(&lock);
}

int blas_size(size_t size)
{
    if (size > INT_MAX)
        die(STATUS_INPUT, "a matrix of size %zu: expected at most %d, what OpenBLAS can count", size,
            INT_MAX);
    return (int)size;
}
