/* A directory of a test's own files, removed at its end. */
#ifndef RUBRIC_TESTS_SCRATCH_H
#define RUBRIC_TESTS_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

/* The files in it and the directory itself. */
static inline void scratch_remove(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory)
        abort();
    for (const char *name; (name = directory_next(directory, path));)
        if (unlinkat(dirfd(directory), name, 0) != 0)
            abort();
    closedir(directory);
    if (rmdir(path) != 0)
        abort();
}

#endif
