#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/standard.h"

int file_open(const char *path)
{
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die_errno("%s: cannot open", file_name(path));
    return fd;
}

int file_create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        die_errno("%s: cannot create", file_name(path));
    return fd;
}

bool file_exists(const char *path)
{
    if (access(path, F_OK) == 0)
        return true;
    if (errno != ENOENT && errno != ENOTDIR)
        die_errno("%s: cannot look at it", path);
    return false;
}

const char *file_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : *path ? path : "''";
}

/* After a failed read or write: whether a signal interrupted it, or its turn had not come because whoever
 * shares the descriptor made it non-blocking (then waits for it). */
static bool try_again(int fd, short event)
{
    if (errno != EAGAIN)
        return errno == EINTR;
    return poll(&(struct pollfd){.fd = fd, .events = event}, 1, -1) >= 0 || errno == EINTR;
}

size_t file_read_some(int fd, void *to, size_t size, const char *name)
{
    for (;;) {
        ssize_t got = read(fd, to, size);
        if (got >= 0)
            return (size_t)got;
        if (!try_again(fd, POLLIN))
            die_errno("%s: cannot read", name);
    }
}

struct slice file_last_component(const char *path)
{
    size_t end = strlen(path), start;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/';)
        start--;
    return start == end ? (struct slice){path, end} : (struct slice){path + start, end - start};
}

size_t file_read(int fd, void *to, size_t size, const char *name)
{
    size_t done = 0;
    while (done < size) {
        size_t got = file_read_some(fd, (char *)to + done, size - done, name);
        if (got == 0)
            break;
        done += got;
    }
    return done;
}

void file_write(int fd, const void *from, size_t size, const char *name)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = write(fd, (const char *)from + done, size - done);
        if (put >= 0) {
            done += (size_t)put;
        } else if (errno == EPIPE && fd == STDOUT_FILENO) {
            standard_pipe_closed();
        } else if (!try_again(fd, POLLOUT)) {
            die_errno("cannot write to %s", name);
        }
    }
}

void file_close(int fd, const char *name)
{
    if (close(fd) != 0 && errno != EINTR)
        die_errno("cannot close %s", name);
}

/* ---- Whole files ---- */

static noreturn void too_large(const char *path, uint64_t limit)
{
    die(STATUS_BROKEN, "%s: larger than the %llu bytes such a file may have", path,
        (unsigned long long)limit);
}

/* To the end of the file, or of `size` bytes. */
static struct file_view read_all(int fd, const char *name, uint64_t limit, uint64_t size)
{
    struct buffer all = {0};
    while (all.size < size) {
        size_t piece = size - all.size < 1 << 16 ? (size_t)(size - all.size) : 1 << 16;
        size_t got = file_read_some(fd, buffer_reserve(&all, piece), piece, name);
        if (got == 0)
            break;
        all.size += got;
        if (all.size > limit)
            too_large(name, limit);
    }
    buffer_reserve(&all, 1);
    return (struct file_view){all.at, all.size, NULL};
}

struct file_view file_view(const char *path, uint64_t limit)
{
    int fd = file_open(path);
    struct file_view view = read_all(fd, file_name(path), limit, UINT64_MAX);
    if (fd != STDIN_FILENO)
        file_close(fd, path);
    return view;
}

int file_open_regular(const char *path, uint64_t limit, uint64_t *size)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); /* a pipe has nobody to wait for */
    if (fd < 0)
        die_errno("%s: cannot open", path);
    if (fstat(fd, &about) != 0)
        die_errno("%s: cannot stat", path);
    if (!S_ISREG(about.st_mode))
        die(STATUS_BROKEN, "%s: is not a regular file", path);
    *size = (uint64_t)about.st_size;
    if (*size > limit)
        too_large(path, limit);
    return fd;
}

struct file_view file_view_regular(const char *path, uint64_t limit)
{
    uint64_t size;
    int fd = file_open_regular(path, limit, &size);
    struct file_view view = read_all(fd, path, limit, size);
    file_close(fd, path);
    return view;
}

