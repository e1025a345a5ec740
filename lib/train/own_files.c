#include "train/own_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

enum { CONFIG_LIMIT = 16 << 20 };

/* All that fit writes, in the order in which it is removed. */
static const char *const own[] = {
    OUTPUT_CHECKPOINT, OUTPUT_CHECKPOINT ".new", OUTPUT_BEST,   OUTPUT_BEST ".new",  "log.csv",
    "epochs.csv",      "optimizer.safetensors",  "trail.json",  "model.safetensors", "vocab.txt",
    "tokenizer.json",  "tokenizer_config.json",  "config.json",
};
enum { OWN_COUNT = sizeof own / sizeof *own };

int own_open(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

bool own_has(int directory, const char *path, const char *name)
{
    struct stat about;
    if (fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISREG(about.st_mode);
    if (errno != ENOENT)
        die_errno("%s/%s: cannot look at it", path, name);
    return false;
}

/* The JSON in a regular file of the directory; NULL where there is none. */
static json_t *read_json(int directory, const char *path, const char *name)
{
    struct stat about;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ELOOP))
        return NULL;
    if (fd < 0 || fstat(fd, &about) != 0)
        die_errno("%s/%s: cannot open", path, name);
    json_t *json = NULL;
    if (S_ISREG(about.st_mode) && about.st_size <= CONFIG_LIMIT) {
        char *text = memory_new((size_t)about.st_size, 1);
        size_t size = file_read(fd, text, (size_t)about.st_size, path);
        json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        free(text);
    }
    file_close(fd, path);
    return json;
}

bool own_finished(int directory, const char *path)
{
    json_t *config = read_json(directory, path, "config.json");
    bool finished = json_is_object(json_object_get(json_object_get(config, "rubric"), "run"));
    json_decref(config);
    return finished;
}

static bool is_own(const char *name)
{
    for (int i = 0; i < OWN_COUNT; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    return strcmp(name, OUTPUT_LOCK) == 0;
}

/* With a position of its own: a descriptor that was listed once is at its end. */
static DIR *list(int directory, const char *path)
{
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    if (!entries)
        die_errno("%s: cannot open", path);
    return entries;
}

bool own_nothing(int directory, const char *path)
{
    DIR *entries = list(directory, path);
    bool nothing = !directory_next(entries, path);
    closedir(entries);
    return nothing;
}

char *own_stranger(int directory, const char *path)
{
    DIR *entries = list(directory, path);
    char *stranger = NULL;
    for (const char *name; !stranger && (name = directory_next(entries, path));)
        if (!is_own(name) || !own_has(directory, path, name))
            stranger = memory_string(name);
    closedir(entries);
    return stranger;
}

void own_remove(int directory, const char *path, const char *name)
{
    if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
        die_errno("%s/%s: cannot remove", path, name);
}

void own_empty(int directory, const char *path)
{
    for (int i = 0; i < OWN_COUNT; i++)
        own_remove(directory, path, own[i]);
}
