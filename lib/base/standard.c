#include "base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

void standard_keep(void)
{
    /* open() takes the lowest free descriptor, which is the one looked at. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(STATUS_SYSTEM);
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

static bool about_file(const char *path, struct stat *about)
{
    return strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, about) == 0 : stat(path, about) == 0;
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
        if (about_file(inputs[i], &in) && same_file(&in, &out))
            die(STATUS_USAGE, "%s: is the input too: writing it would destroy it (name another file)",
                output);
}
