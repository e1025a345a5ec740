#include "train/output.h"

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
#include "train/own_files.h"

/* What die() and signals clean up after: a process claims one place at a time. */
static struct output *volatile claimed;

char *output_path(const struct output *output, const char *name)
{
    return memory_format("%s/%s", output->partial, name);
}

static bool has_checkpoint(const struct output *o)
{
    return own_has(o->place, o->partial, OUTPUT_CHECKPOINT);
}

static bool stands(const char *path, struct stat *about)
{
    if (lstat(path, about) == 0)
        return true;
    if (errno != ENOENT)
        die_errno("%s: cannot look at it", path);
    return false;
}

/* ---- Whether a place may be had ---- */

/* What has no name of its own cannot appear by renaming, nor be replaced. */
static void check_name(const char *directory)
{
    const char *slash = strrchr(directory, '/'), *name = slash ? slash + 1 : directory;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        die(STATUS_USAGE, "-o is '%s': expected the name of a directory to make, such as model", directory);
}

/* Dies unless `path` is a model that fit made, with nothing else in it, or empty: what is removed later. */
static void check_replaceable(const char *path)
{
    int place = own_open(path);
    if (place < 0)
        die_errno("%s: cannot open", path);
    if (!own_finished(place, path) && !own_nothing(place, path))
        die(STATUS_USAGE, "%s: is not a model that fit made: -f replaces only those", path);
    char *stranger = own_stranger(place, path);
    if (stranger)
        die(STATUS_USAGE,
            "%s: has '%s' in it, which fit did not write: -f would remove it (move it elsewhere)", path,
            stranger);
    file_close(place, path);
}

/* Whether there is a directory DIR. */
static bool check_target(const char *path, bool force, bool resume)
{
    struct stat about;
    if (!stands(path, &about))
        return false;
    if (!S_ISDIR(about.st_mode))
        die(STATUS_USAGE, "%s: exists and is not a directory", path);
    if (!force && !resume)
        die(STATUS_USAGE, "%s: exists (-f replaces it, -o names another place)", path);
    return true;
}

/* ---- DIR.partial and the lock in it ---- */

static noreturn void refuse_partial(const struct output *o)
{
    die(STATUS_USAGE, "%s: was not made by fit, which writes there first: move it away, or name another -o",
        o->partial);
}

static void open_place(struct output *o)
{
    o->made = mkdir(o->partial, 0700) == 0;
    if (!o->made && errno != EEXIST)
        die_errno("%s: cannot create", o->partial);
    o->place = own_open(o->partial);
    if (o->place < 0 && (errno == ENOTDIR || errno == ELOOP))
        refuse_partial(o);
    if (o->place < 0)
        die_errno("%s: cannot open", o->partial);
}

static noreturn void refuse_second(const struct output *o)
{
    die(STATUS_SYSTEM, "%s: another fit is writing it", o->partial);
}

static int open_lock(const struct output *o, int create)
{
    int lock = openat(o->place, OUTPUT_LOCK, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | create, 0600);
    if (lock < 0 && errno == ELOOP)
        refuse_partial(o);
    if (lock < 0 && errno == EEXIST)
        refuse_second(o);
    if (lock < 0 && errno != ENOENT)
        die_errno("%s/" OUTPUT_LOCK ": cannot %s", o->partial, create ? "create" : "open");
    return lock;
}

/* Some file systems have no locks: then nothing keeps two fits apart, and training goes on. */
static void take_lock(const struct output *o)
{
    if (flock(o->lock, LOCK_EX | LOCK_NB) == 0)
        return;
    if (errno == EWOULDBLOCK)
        refuse_second(o);
    if (errno != EBADF && errno != ENOLCK && errno != EOPNOTSUPP && errno != ENOSYS)
        die_errno("%s/" OUTPUT_LOCK ": cannot lock", o->partial);
    warn("%s/" OUTPUT_LOCK ": cannot lock: %s: see to it that no other fit writes there", o->partial,
         strerror(errno));
}

