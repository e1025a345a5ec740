/* Fuzzes the readers of torch files and of pickles: whatever is opened must be readable to its end. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/torchfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* What die() jumps away from is not released: libzip keeps things of its own among it. */
const char *__asan_default_options(void) { return "detect_leaks=0:quarantine_size_mb=16"; }

static jmp_buf away;
static void hook(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_BROKEN)
        abort();
    longjmp(away, 1);
}

static void read_all(struct file_view file)
{
    struct tensors *tensors = torchfile_read("input", file);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *volatile copy = memory_new(size, 1);
    if (size > 0)
        memcpy(copy, data, size);
    error_set_hook(hook);
    if (setjmp(away) == 0)
        read_all((struct file_view){copy, size, false});
    else
        free(copy); /* what was not released by those who had taken it over */
    error_set_hook(NULL);
    return 0;
}
