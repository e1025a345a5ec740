#include "nn/blas.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"
#include "nn/network.h"

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
