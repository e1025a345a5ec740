/* Runs a command and measures it from outside, in a process so small that its own memory does not show.
 *
 * usage: measure REPORT COMMAND [ARGUMENT]...
 *
 * Writes to the file REPORT: wall seconds, user seconds, system seconds, peak resident KiB, separated by
 * tabs.  Exits as the command did. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: measure REPORT COMMAND [ARGUMENT]...\n", stderr);
        return 2;
    }
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("measure");
        return 1;
    }
    double wall = now() - start;
    FILE *report = fopen(argv[1], "w");
    if (!report ||
        fprintf(report, "%.6f\t%.6f\t%.6f\t%ld\n", wall, seconds(used.ru_utime), seconds(used.ru_stime),
                used.ru_maxrss) < 0 ||
        fclose(report) != 0) {
        perror(argv[1]);
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
