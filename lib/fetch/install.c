#include "fetch/install.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#define MARK "source.json"
enum { MARK_LIMIT = 1 << 20 };

struct install {
    char *path, *partial;
    int fd; /* of partial */
    json_t *source;
    bool replaces;
};

/* ---- The mark ---- */

/* An object with "files", whose names are all harmless; NULL when `directory` has none. */
static json_t *read_mark(int directory, const char *path)
{
    int fd = openat(directory, MARK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > MARK_LIMIT) {
        close(fd);
        return NULL;
    }
    char *text = memory_new((size_t)about.st_size + 1, 1);
    size_t size = file_read(fd, text, (size_t)about.st_size, path);
    file_close(fd, path);
    json_t *mark = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    const char *name;
    json_t *file, *files = json_object_get(mark, "files");
    bool good = json_is_object(files);
    json_object_foreach(files, name, file) good = good && model_file_name_ok(name);
    if (good)
        return mark;
    json_decref(mark);
    return NULL;
}

static int open_directory(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

json_t *install_source(const char *path)
{
    int fd = open_directory(AT_FDCWD, path);
    if (fd < 0)
        return NULL;
    json_t *mark = read_mark(fd, path);
    close(fd);
    return mark;
}

static void write_mark(const struct install *in)
{
    char *text = json_dumps(in->source, JSON_INDENT(2));
    int fd = openat(in->fd, MARK, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        die_errno("%s/" MARK ": cannot create", in->partial);
    file_write(fd, text, strlen(text), in->partial);
    file_write(fd, "\n", 1, in->partial);
    if (fsync(fd) != 0)
        die_errno("%s/" MARK ": cannot sync", in->partial);
    file_close(fd, in->partial);
    free(text);
}

/* ---- Removing what has the mark ---- */

static void remove_file(int directory, const char *path, const char *name)
{
    if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
        die_errno("%s/%s: cannot remove", path, name);
    const char *slash = strrchr(name, '/');
    if (!slash)
        return;
    char *parent = memory_format("%.*s", (int)(slash - name), name);
    if (unlinkat(directory, parent, AT_REMOVEDIR) != 0 && errno != ENOENT && errno != ENOTEMPTY)
        die_errno("%s/%s: cannot remove", path, parent);
    free(parent);
}

/* The files that the mark lists, and the mark last, so that an interruption leaves it. */
static void empty_marked(int directory, const char *path, const json_t *mark)
{
    const char *name;
    json_t *file;
    json_object_foreach(json_object_get(mark, "files"), name, file) remove_file(directory, path, name);
    remove_file(directory, path, MARK);
}

static void remove_marked(const char *path, const json_t *mark)
{
    int fd = open_directory(AT_FDCWD, path);
    if (fd < 0)
        die_errno("%s: cannot open", path);
    empty_marked(fd, path, mark);
    file_close(fd, path);
    if (rmdir(path) != 0)
        die_errno("%s: cannot remove (files that were not installed there are left alone)", path);
}

/* ---- Installing ---- */

static void make_directories(const char *path)
{
    char *copy = memory_string(path);
    for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            die_errno("%s: cannot create", copy);
        *slash = '/';
    }
    free(copy);
}

static void refuse_taken(const char *path, bool force)
{
    struct stat about;
    if (lstat(path, &about) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            die_errno("%s: cannot look there", path);
        return;
    }
    json_t *mark = install_source(path);
    if (!mark)
        die(STATUS_USAGE, "%s exists and was not installed by get: it is left alone", path);
    json_decref(mark);
    if (!force)
        die(STATUS_USAGE, "%s is installed already (--force replaces it)", path);
}

/* An earlier try: of the same source it is gone on with, of another it is emptied. */
static void open_partial(struct install *in)
{
    if (mkdir(in->partial, 0755) != 0) {
        if (errno != EEXIST)
            die_errno("%s: cannot create", in->partial);
        json_t *mark = install_source(in->partial);
        if (!mark)
            die(STATUS_USAGE, "%s exists and was not made by get: it is left alone", in->partial);
        if (!json_equal(mark, in->source)) {
            in->fd = open_directory(AT_FDCWD, in->partial);
            if (in->fd < 0)
                die_errno("%s: cannot open", in->partial);
            empty_marked(in->fd, in->partial, mark);
            file_close(in->fd, in->partial);
        }
        json_decref(mark);
    }
    in->fd = open_directory(AT_FDCWD, in->partial);
    if (in->fd < 0)
        die_errno("%s: cannot open", in->partial);
}

struct install *install_begin(const char *models, const char *name, const json_t *source,
                              const struct model_files *files, bool force)
{
    struct install *in = memory_zeroed(1, sizeof *in);
    in->path = memory_format("%s/%s", models, name);
    in->partial = memory_format("%s.partial", in->path);
    in->source = json_deep_copy(source);
    json_t *list = json_object();
    for (size_t i = 0; i < files->count; i++)
        json_object_set_new(
            list, files->at[i].name,
            json_pack("{s:I, s:s}", "size", (json_int_t)files->at[i].size, "digest", files->at[i].digest));
    json_object_set_new(in->source, "files", list);
    refuse_taken(in->path, force);
    in->replaces = force;
    make_directories(in->partial);
    open_partial(in);
    write_mark(in);
    return in;
}

const char *install_partial(const struct install *in) { return in->partial; }

int install_open(struct install *in, const struct model_file *file)
{
    const char *slash = strchr(file->name, '/');
    if (slash) {
        char *parent = memory_format("%.*s", (int)(slash - file->name), file->name);
        if (mkdirat(in->fd, parent, 0755) != 0 && errno != EEXIST)
            die_errno("%s/%s: cannot create", in->partial, parent);
        int directory = open_directory(in->fd, parent); /* a link there is not followed */
        if (directory < 0)
            die_errno("%s/%s: cannot open", in->partial, parent);
        file_close(directory, parent);
        free(parent);
    }
    int fd = openat(in->fd, file->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        die_errno("%s/%s: cannot create", in->partial, file->name);
    return fd;
}

void install_check(struct install *in, const struct model_file *file, int fd)
{
    char found[65];
    if (model_file_check(file, fd, found))
        return;
    remove_file(in->fd, in->partial, file->name);
    die(STATUS_BROKEN,
        "%s came damaged (its digest is %.16s..., expected %.16s...): it was thrown away; try again",
        file->name, found, file->digest);
}

char *install_finish(struct install *in)
{
    if (fsync(in->fd) != 0 && errno != EINVAL)
        die_errno("%s: cannot sync", in->partial);
    file_close(in->fd, in->partial);
    json_t *old = in->replaces ? install_source(in->path) : NULL;
    if (old)
        remove_marked(in->path, old);
    json_decref(old);
    if (rename(in->partial, in->path) != 0)
        die_errno("%s: cannot rename to %s", in->partial, in->path);
    char *path = in->path;
    free(in->partial);
    json_decref(in->source);
    free(in);
    return path;
}

void install_abandon(struct install *in)
{
    file_close(in->fd, in->partial);
    remove_marked(in->partial, in->source);
    free(in->partial);
    free(in->path);
    json_decref(in->source);
    free(in);
}

void install_remove(const char *models, const char *name)
{
    if (!model_file_name_ok(name))
        die(STATUS_USAGE, "'%s' is not the name of an installed model (get --list names them)", name);
    char *path = memory_format("%s/%s", models, name);
    json_t *mark = install_source(path);
    if (!mark)
        die(STATUS_USAGE, "no model '%s' was installed in %s (get --list names them)", name, models);
    remove_marked(path, mark);
    json_decref(mark);
    free(path);
}

/* ---- Listing ---- */

typedef void visitor(void *context, const char *name, const char *path, const json_t *source);

static int not_hidden(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Models lie one or two levels deep: NAME, OWNER/NAME. */
static void list_level(const char *path, const char *prefix, visitor *visit, void *context, int levels)
{
    struct dirent **entries;
    int count = scandir(path, &entries, not_hidden, alphasort);
    if (count < 0 && (errno == ENOENT || errno == ENOTDIR))
        return;
    if (count < 0)
        die_errno("%s: cannot read", path);
    for (int i = 0; i < count; i++) {
        const char *entry = entries[i]->d_name;
        size_t size = strlen(entry);
        bool partial = size > 8 && strcmp(entry + size - 8, ".partial") == 0;
        char *name = memory_format("%s%s", prefix, entry), *inner = memory_format("%s/%s", path, entry);
        json_t *source = partial ? NULL : install_source(inner);
        if (source)
            visit(context, name, inner, source);
        else if (!partial && levels > 1) {
            char *next = memory_format("%s/", name);
            list_level(inner, next, visit, context, levels - 1);
            free(next);
        }
        json_decref(source);
        free(name);
        free(inner);
        free(entries[i]);
    }
    free(entries);
}

void install_list(const char *models, visitor *visit, void *context)
{
    list_level(models, "", visit, context, 2);
}