static bool is_marked(const struct output *o)
{
    enum { SIZE = sizeof OUTPUT_MARK - 1 };
    char begin[SIZE];
    return own_has(o->place, o->partial, OUTPUT_LOCK) &&
           file_read(o->lock, begin, SIZE, o->partial) == SIZE && memcmp(begin, OUTPUT_MARK, SIZE) == 0;
}

/* Whether DIR.partial and its lock are still those that were opened: another fit may have renamed or removed
 * them before they were locked. */
static bool is_in_place(const struct output *o)
{
    struct stat here, there;
    return fstat(o->place, &here) == 0 && lstat(o->partial, &there) == 0 && here.st_ino == there.st_ino &&
           here.st_dev == there.st_dev && fstat(o->lock, &here) == 0 && here.st_nlink > 0;
}

/* Locks DIR.partial, if it is fit's to use: one that it made, has marked or has finished a model in, or an
 * empty one. */
static void lock_partial(struct output *o, bool *finished)
{
    open_place(o);
    o->lock = open_lock(o, 0);
    *finished = o->lock < 0 && own_finished(o->place, o->partial);
    if (o->lock < 0 && !*finished && !own_nothing(o->place, o->partial))
        refuse_partial(o);
    bool new = o->lock < 0;
    if (new)
        o->lock = open_lock(o, O_CREAT | O_EXCL);
    o->locked = new;
    take_lock(o);
    if (o->locked)
        file_write(o->lock, OUTPUT_MARK, sizeof OUTPUT_MARK - 1, o->partial);
    else if (!is_marked(o))
        refuse_partial(o);
    if (!is_in_place(o))
        refuse_second(o);
}

/* ---- Claiming and giving up ---- */

static void clean_claimed(void)
{
    if (claimed)
        output_abandon(claimed);
}

/* A fit that is interrupted before training leaves what it found. */
static void leave_and_end(int number)
{
    const struct output *mine = claimed;
    if (mine && mine->locked)
        unlinkat(mine->place, OUTPUT_LOCK, 0);
    if (mine && mine->made)
        rmdir(mine->partial);
    raise(number); /* SA_RESETHAND: the default action follows */
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = leave_and_end, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static mode_t mode_by_umask(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0777 & ~mask;
}

struct output *output_claim(const char *directory, bool force, bool resume)
{
    struct output *o = memory_zeroed(1, sizeof *o);
    size_t size = strlen(directory);
    while (size > 1 && directory[size - 1] == '/')
        size--;
    o->directory = memory_format("%.*s", (int)size, directory);
    o->partial = memory_format("%s.partial", o->directory);
    o->place = o->lock = -1;
    o->mode = mode_by_umask();
    check_name(o->directory);
    bool exists = check_target(o->directory, force, resume), finished;
    claimed = o;
    error_set_cleanup(clean_claimed);
    lock_partial(o, &finished);
    watch_signals();
    bool checkpoint = has_checkpoint(o);
    if (!force && !resume && !finished && checkpoint)
        die(STATUS_USAGE,
            "%s: holds the state of an interrupted fit (--resume goes on with it, -f starts anew)",
            o->partial);
    if (!force && !resume && (finished || own_finished(o->place, o->partial)))
        die(STATUS_USAGE,
            "%s: holds a model that never became %s (--resume of the same run ends that, -f starts anew)",
            o->partial, o->directory);
    o->resumes = resume && checkpoint && !finished;
    o->keeps = resume && !force && !o->resumes && (finished || exists);
    o->kept = finished ? o->partial : o->directory;
    o->replaces = exists && (!o->keeps || finished);
    if (o->replaces)
        check_replaceable(o->directory);
    return o;
}

void output_begin(struct output *o)
{
    if (!is_in_place(o))
        die(STATUS_SYSTEM, "%s: was moved or removed while fit was reading", o->partial);
    if (!o->resumes) {
        char *stranger = own_stranger(o->place, o->partial);
        if (stranger)
            die(STATUS_USAGE, "%s: has '%s' in it, which fit did not write: move it elsewhere", o->partial,
                stranger);
        own_empty(o->place, o->partial);
    }
    o->begun = true;
}

static void release(struct output *o)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    claimed = NULL;
    error_set_cleanup(NULL);
    if (o->lock >= 0)
        close(o->lock);
    if (o->place >= 0)
        close(o->place);
    free(o->directory);
    free(o->partial);
    free(o);
}

