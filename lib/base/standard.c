#include "base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

void standard_begin(void)
{
    /* open() takes the lowest free descriptor, which is the one looked at. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(STATUS_SYSTEM);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void standard_flush(void)
{
    bool failed = ferror(stdout);
    if (fflush(stdout) == 0 && !failed)
        return;
    if (errno == EPIPE)
        standard_pipe_closed();
    die_errno("cannot write to standard output");
}

void standard_pipe_closed(void)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
    raise(SIGPIPE);
    _exit(128 + SIGPIPE);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* `standard`: what "-" stands for. */
static bool about_file(const char *path, int standard, struct stat *about)
{
    return strcmp(path, "-") == 0 ? fstat(standard, about) == 0 : stat(path, about) == 0;
}

void standard_spare_inputs(const char *output, char *const *inputs, size_t count)
{
    static char *const standard_input[] = {"-"};
    struct stat out, in;
    if (count == 0) {
        inputs = standard_input;
        count = 1;
    }
    if (!output || strcmp(output, "-") == 0 || stat(output, &out) != 0 || !S_ISREG(out.st_mode))
        return;
    for (size_t i = 0; i < count; i++)
        if (about_file(inputs[i], STDIN_FILENO, &in) && same_file(&in, &out))
            die(STATUS_USAGE, "%s: is the input too: writing it would destroy it (name another file)",
                output);
}

/* Whether two names, of which at least one is of no file yet, are one entry of one directory. */
static bool same_name(const char *a, const char *b)
{
    const char *slash_a = strrchr(a, '/'), *slash_b = strrchr(b, '/');
    char *parent_a = file_parent(a), *parent_b = file_parent(b);
    struct stat place_a, place_b;
    bool same = strcmp(slash_a ? slash_a + 1 : a, slash_b ? slash_b + 1 : b) == 0 &&
                stat(parent_a, &place_a) == 0 && stat(parent_b, &place_b) == 0 &&
                same_file(&place_a, &place_b);
    free(parent_a);
    free(parent_b);
    return same;
}

void standard_spare_output(const char *output, const char *other)
{
    struct stat out, about;
    if (!other)
        return;
    bool one = stat(other, &about) != 0
                   ? output && same_name(output, other)
                   : S_ISREG(about.st_mode) && about_file(output ? output : "-", STDOUT_FILENO, &out) &&
                         same_file(&out, &about);
    if (one)
        die(STATUS_USAGE, "%s: is the output too: each would be written over the other (name another file)",
            other);
}
