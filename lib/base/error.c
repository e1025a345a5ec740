#include "base/error.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal.h"

/* One process, one command: its name and its loudness. */
static const char *program = "rubric";
static bool quiet;
static void (*die_hook)(enum status, const char *);
static void (*_Atomic die_cleanup)(void);

void error_set_program(const char *name) { program = name; }
const char *error_program(void) { return program; }
void error_set_quiet(bool be_quiet) { quiet = be_quiet; }
void error_set_hook(void (*hook)(enum status, const char *)) { die_hook = hook; }
void error_set_cleanup(void (*clean)(void)) { atomic_store(&die_cleanup, clean); }

/* One write per line, so that the lines of a pipeline's commands do not mix. */
static void print_line(const char *kind, const char *message)
{
    char line[4096];
    int size = snprintf(line, sizeof line, "%s: %s", program, kind);
    size_t used = (size_t)size;
    used += terminal_escape(line + used, sizeof line - used - 1, slice_of(message));
    line[used++] = '\n';
    fflush(stdout);
    progress_line_clear();
    fwrite(line, 1, used, stderr);
}

/* Several threads may fail at once: the first one speaks for the process, the others wait for its end.  No
 * destructor runs, since other threads may still compute with what it would take down. */
static noreturn void end(enum status status, const char *message)
{
    static atomic_flag ending = ATOMIC_FLAG_INIT;
    static _Thread_local bool ending_here;
    if (die_hook)
        die_hook(status, message);
    if (atomic_flag_test_and_set(&ending) && !ending_here)
        for (;;)
            pause();
    ending_here = true; /* and the clean-up may fail in its turn */
    print_line("", message);
    void (*clean)(void) = atomic_exchange(&die_cleanup, NULL);
    if (clean)
        clean();
    fflush(NULL);
    _exit((int)status);
}

void die(enum status status, const char *format, ...)
{
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    end(status, message);
}

void die_errno(const char *format, ...)
{
    int cause = errno;
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    size_t used = strlen(message);
    snprintf(message + used, sizeof message - used, ": %s", strerror(cause));
    end(STATUS_SYSTEM, message);
}

void warn(const char *format, ...)
{
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    print_line("warning: ", message);
}

void note(const char *format, ...)
{
    if (quiet)
        return;
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    print_line("", message);
}
