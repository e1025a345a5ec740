/* Fuzzes the reader of safetensors files. */
#include "tensors.h"

#include "live.h"
#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    live_begin();
    tensors_try(safetensors_read, data, size);
    live_end();
    return 0;
}
