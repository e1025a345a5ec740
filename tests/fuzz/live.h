/* What the code under test has allocated and mapped and not yet released: a harness that jumps out of it in
 * die()'s hook releases the rest, so that a long run does not end for want of memory or of mappings.  For one
 * thread, under the address sanitizer, linked with --wrap=mmap64 and --wrap=munmap. */
#ifndef RUBRIC_TESTS_FUZZ_LIVE_H
#define RUBRIC_TESTS_FUZZ_LIVE_H

#include <iconv.h>
#include <sanitizer/allocator_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

static struct {
    const volatile void *at[1 << 20];
    size_t count;
    struct {
        void *at;
        size_t size;
    } maps[1 << 10];
    size_t map_count;
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

void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
    void *got = __real_mmap64(at, size, protection, flags, fd, offset);
    if (live.watching && got != MAP_FAILED) {
        if (live.map_count == sizeof live.maps / sizeof *live.maps)
            abort();
        live.maps[live.map_count].at = got;
        live.maps[live.map_count++].size = size;
    }
    return got;
}

int __wrap_munmap(void *at, size_t size)
{
    for (size_t i = live.map_count; i-- > 0;)
        if (live.maps[i].at == at)
            live.maps[i] = live.maps[--live.map_count];
    return __real_munmap(at, size);
}

/* The C library keeps what it learns of an encoding as long as a conversion of it is open. */
static void live_keep_encodings(void)
{
    static const char *const names[] = {"windows-1252", "shift-jis", "UTF-16LE",
                                        "UTF-16BE",     "UTF-32LE",  "UTF-32BE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        iconv_open("UTF-8", names[i]);
        iconv_open(names[i], "UTF-8");
    }
}

/* From here on, what is allocated and mapped is remembered. */
static void live_begin(void)
{
    if (!live.hooked) {
        live_keep_encodings();
        if (__sanitizer_install_malloc_and_free_hooks(live_allocated, live_released) == 0)
            abort();
    }
    live.hooked = live.watching = true;
}

/* Releases what is left of it. */
static void live_end(void)
{
    live.watching = false;
    while (live.count > 0)
        free((void *)(uintptr_t)live.at[--live.count]);
    while (live.map_count > 0) {
        live.map_count--;
        __real_munmap(live.maps[live.map_count].at, live.maps[live.map_count].size);
    }
}

#endif
