/* What the code under test has allocated and not yet freed: a harness that jumps out of it in die()'s hook frees the
 * rest, so that a long run does not end for want of memory.  For one thread, under the address sanitizer. */
#ifndef RUBRIC_TESTS_FUZZ_LIVE_H
#define RUBRIC_TESTS_FUZZ_LIVE_H

#include <sanitizer/allocator_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static struct {
    const volatile void *at[1 << 20];
    size_t count;
    bool watching, hooked;
} live;

static void live_allocated(const volatile void *at, size_t size)
{
    (void)size;
    if (!live.watching)
        return;
    if (live.count == sizeof live.at / sizeof *live.at)
        abort();
    live.at[live.count++] = at;
}

static void live_released(const volatile void *at)
{
    for (size_t i = live.count; live.watching && i-- > 0;)
        if (live.at[i] == at) {
            live.at[i] = live.at[--live.count];
            return;
        }
}

/* From here on, what is allocated is remembered. */
static void live_begin(void)
{
    if (!live.hooked && __sanitizer_install_malloc_and_free_hooks(live_allocated, live_released) == 0)
        abort();
    live.hooked = live.watching = true;
}

/* Frees what is left of it. */
static void live_end(void)
{
    live.watching = false;
    while (live.count > 0)
        free((void *)(uintptr_t)live.at[--live.count]);
}

#endif