/* ---- Mapped files ---- */

struct file_map {
    const char *at;
    size_t size;
    char *name;
    int fd;
    struct stat about; /* when it was mapped */
    struct file_map *next;
};

/* What the handler of SIGBUS looks in. */
static struct file_map *volatile maps;

/* Bytes of a mapping that the file no longer has: the file was cut short under whoever reads it. */
static void end_cut_short(int number, siginfo_t *about, void *context)
{
    (void)context;
    const char *address = about->si_addr;
    for (const struct file_map *map = maps; map; map = map->next) {
        if (address < map->at || address >= map->at + map->size)
            continue;
        static const char what[] = ": was cut short while it was in use\n";
        struct iovec line[] = {{(char *)(uintptr_t)error_program(), strlen(error_program())},
                               {": ", 2},
                               {map->name, strlen(map->name)},
                               {(char *)(uintptr_t)what, sizeof what - 1}};
        _exit(writev(STDERR_FILENO, line, 4) < 0 ? STATUS_SYSTEM : STATUS_BROKEN);
    }
    signal(number, SIG_DFL); /* somebody else's: it comes again */
}

static void watch_bus_errors(void)
{
    static bool watching;
    struct sigaction action = {.sa_sigaction = end_cut_short, .sa_flags = SA_SIGINFO};
    if (!watching && sigaction(SIGBUS, &action, NULL) != 0)
        die_errno("cannot watch for SIGBUS");
    watching = true;
}

struct file_view file_view_mapped(const char *path, uint64_t limit)
{
    uint64_t size;
    int fd = file_open_regular(path, limit, &size);
    if (size == 0) { /* which cannot be mapped */
        file_close(fd, path);
        return (struct file_view){memory_new(0, 1), 0, NULL};
    }
    struct file_map *map = memory_new(1, sizeof *map);
    *map = (struct file_map){.size = (size_t)size, .name = memory_string(path), .fd = fd, .next = maps};
    if (fstat(fd, &map->about) != 0)
        die_errno("%s: cannot stat", path);
    map->at = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map->at == MAP_FAILED)
        die_errno("%s: cannot map", path);
    maps = map;
    watch_bus_errors();
    return (struct file_view){map->at, map->size, map};
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The time of the last change tells of contents whose own time was set back; but links, modes and owners that
 * change, change it too. */
void file_view_check(const struct file_view *view)
{
    struct stat now;
    if (!view->map)
        return;
    const struct stat *then = &view->map->about;
    if (fstat(view->map->fd, &now) != 0)
        die_errno("%s: cannot stat", view->map->name);
    bool touched = !same_time(now.st_ctim, then->st_ctim) && now.st_nlink == then->st_nlink &&
                   now.st_mode == then->st_mode && now.st_uid == then->st_uid && now.st_gid == then->st_gid;
    if (touched || now.st_size != then->st_size || !same_time(now.st_mtim, then->st_mtim))
        die(STATUS_BROKEN, "%s: was changed while it was in use", view->map->name);
}

static void unmap(struct file_map *map)
{
    struct file_map *volatile *link = &maps;
    while (*link != map)
        link = &(*link)->next;
    *link = map->next;
    munmap((void *)(uintptr_t)map->at, map->size);
    file_close(map->fd, map->name);
    free(map->name);
    free(map);
}

void file_unview(struct file_view *view)
{
    if (view->map)
        unmap(view->map);
    else
        free((void *)(uintptr_t)view->at);
    *view = (struct file_view){0};
}

/* ---- Files that an option names to be written ---- */

/* Dies unless a file of that name could be made: found out before the work, not after it. */
static void check_place(const char *path)
{
    char *directory = file_parent(path);
    struct stat link;
    if (!*path)
        die_errno("'': cannot create");
    if (lstat(path, &link) == 0) /* and stat() found nothing */
        die(STATUS_USAGE, "%s: is a symbolic link to a file that is not there", path);
    if (errno != ENOENT)
        die_errno("%s: cannot look at it", path);
    if (access(directory, W_OK | X_OK) != 0)
        die_errno("%s: cannot create", path);
    free(directory);
}

