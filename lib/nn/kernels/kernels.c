#include "nn/kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

const struct kernels *kernels_named(const char *name)
{
#ifdef __x86_64__
    if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        return &kernels_avx512;
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &kernels_avx2;
#endif
    return strcmp(name, "portable") == 0 ? &kernels_portable : NULL;
}

const struct kernels *kernels_chosen(void)
{
    static const char *const names[] = {"avx512", "avx2", "portable"};
    const char *wanted = getenv("RUBRIC_KERNELS");
    const struct kernels *found = NULL;
    if (wanted && *wanted) {
        found = kernels_named(wanted);
        if (!found)
            die(STATUS_USAGE,
                "RUBRIC_KERNELS is '%s': expected portable, or avx2 or avx512 where the CPU has them",
                wanted);
    }
    for (size_t i = 0; !found; i++)
        found = kernels_named(names[i]);
    return found;
}

const char *network_kernels(void) { return kernels_chosen()->name; }
