/* Any bytes as a file of torch.save, new or old: zip archives and pickles. */
#include <time.h>

#include "tensors.h"

#include "model/torchfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    setenv("TZ", "UTC", 1); /* libzip asks for local time, for which the C library keeps what it allocates */
    tzset();
    tensors_watch(torchfile_read, data, size);
    return 0;
}
