/* Loaded with LD_PRELOAD: makes one call of the C library fail, or all from there on, to see what a filter
 * does then.
 *
 *   FAULT_KIND   memory, open, read, write, sync, rename, close, map, lock, thread or file: which calls are
 *                counted (KINDS below); short: no failure, but every read and write moves at most seven
 *                bytes, and each third is interrupted by a signal first; turns: a file system where two names
 *                cannot be exchanged, plain renames are counted
 *   FAULT_AT     the number of the call that fails, counted from 1 once main() has begun; 0: none
 *   FAULT_LASTS  if set, all calls after it fail as well
 *   FAULT_COUNT  a file for the number of calls, written when the process ends
 *   FAULT_HIDDEN a list of absolute paths, separated by colons: nothing in these places is there
 *   FAULT_FROZEN another: nothing in them can be made or changed
 *
 * A call that fails does nothing but set errno; a close() that fails has closed. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { MEMORY, OPEN, READ, WRITE, SYNC, RENAME, CLOSE, MAP, LOCK, THREAD, FILES, SHORT, TURNS, KINDS };
static const char *const kind_names[KINDS] = {"memory", "open", "read",   "write", "sync",  "rename", "close",
                                              "map",    "lock", "thread", "file",  "short", "turns"};
static const int kind_errors[KINDS] = {ENOMEM, EMFILE, EIO,    ENOSPC, EIO,   EIO, EIO,
                                       ENOMEM, ENOLCK, EAGAIN, EIO,    EINTR, EIO};
enum { SHORT_SIZE = 7, INTERRUPTED_EACH = 3 };

static enum kind wanted = KINDS;
static uint64_t fail_at;
static bool lasts, active;
static _Thread_local bool exempt;
static _Atomic uint64_t calls;
static char count_path[4096];
static const char *hidden, *frozen;

/* Whether this call is the one to fail; sets errno then. */
static bool fails(enum kind kind)
{
    if (!active || exempt || kind != wanted)
        return false;
    uint64_t number = atomic_fetch_add(&calls, 1) + 1;
    bool hit = fail_at && (lasts ? number >= fail_at : number == fail_at);
    if (hit)
        errno = kind_errors[kind];
    return hit;
}

/* Whether `path` is one of the places in `list`, or in one. */
static bool within(const char *list, const char *path)
{
    while (active && list && *list) {
        size_t size = strcspn(list, ":");
        if (size > 0 && strncmp(path, list, size) == 0 && (path[size] == '/' || path[size] == '\0'))
            return true;
        list += size + (list[size] == ':');
    }
    return false;
}

/* Whether a call with this path has to fail for its place; `makes`: it would make or change something
 * there. */
static bool misplaced(const char *path, bool makes)
{
    bool gone = within(hidden, path), fixed = makes && within(frozen, path);
    if (gone || fixed)
        errno = gone ? ENOENT : EROFS;
    return gone || fixed;
}

/* For "short": cuts `*size`; true when the call is interrupted instead. */
static bool interrupted(size_t *size)
{
    if (!active || wanted != SHORT)
        return false;
    *size = *size < SHORT_SIZE ? *size : SHORT_SIZE;
    if (atomic_fetch_add(&calls, 1) % INTERRUPTED_EACH != 0)
        return false;
    errno = EINTR;
    return true;
}

/* The next definition of a function: the C library's, or the sanitizers'. */
#define NEXT(name)                                                                                           \
    static typeof(name) *next;                                                                               \
    if (!next)                                                                                               \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

/* ---- Memory ---- */

void *malloc(size_t size)
{
    NEXT(malloc);
    return fails(MEMORY) ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
    NEXT(calloc);
    return fails(MEMORY) ? NULL : next(count, size);
}

