/* Fuzzes the reader of safetensors files: whatever is opened must be readable to its end. */
#include <jansson.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* What die() jumps away from is not released: a process would end there. */
const char *__asan_default_options(void) { return "detect_leaks=0:quarantine_size_mb=16"; }

/* The header's values are most of it: they are released behind jansson's back. */
enum { MOST_VALUES = 1 << 20 };
static void *values[MOST_VALUES];
static size_t value_count;

static void *value_new(size_t size)
{
    void *made = value_count < MOST_VALUES ? malloc(size) : NULL;
    if (made)
        values[value_count++] = made;
    return made;
}

static void value_free(void *value) { (void)value; }

static void release_values(void)
{
    while (value_count > 0)
        free(values[--value_count]);
}

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
    char *volatile copy = memory_new(size, 1);
    if (size > 0)
        memcpy(copy, data, size);
    error_set_hook(hook);
    json_set_alloc_funcs(value_new, value_free);
    if (setjmp(away) == 0)
        read_all((struct file_view){copy, size, false});
    else
        free(copy); /* what was not released by those who had taken it over */
    error_set_hook(NULL);
    release_values();
    return 0;
}