void output_abandon(struct output *o)
{
    claimed = NULL;
    bool goes = o->begun && !has_checkpoint(o);
    if (goes)
        own_empty(o->place, o->partial);
    if (goes || o->locked)
        own_remove(o->place, o->partial, OUTPUT_LOCK);
    if ((goes || o->made) && rmdir(o->partial) != 0 && errno != ENOTEMPTY)
        die_errno("%s: cannot remove", o->partial);
    release(o);
}

/* ---- The finished model ---- */

/* As die_errno, of a model that stands: it is not lost. */
static noreturn void die_saved(const struct output *o, const char *what)
{
    die(STATUS_SYSTEM, "%s: %s: %s: the model is in %s", o->directory, what, strerror(errno), o->partial);
}

/* What makes DIR.partial one of a model under way; the lock first, so that it is known for finished from then
 * on. */
static void remove_traces(const struct output *o)
{
    static const char *const traces[] = {OUTPUT_LOCK, OUTPUT_CHECKPOINT, OUTPUT_BEST};
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++)
        if (unlinkat(o->place, traces[i], 0) != 0 && errno != ENOENT)
            die_saved(o, "cannot remove the traces of training");
    if (fsync(o->place) != 0 && errno != EINVAL) /* some file systems cannot sync a directory */
        die_saved(o, "cannot sync");
    if (fchmod(o->place, o->mode) != 0)
        warn("%s: cannot set its permissions: %s", o->directory, strerror(errno));
}

/* Where two names cannot be exchanged in one step: for a moment there is no DIR.  Returns where the old one
 * is. */
static char *rename_by_turns(const struct output *o)
{
    char *aside = memory_format("%s.replaced", o->directory);
    if (rename(o->directory, aside) != 0)
        die_saved(o, "cannot move the model that is there aside");
    if (rename(o->partial, o->directory) == 0)
        return aside;
    int cause = errno;
    if (rename(aside, o->directory) != 0)
        warn("%s: the model that was there is in %s", o->directory, aside);
    errno = cause;
    die_saved(o, "cannot rename to it");
}

/* Gives the model its name.  Returns where the one that had it is now; NULL where none had. */
static char *put_in_place(const struct output *o)
{
    struct stat about;
    if (!o->replaces || lstat(o->directory, &about) != 0) {
        if (rename(o->partial, o->directory) != 0)
            die_saved(o, "cannot rename to it");
        return NULL;
    }
    /* Exchanged in one step: at no moment is there no model. */
    if (renameat2(AT_FDCWD, o->partial, AT_FDCWD, o->directory, RENAME_EXCHANGE) == 0)
        return memory_string(o->partial);
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        die_saved(o, "cannot exchange with it");
    return rename_by_turns(o);
}

/* Removes the model that -f has replaced.  DIR was looked at before training: what has come since is left. */
static void remove_replaced(const char *path)
{
    int place = own_open(path);
    if (place < 0)
        die_errno("%s: cannot open", path);
    if (own_finished(place, path)) {
        own_empty(place, path);
        own_remove(place, path, OUTPUT_LOCK);
    }
    file_close(place, path);
    if (rmdir(path) == 0)
        return;
    if (errno != ENOTEMPTY)
        die_errno("%s: cannot remove", path);
    warn("%s: is what was replaced; there is something in it that fit did not write: it is left there", path);
}

void output_finish(struct output *o)
{
    claimed = NULL;
    error_set_cleanup(NULL);
    remove_traces(o);
    char *replaced = put_in_place(o), *parent = file_parent(o->directory);
    directory_sync(parent);
    note("saved in %s", o->directory);
    if (replaced)
        remove_replaced(replaced);
    free(replaced);
    free(parent);
    release(o);
}

void output_keep(struct output *o)
{
    if (o->kept == o->partial)
        output_finish(o);
    else
        output_abandon(o);
}
