/* What the harnesses of tensor files share: bytes that are not such a file end in die(), which is caught;
 * whatever is opened must be readable to its end. */
#ifndef RUBRIC_TESTS_FUZZ_TENSORS_H
#define RUBRIC_TESTS_FUZZ_TENSORS_H

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "live.h"
#include "model/tensors.h"

typedef struct tensors *tensors_reader(const char *name, struct file_view file);

static jmp_buf tensors_died;

static void tensors_hook(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_BROKEN)
        abort();
    longjmp(tensors_died, 1);
}

static void tensors_read_all(struct tensors *tensors)
{
    for (size_t i = 0; i < tensors->count; i++) {
        uint64_t count = tensor_elements(tensors, &tensors->at[i]);
        if (tensors->at[i].type == TENSOR_OTHER || count > 1 << 16)
            continue;
        float *to = memory_new(count, sizeof *to);
        tensor_copy(tensors, &tensors->at[i], to);
        free(to);
    }
    tensors_free(tensors);
}

/* Reads a copy of `data` by `read`, which takes it over. */
static void tensors_try(tensors_reader *read, const void *data, size_t size)
{
    char *copy = memory_new(size, 1);
    if (size > 0)
        memcpy(copy, data, size);
    error_set_hook(tensors_hook);
    if (setjmp(tensors_died) == 0)
        tensors_read_all(read("input", (struct file_view){copy, size, NULL}));
}

static void tensors_watch(tensors_reader *read, const void *data, size_t size)
{
    live_begin();
    tensors_try(read, data, size);
    live_end();
}

#endif
