/* Fuzzes the reader of safetensors files: whatever is opened must be readable to its end. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "live.h"
#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    struct tensors *tensors = safetensors_read("input", file);
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
    live_begin();
    char *copy = memory_new(size, 1); /* taken over by the reader */
    if (size > 0)
        memcpy(copy, data, size);
    error_set_hook(hook);
    if (setjmp(away) == 0)
        read_all((struct file_view){copy, size, false});
    error_set_hook(NULL);
    live_end();
    return 0;
}
