/* A filter run in the harness's process, by its own main(), on files made of the fuzzed bytes.
 *
 * cmd/NAME.c is compiled with -Dmain=NAME_main.  Its main() keeps nothing between two calls: all that a
 * command line sets is on its stack.  Commands run with --threads 1, so that die() is called where it can be
 * caught.
 *
 * An input is the number of a command line (one byte), and the files: each but the last behind its size (two
 * bytes, the low one first). */
#ifndef RUBRIC_TESTS_FUZZ_FILTER_H
#define RUBRIC_TESTS_FUZZ_FILTER_H

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "live.h"
#include "place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILTER_WORDS = 32 };

static int filter_null = -1; /* stands for standard input and output */
static volatile enum status filter_status;
static const char *filter_excuse; /* with this in its message, a death may be STATUS_SYSTEM */

static void filter_on_death(enum status status, const char *message)
{
    /* No input is a reason for a failure of the system. */
    if (status == STATUS_SYSTEM && !(filter_excuse && strstr(message, filter_excuse))) {
        fprintf(stderr, "%s\n", message);
        abort();
    }
    filter_status = status;
    longjmp(died, 1);
}

/* Makes the directory and goes there; false later on. */
static bool filter_prepare(void)
{
    if (!place_prepare())
        return false;
    error_set_hook(filter_on_death);
    setenv("RUBRIC_MODEL", FIXTURES "/model/trained", 1);
    filter_null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (chdir(place) != 0 || filter_null < 0 || dup2(filter_null, STDIN_FILENO) < 0)
        abort();
    return true;
}

/* Runs "NAME ARGUMENT..."; its exit status. */
static int filter_try(int (*filter_main)(int, char **), const char *command)
{
    char line[512], *words[FILTER_WORDS + 1] = {NULL};
    int count = 0;
    snprintf(line, sizeof line, "%s", command);
    for (char *rest = line, *word; (word = strsep(&rest, " ")) && count < FILTER_WORDS;)
        words[count++] = word;
    optind = 0;
    fflush(stdout);
    if (dup2(filter_null, STDOUT_FILENO) < 0)
        abort();
    int first_free = dup(filter_null);
    close(first_free);
    if (setjmp(died) == 0)
        filter_status = (enum status)filter_main(count, words);
    close_range((unsigned)first_free, ~0u, 0); /* what die() left open */
    return filter_status;
}

/* The same under watch: what it leaves is released. */
static int filter_run(int (*filter_main)(int, char **), const char *command)
{
    live_begin();
    int status = filter_try(filter_main, command);
    live_end();
    return status;
}

/* Takes the first byte off `rest`; 0 where there is none. */
static unsigned filter_byte(struct slice *rest)
{
    if (rest->size == 0)
        return 0;
    rest->size--;
    return (uint8_t)*rest->at++;
}

/* Takes a size and so many bytes, or all there are, off `rest`. */
static struct slice filter_part(struct slice *rest)
{
    size_t size = filter_byte(rest);
    size |= (size_t)filter_byte(rest) << 8;
    struct slice part = {rest->at, size < rest->size ? size : rest->size};
    rest->at += part.size;
    rest->size -= part.size;
    return part;
}

static void filter_put(const char *name, struct slice bytes) { place_put(name, true, bytes.at, bytes.size); }

#define FILTER_PICK(commands, number) (commands)[(number) % (sizeof(commands) / sizeof *(commands))]

#endif