struct file_output file_output_open(const char *path, bool force, bool confidential)
{
    struct stat about, standard;
    if (!path || strcmp(path, "-") == 0)
        return (struct file_output){.name = "standard output", .fd = STDOUT_FILENO};
    struct file_output output = {.name = path, .fd = -1, .confidential = confidential};
    if (stat(path, &about) != 0) {
        if (errno != ENOENT)
            die_errno("%s: cannot create", path);
        check_place(path);
        return output;
    }
    /* A file has one position for all who share the descriptor, not for those who open it again. */
    if ((S_ISREG(about.st_mode) || S_ISSOCK(about.st_mode)) && fstat(STDOUT_FILENO, &standard) == 0 &&
        standard.st_dev == about.st_dev && standard.st_ino == about.st_ino) {
        output.fd = STDOUT_FILENO;
        return output;
    }
    if (S_ISDIR(about.st_mode))
        die(STATUS_USAGE, "%s: is a directory", path);
    output.replaces = S_ISREG(about.st_mode) || S_ISBLK(about.st_mode);
    if (output.replaces && !force)
        die(STATUS_USAGE, "%s: exists (-f writes over it)", path);
    if (output.replaces && access(path, W_OK) != 0)
        die_errno("%s: cannot write over it", path);
    if (!output.replaces)
        output.fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (!output.replaces && output.fd < 0)
        die_errno("%s: cannot open", path);
    return output;
}

static void create(struct file_output *output)
{
    if (output->fd >= 0)
        return;
    output->fd = open(output->name, O_WRONLY | O_CREAT | O_CLOEXEC | (output->replaces ? O_TRUNC : O_EXCL),
                      output->confidential ? 0600 : 0666);
    if (output->fd < 0)
        die_errno("%s: cannot create", output->name);
}

void file_output_write(struct file_output *output, const void *from, size_t size)
{
    create(output);
    file_write(output->fd, from, size, output->name);
}

void file_output_close(struct file_output *output)
{
    create(output);
    file_close(output->fd, output->name);
}

/* ---- Files and directories of our own ---- */

void file_save(const char *path, const void *bytes, size_t size)
{
    int fd = file_create(path);
    file_write(fd, bytes, size, path);
    if (fsync(fd) != 0)
        die_errno("%s: cannot sync", path);
    file_close(fd, path);
}

void directory_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        die_errno("%s: cannot open", path);
    if (fsync(fd) != 0 && errno != EINVAL) /* some file systems cannot sync a directory */
        die_errno("%s: cannot sync", path);
    file_close(fd, path);
}

const char *directory_next(DIR *directory, const char *path)
{
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(directory);
        if (!entry && errno)
            die_errno("%s: cannot list", path);
        if (!entry)
            return NULL;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry->d_name;
    }
}

char *file_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? memory_format("%.*s", slash == path ? 1 : (int)(slash - path), path) : memory_string(".");
}

char *file_beside_program(const char *relative)
{
    const char *started_as = (const char *)getauxval(AT_EXECFN); /* unlike /proc/self/exe, always there */
    char *here = realpath(started_as, NULL);
    if (!here)
        die_errno("%s: cannot tell where this program lies", started_as);
    char *joined = memory_format("%.*s/%s", (int)(strrchr(here, '/') - here), here, relative);
    free(here);
    char *path = realpath(joined, NULL);
    if (!path && errno != ENOENT && errno != ENOTDIR)
        die_errno("%s: cannot look it up", joined);
    if (!path) /* not there: the caller's message names it as it was looked for */
        return joined;
    free(joined);
    return path;
}

int file_temporary(const char *what)
{
    const char *place = getenv("TMPDIR");
    if (!place || !*place)
        place = "/tmp";
    char *path = memory_format("%s/rubric-XXXXXX", place);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        die_errno("%s: cannot create a temporary file for %s (TMPDIR chooses the place)", place, what);
    if (unlink(path) != 0)
        die_errno("%s: cannot unlink", path);
    free(path);
    return fd;
}
