/* Any bytes as a safetensors file. */
#include "tensors.h"

#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tensors_watch(safetensors_read, data, size);
    return 0;
}
