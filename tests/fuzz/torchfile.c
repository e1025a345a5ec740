/* Fuzzes the readers of torch files and of pickles: whatever is opened must be readable to its end. */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/torchfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf away;
static void hook(enum status status, const char *message)
{
    (void)status;
    (void)message;
    longjmp(away, 1);
}

static void read_all(const char *path)
{
    struct tensors *tensors = torchfile_open(path);
    for (size_t i = 0; i < tensors->count; i++) {
        uint64_t count = tensor_elements(tensors, &tensors->at[i]);
        if (tensors->at[i].type == TENSOR_OTHER || count > 1 << 20)
            continue;
        float *to = memory_new(count, sizeof *to);
        tensor_copy(tensors, &tensors->at[i], to);
        free(to);
    }
    tensors_free(tensors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("input", 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    file_write(fd, data, size, path);
    error_set_hook(hook);
    if (setjmp(away) == 0)
        read_all(path);
    error_set_hook(NULL);
    close(fd);
    return 0;
}
