/* Any bytes as the zip file or wheel of a model: get installs it in its directory of models, and nowhere
 * else. */
#include <dirent.h>
#include <dlfcn.h>
#include <time.h>

#include "filter.h"

int get_main(int argc, char **argv);

/* What libzip has opened, for itself to close: where die() jumps away, the C library must still forget it. */
static FILE *opened[8];

FILE *fdopen(int fd, const char *mode)
{
    FILE *(*next)(int, const char *);
    bool watching = live.watching;
    *(void **)&next = dlsym(RTLD_NEXT, "fdopen");
    live.watching = false;
    FILE *file = next(fd, mode);
    for (size_t i = 0; watching && file; i++)
        if (!opened[i]) {
            opened[i] = file;
            setvbuf(file, NULL, _IONBF, 0); /* no memory that is released before */
            break;
        }
    live.watching = watching;
    return file;
}

int fclose(FILE *file)
{
    int (*next)(FILE *);
    *(void **)&next = dlsym(RTLD_NEXT, "fclose");
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
        if (opened[i] == file)
            opened[i] = NULL;
    return next(file);
}

static void close_opened(void)
{
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
        if (opened[i])
            fclose(opened[i]);
}

/* Beside the archive and the directory of models there is nothing. */
static void check_place(void)
{
    DIR *here = opendir(".");
    for (struct dirent *entry; here && (entry = readdir(here));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "a.zip") != 0 &&
            strcmp(entry->d_name, "models") != 0)
            abort();
    if (!here || closedir(here) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (filter_prepare()) {
        setenv("TZ", "UTC",
               1); /* libzip asks for local time, for which the C library keeps what it allocates */
        tzset();
    }
    remove_all("models");
    filter_put("a.zip", (struct slice){(const char *)data, size});
    filter_run(get_main, "get -q --to models --name mine a.zip");
    close_opened();
    check_place();
    return 0;
}
