/* Messages and exit statuses: what prints to stderr and ends the process, but for progress lines (terminal.h)
 * and what --help and --version print (options.h).
 *
 * Library functions that meet an error they cannot repair call die(); they say so by returning
 * a plain value with no error in it.  Everything here is safe to call from worker threads. */
#ifndef RUBRIC_BASE_ERROR_H
#define RUBRIC_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdnoreturn.h>

/* Exit statuses, repeated in EXIT STATUS of every page. */
enum status {
    STATUS_GOOD = 0,
    STATUS_SYSTEM = 1, /* out of memory, a failed write, a file that cannot be opened */
    STATUS_USAGE = 2,  /* the command line */
    STATUS_INPUT = 3,  /* bad input: rows, values, text */
    STATUS_BROKEN = 4, /* a broken or incompatible stream or model */
    STATUS_GATE = 5,   /* a gate of evalm not met */
};

/* The name that opens every message ("tok: ..."); kept by reference. */
void error_set_program(const char *name);
const char *error_program(void);

/* -q: note() prints nothing from now on. */
void error_set_quiet(bool quiet);

/* Flushes stdout, prints "PROGRAM: MESSAGE\n" and exits with `status`.  Control characters in the
 * message are escaped, so that data quoted in it cannot act on a terminal. */
noreturn void die(enum status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* die(STATUS_SYSTEM, "MESSAGE: strerror(errno)"). */
noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the user must know though the work goes on; -q does not silence it. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A command's account of what it chose and did, one line a call; silenced by -q. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For tests and fuzzers: die() calls `hook` with its status and message, and the hook must not
 * return (it jumps away).  NULL restores the normal end. */
void error_set_hook(void (*hook)(enum status status, const char *message));

/* die() runs `clean` once before the process ends (a lock or a temporary directory to remove).
 * One function at a time; NULL takes it back. */
void error_set_cleanup(void (*clean)(void));

#endif