void *realloc(void *old, size_t size)
{
    NEXT(realloc);
    return fails(MEMORY) ? NULL : next(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    NEXT(aligned_alloc);
    return fails(MEMORY) ? NULL : next(alignment, size);
}

int posix_memalign(void **to, size_t alignment, size_t size)
{
    NEXT(posix_memalign);
    return fails(MEMORY) ? ENOMEM : next(to, alignment, size);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
    NEXT(mmap64);
    return fails(MAP) ? MAP_FAILED : next(at, size, protection, flags, fd, offset);
}

/* ---- Files ---- */

int open64(const char *path, int flags, ...)
{
    NEXT(open64);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return misplaced(path, flags & (O_CREAT | O_ACCMODE)) || fails(OPEN) ? -1 : next(path, flags, mode);
}

ssize_t readlink(const char *path, char *to, size_t size)
{
    NEXT(readlink);
    return misplaced(path, false) ? -1 : next(path, to, size);
}

int openat64(int directory, const char *path, int flags, ...)
{
    NEXT(openat64);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails(OPEN) ? -1 : next(directory, path, flags, mode);
}

int mkostemp64(char *path, int flags)
{
    NEXT(mkostemp64);
    return misplaced(path, true) || fails(OPEN) ? -1 : next(path, flags);
}

DIR *opendir(const char *path)
{
    NEXT(opendir);
    return misplaced(path, false) || fails(OPEN) ? NULL : next(path);
}

DIR *fdopendir(int fd)
{
    NEXT(fdopendir);
    return fails(OPEN) ? NULL : next(fd);
}

ssize_t read(int fd, void *to, size_t size)
{
    NEXT(read);
    return fails(READ) || interrupted(&size) ? -1 : next(fd, to, size);
}

ssize_t pread64(int fd, void *to, size_t size, off64_t offset)
{
    NEXT(pread64);
    return fails(READ) || interrupted(&size) ? -1 : next(fd, to, size, offset);
}

ssize_t write(int fd, const void *from, size_t size)
{
    NEXT(write);
    return fails(WRITE) || interrupted(&size) ? -1 : next(fd, from, size);
}

int fsync(int fd)
{
    NEXT(fsync);
    return fails(SYNC) ? -1 : next(fd);
}

int close(int fd)
{
    NEXT(close);
    bool failed = fails(CLOSE);
    int kept = errno, result = next(fd);
    errno = failed ? kept : errno;
    return failed ? -1 : result;
}

int rename(const char *from, const char *to)
{
    NEXT(rename);
    return misplaced(to, true) || fails(RENAME) || fails(TURNS) ? -1 : next(from, to);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags)
{
    NEXT(renameat2);
    if (active && wanted == TURNS) {
        errno = EINVAL;
        return -1;
    }
    return fails(RENAME) ? -1 : next(from_directory, from, to_directory, to, flags);
}

int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir);
    return misplaced(path, true) || fails(FILES) ? -1 : next(path, mode);
}

int rmdir(const char *path)
{
    NEXT(rmdir);
    return fails(FILES) ? -1 : next(path);
}

int unlink(const char *path)
{
    NEXT(unlink);
    return fails(FILES) ? -1 : next(path);
}

int unlinkat(int directory, const char *path, int flags)
{
    NEXT(unlinkat);
    return fails(FILES) ? -1 : next(directory, path, flags);
}

int ftruncate64(int fd, off64_t size)
{
    NEXT(ftruncate64);
    return fails(FILES) ? -1 : next(fd, size);
}

int fstat64(int fd, struct stat64 *about)
{
    NEXT(fstat64);
    return fails(FILES) ? -1 : next(fd, about);
}

int stat64(const char *path, struct stat64 *about)
{
    NEXT(stat64);
    return misplaced(path, false) || fails(FILES) ? -1 : next(path, about);
}

int lstat64(const char *path, struct stat64 *about)
{
    NEXT(lstat64);
    return misplaced(path, false) || fails(FILES) ? -1 : next(path, about);
}

struct dirent64 *readdir64(DIR *directory)
{
    NEXT(readdir64);
    return fails(FILES) ? NULL : next(directory);
}

int fstatat64(int directory, const char *path, struct stat64 *about, int flags)
{
    NEXT(fstatat64);
    return fails(FILES) ? -1 : next(directory, path, about, flags);
}

int fchmod(int fd, mode_t mode)
{
    NEXT(fchmod);
    return fails(FILES) ? -1 : next(fd, mode);
}

int access(const char *path, int mode)
{
    NEXT(access);
    return misplaced(path, mode & W_OK) || fails(FILES) ? -1 : next(path, mode);
}

int flock(int fd, int how)
{
    NEXT(flock);
    return fails(LOCK) ? -1 : next(fd, how);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    NEXT(pthread_create);
    return fails(THREAD) ? EAGAIN : next(thread, attributes, start, argument);
}

/* A sanitizer asks for the stack of every thread that begins, and dies when it gets no answer: not under
 * test. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    NEXT(pthread_getattr_np);
    exempt = true;
    int result = next(thread, attributes);
    exempt = false;
    return result;
}

/* ---- Beginning and end ---- */

static void write_count(void)
{
    active = false;
    FILE *file = *count_path ? fopen(count_path, "w") : NULL;
    if (file) {
        fprintf(file, "%llu\n", (unsigned long long)atomic_load(&calls));
        fclose(file);
    }
}

static int (*program_main)(int, char **, char **);

static int counted_main(int argc, char **argv, char **environment)
{
    const char *kind = getenv("FAULT_KIND"), *at = getenv("FAULT_AT"), *count = getenv("FAULT_COUNT");
    for (int i = 0; kind && i < KINDS; i++)
        if (strcmp(kind, kind_names[i]) == 0)
            wanted = (enum kind)i;
    fail_at = at ? strtoull(at, NULL, 10) : 0;
    lasts = getenv("FAULT_LASTS") != NULL;
    snprintf(count_path, sizeof count_path, "%s", count ? count : "");
    hidden = getenv("FAULT_HIDDEN");
    frozen = getenv("FAULT_FROZEN");
    unsetenv("LD_PRELOAD"); /* what it starts is not under test */
    atexit(write_count);
    active = true;
    return program_main(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader)(void), void *stack_end);

/* The start code calls this to run main(): what libraries do before that is not the filter's. */
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader)(void), void *stack_end)
{
    NEXT(__libc_start_main);
    program_main = main;
    return next(counted_main, argc, argv, init, fini, loader, stack_end);
}
