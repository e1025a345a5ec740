/* Fuzzes the readers of torch files and of pickles. */
#include "tensors.h"

#include "model/torchfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* What die() jumps away from is not released: libzip keeps things of its own among it. */
const char *__asan_default_options(void) { return "detect_leaks=0:quarantine_size_mb=16"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    free(tensors_try(torchfile_read, data, size));
    return 0;
}
