#include "train/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

/* What die() and signals clean up after: a process claims one place at a time. */
static struct output *volatile claimed;

static bool exists(const char *directory, const char *name)
{
    char *path = memory_format("%s/%s", directory, name);
    struct stat about;
    bool there = lstat(path, &about) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR)
        die_errno("%s: cannot look at it", path);
    free(path);
    return there;
}

char *output_path(const struct output *output, const char *name)
{
    return memory_format("%s/%s", output->partial, name);
}

static bool has_checkpoint(const struct output *output) { return exists(output->partial, OUTPUT_CHECKPOINT); }

/* Whether a directory may be replaced: a model (or nothing at all) and no directories within. */
static void check_replaceable(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory)
        die_errno("%s: cannot open", path);
    size_t files = 0;
    for (const char *name; (name = directory_next(directory, path));) {
        struct stat about;
        if (fstatat(dirfd(directory), name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode))
            die(STATUS_USAGE,
                "%s: is not a model directory (it has the directory '%s' in it): -f replaces models only",
                path, name);
        files++;
    }
    closedir(directory);
    if (files > 0 && !exists(path, "config.json"))
        die(STATUS_USAGE, "%s: is not a model directory (no config.json): -f replaces models only", path);
}

/* What has no name of its own cannot appear by renaming, nor be replaced. */
static void check_name(const char *directory)
{
    const char *slash = strrchr(directory, '/'), *name = slash ? slash + 1 : directory;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        die(STATUS_USAGE, "-o is '%s': expected the name of a directory to make, such as model", directory);
}

static void check_target(struct output *o, bool force, bool resume)
{
    struct stat about;
    if (lstat(o->directory, &about) != 0) {
        if (errno != ENOENT)
            die_errno("%s: cannot look at it", o->directory);
        return;
    }
    if (!S_ISDIR(about.st_mode))
        die(STATUS_USAGE, "%s: exists and is not a directory", o->directory);
    if (!force && !resume)
        die(STATUS_USAGE, "%s: exists (-f replaces it, -o names another place)", o->directory);
    check_replaceable(o->directory);
    o->exists = true;
}

static void remove_file(const struct output *o, const char *name)
{
    char *path = output_path(o, name);
    if (unlink(path) != 0 && errno != ENOENT)
        die_errno("%s: cannot remove", path);
    free(path);
}

static void empty_partial(const struct output *o)
{
    DIR *directory = opendir(o->partial);
    if (!directory)
        die_errno("%s: cannot open", o->partial);
    for (const char *name; (name = directory_next(directory, o->partial));)
        remove_file(o, name);
    closedir(directory);
}

static void lock_partial(struct output *o)
{
    bool made = mkdir(o->partial, 0777) == 0;
    if (!made && errno != EEXIST)
        die_errno("%s: cannot create", o->partial);
    o->lock = open(o->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (o->lock < 0) {
        int cause = errno;
        if (made)
            rmdir(o->partial);
        errno = cause;
        die_errno("%s: cannot open", o->partial);
    }
    if (flock(o->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            die(STATUS_SYSTEM, "%s: another fit is writing it", o->partial);
        die_errno("%s: cannot lock", o->partial);
    }
}

static void clean_claimed(void)
{
    if (claimed)
        output_abandon(claimed);
}

/* Before training there is nothing to keep: an interrupted fit leaves no empty directory behind. */
static void remove_and_end(int number)
{
    const struct output *mine = claimed;
    if (mine)
        rmdir(mine->partial);
    raise(number); /* SA_RESETHAND: the default action follows */
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = remove_and_end, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

struct output *output_claim(const char *directory, bool force, bool resume)
{
    struct output *o = memory_zeroed(1, sizeof *o);
    size_t size = strlen(directory);
    while (size > 1 && directory[size - 1] == '/')
        size--;
    o->directory = memory_format("%.*s", (int)size, directory);
    o->partial = memory_format("%s.partial", o->directory);
    check_name(o->directory);
    check_target(o, force, resume);
    lock_partial(o);
    claimed = o;
    error_set_cleanup(clean_claimed);
    watch_signals();
    if (has_checkpoint(o) && !force && !resume)
        die(STATUS_USAGE,
            "%s: holds the state of an interrupted fit (--resume goes on with it, -f starts anew)",
            o->partial);
    o->resumes = resume && has_checkpoint(o);
    o->keeps = o->exists && resume && !o->resumes && !force;
    if (!o->resumes)
        empty_partial(o);
    return o;
}

static void release(struct output *o)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    claimed = NULL;
    error_set_cleanup(NULL);
    close(o->lock);
    free(o->directory);
    free(o->partial);
    free(o);
}

static void sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = !slash ? memory_string(".")
                          : memory_format("%.*s", slash == path ? 1 : (int)(slash - path), path);
    directory_sync(parent);
    free(parent);
}

void output_finish(struct output *o)
{
    remove_file(o, OUTPUT_CHECKPOINT);
    remove_file(o, OUTPUT_BEST);
    directory_sync(o->partial);
    if (!o->exists) {
        if (rename(o->partial, o->directory) != 0)
            die_errno("%s: cannot rename to %s", o->partial, o->directory);
    } else {
        /* Exchanged in one step: at no moment is there no model. */
        if (renameat2(AT_FDCWD, o->partial, AT_FDCWD, o->directory, RENAME_EXCHANGE) != 0)
            die_errno("%s: cannot exchange with %s", o->partial, o->directory);
        directory_remove(o->partial);
    }
    sync_parent(o->directory);
    note("saved in %s", o->directory);
    release(o);
}

void output_abandon(struct output *o)
{
    claimed = NULL;
    if (!has_checkpoint(o))
        directory_remove(o->partial);
    release(o);
}
