/* A directory in memory for a harness whose code reads files, and the catching of die(). */
#ifndef RUBRIC_TESTS_FUZZ_PLACE_H
#define RUBRIC_TESTS_FUZZ_PLACE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

static jmp_buf died;
static char place[64];

static void place_on_death(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_BROKEN)
        abort(); /* no file's content is a reason for another status */
    longjmp(died, 1);
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *walk)
{
    (void)about, (void)type, (void)walk;
    return remove(path);
}

/* A file or a directory with all that is in it, if it is there. */
static void remove_all(const char *path) { nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS); }

static void place_remove(void) { remove_all(place); }

/* Makes the directory, the first time; false later on. */
static bool place_prepare(void)
{
    if (place[0])
        return false;
    error_set_program("fuzz");
    error_set_quiet(true);
    error_set_hook(place_on_death);
    snprintf(place, sizeof place, "/dev/shm/rubric-fuzz-XXXXXX");
    if (!mkdtemp(place))
        abort();
    atexit(place_remove);
    return true;
}

/* The file of that name in it, replaced; gone unless `there`. */
static void place_put(const char *name, bool there, const void *bytes, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", place, name);
    if (!there) {
        unlink(path);
        return;
    }
    FILE *file = fopen(path, "w");
    if (!file || (size && fwrite(bytes, 1, size, file) != size) || fclose(file) != 0)
        abort();
}

#endif
