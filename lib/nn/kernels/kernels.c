#include "nn/kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* From the fastest to the one that every CPU runs.  A machine's own tables are compiled for that machine only
 * (kernels_MACHINE in the Makefile): those of aarch64 would stand in an #elif here and in runs_here. */
static const struct kernels *const tables[] = {
#if defined(__x86_64__)
    &kernels_avx512,
    &kernels_avx2,
#endif
    &kernels_portable,
};
enum { TABLE_COUNT = sizeof tables / sizeof *tables };

static bool runs_here(const struct kernels *table)
{
#if defined(__x86_64__)
    if (table == &kernels_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    if (table == &kernels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return table == &kernels_portable;
}

static noreturn void refuse(const char *wanted)
{
    struct buffer names = {0};
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (runs_here(tables[i]))
            buffer_format(&names, "%s%s", names.size ? " or " : "", tables[i]->name);
    die(STATUS_USAGE, "RUBRIC_KERNELS is '%s': expected %.*s on this CPU", wanted, (int)names.size, names.at);
}

const struct kernels *kernels_chosen(void)
{
    const char *wanted = getenv("RUBRIC_KERNELS");
    if (wanted && !*wanted)
        wanted = NULL;
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (runs_here(tables[i]) && (!wanted || strcmp(wanted, tables[i]->name) == 0))
            return tables[i];
    refuse(wanted);
}

const char *network_kernels(void) { return kernels_chosen()->name; }
