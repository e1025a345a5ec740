/* rubric: the launcher.  The filters live in a directory of their own, since `split` is also a
 * coreutils name; this is the one program that is installed on the PATH. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/shell.h"
#include "base/standard.h"

static const char usage[] =
    "usage: rubric FILTER [ARGUMENT]...   run one filter: tok, split, embed, fit, predict, evalm,\n"
    "                                     show, tally, vocab, get (rubric FILTER --help tells more)\n"
    "       rubric sh [ARGUMENT]...       a shell in which the filters have their short names:\n"
    "                                     rubric sh -c 'tok < essays.csv | split | fit | evalm'\n"
    "       rubric env                    the same for this shell: eval \"$(rubric env)\"\n"
    "       rubric --version, --help\n"
    "\n"
    "From a CSV of scored essays to a fine-tuned BERT scorer and an honest evaluation of it.\n"
    "The pages: rubric(7), rubric-guide(7), and one for each filter.\n";

static void print(const char *text)
{
    fputs(text, stdout);
    standard_flush();
}

/* Puts the filters first on the PATH and becomes the shell. */
static void become_shell(const char *filters, char **argv)
{
    const char *old = getenv("PATH");
    char *path = old ? memory_format("%s:%s", filters, old) : memory_string(filters);
    if (setenv("PATH", path, 1) != 0)
        die_errno("cannot set PATH");
    free(path);
    execvp("sh", argv);
    die_errno("cannot run sh");
}

static void become_filter(const char *filters, char **argv)
{
    /* what would name the directory itself, or lead out of it */
    if (argv[0][0] == '\0' || argv[0][0] == '.' || strchr(argv[0], '/'))
        die(STATUS_USAGE, "'%s' is not one of the filters (see 'rubric --help')", argv[0]);
    char *path = memory_format("%s/%s", filters, argv[0]);
    execv(path, argv);
    if (errno == ENOENT)
        die(STATUS_USAGE, "'%s' is not one of the filters (see 'rubric --help')", argv[0]);
    die_errno("%s: cannot run", path);
}

int main(int argc, char **argv)
{
    error_set_program("rubric");
    if (argc < 2) {
        fputs(usage, stderr);
        return STATUS_USAGE;
    }
    const char *name = argv[1];
    char *filters = file_beside_program("../libexec/rubric");
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) {
        print(usage);
    } else if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
        print("rubric " RUBRIC_VERSION "\n");
    } else if (strcmp(name, "env") == 0) {
        struct buffer line = {0};
        buffer_text(&line, "PATH=");
        shell_quote(&line, slice_of(filters), false);
        buffer_format(&line, ":\"$PATH\"\nexport PATH\n%c", '\0');
        print(line.at);
        buffer_free(&line);
    } else if (strcmp(name, "sh") == 0) {
        become_shell(filters, argv + 1);
    } else {
        become_filter(filters, argv + 1);
    }
    free(filters);
    return STATUS_GOOD;
}
