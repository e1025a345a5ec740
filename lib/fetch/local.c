#include "fetch/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

enum { RECORD_LIMIT = 16 << 20, PIECE = 1 << 18 };

struct local {
    char *path;
    zip_t *zip; /* NULL: a directory */
    char *root; /* of the model in the zip, with its slash; "" at the top */
    struct model_files files;
};

/* ---- Zip files ---- */

static struct zip_stat entry_stat(const struct local *l, uint64_t index)
{
    struct zip_stat about;
    zip_uint64_t need = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    if (zip_stat_index(l->zip, index, 0, &about) != 0 || (about.valid & need) != need)
        die(STATUS_BROKEN, "%s: entry %llu of the archive cannot be read: %s", l->path,
            (unsigned long long)index, zip_strerror(l->zip));
    return about;
}

static bool has_entry(const struct local *l, const char *root, size_t size, const char *name)
{
    char *path = memory_format("%.*s%s", (int)size, root, name);
    bool there = zip_name_locate(l->zip, path, 0) >= 0;
    free(path);
    return there;
}

/* Whether `name` is the config.json of a model; `size` becomes that of what stands before it. */
static bool is_model_config(const struct local *l, const char *name, size_t *size)
{
    const char *slash = strrchr(name, '/');
    *size = slash ? (size_t)(slash + 1 - name) : 0;
    if (strcmp(name + *size, "config.json") != 0)
        return false;
    return has_entry(l, name, *size, "model.safetensors") ||
           has_entry(l, name, *size, "model.safetensors.index.json") ||
           has_entry(l, name, *size, "pytorch_model.bin");
}

static void find_root(struct local *l, uint64_t entries)
{
    for (uint64_t i = 0; i < entries; i++) {
        struct zip_stat about = entry_stat(l, i);
        size_t size;
        if (!is_model_config(l, about.name, &size))
            continue;
        if (l->root)
            die(STATUS_BROKEN,
                "%s holds several models ('%s' and '%.*s'): unpack it and give one's directory", l->path,
                l->root, (int)size, about.name);
        l->root = memory_format("%.*s", (int)size, about.name);
    }
    if (!l->root)
        die(STATUS_BROKEN,
            "%s: no model directory in it: expected config.json beside model.safetensors or "
            "pytorch_model.bin",
            l->path);
}

static void list_entries(struct local *l, uint64_t entries)
{
    size_t size = strlen(l->root);
    for (uint64_t i = 0; i < entries; i++) {
        struct zip_stat about = entry_stat(l, i);
        size_t length = strlen(about.name);
        if (strncmp(about.name, l->root, size) == 0 && length > size && about.name[length - 1] != '/')
            model_files_add(&l->files, about.name + size, about.size)->place = i;
    }
}

/* 43 digits of base64url, as RECORD has them, to 64 of hex; false when they are not. */
static bool digest_from_base64(const char *text, size_t size, char hex[65])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char digits[] = "0123456789abcdef";
    if (size != 43)
        return false;
    uint32_t bits = 0;
    size_t have = 0, used = 0;
    for (size_t i = 0; i < size; i++) {
        const char *place = memchr(alphabet, text[i], 64);
        if (!place)
            return false;
        bits = bits << 6 | (uint32_t)(place - alphabet);
        for (have += 6; have >= 4 && used < 64; have -= 4)
            hex[used++] = digits[bits >> (have - 4) & 15];
    }
    hex[64] = '\0';
    return used == 64;
}

/* One line of RECORD: PATH,sha256=DIGEST,SIZE. */
static void take_record(struct local *l, const char *line, size_t size)
{
    const char *comma = memchr(line, ',', size);
    size_t root = strlen(l->root), path = comma ? (size_t)(comma - line) : 0;
    if (path <= root || strncmp(line, l->root, root) != 0 || strncmp(comma, ",sha256=", 8) != 0)
        return;
    const char *digest = comma + 8, *end = memchr(digest, ',', size - path - 8);
    for (size_t i = 0; i < l->files.count; i++) {
        struct model_file *file = &l->files.at[i];
        char hex[65];
        if (strlen(file->name) == path - root && memcmp(file->name, line + root, path - root) == 0 && end &&
            digest_from_base64(digest, (size_t)(end - digest), hex))
            memcpy(file->digest, hex, sizeof hex);
    }
}

static void read_record(struct local *l, uint64_t entries)
{
    for (uint64_t i = 0; i < entries; i++) {
        struct zip_stat about = entry_stat(l, i);
        const char *slash = strchr(about.name, '/');
        size_t length = slash ? (size_t)(slash - about.name) : 0;
        if (length < 10 || memcmp(slash - 10, ".dist-info", 10) != 0 || strcmp(slash, "/RECORD") != 0 ||
            about.size > RECORD_LIMIT)
            continue;
        zip_file_t *file = zip_fopen_index(l->zip, i, 0);
        char *text = memory_new(about.size + 1, 1);
        zip_int64_t got = file ? zip_fread(file, text, about.size) : -1;
        if (got < 0)
            die(STATUS_BROKEN, "%s: %s cannot be read: %s", l->path, about.name, zip_strerror(l->zip));
        text[got] = '\0';
        for (char *line = text; *line;) {
            size_t size = strcspn(line, "\r\n");
            take_record(l, line, size);
            line += size + strspn(line + size, "\r\n");
        }
        free(text);
        zip_fclose(file);
    }
}

static void open_zip(struct local *l)
{
    int code;
    l->zip = zip_open(l->path, ZIP_RDONLY, &code);
    if (!l->zip) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        die(STATUS_BROKEN, "%s: %s: expected a zip file (a Python wheel is one) or a model directory",
            l->path, zip_error_strerror(&error));
    }
    zip_int64_t entries = zip_get_num_entries(l->zip, 0);
    if (entries < 0 || entries > MODEL_FILES_LIMIT)
        die(STATUS_BROKEN, "%s: %lld entries: expected at most %d", l->path, (long long)entries,
            MODEL_FILES_LIMIT);
    find_root(l, (uint64_t)entries);
    list_entries(l, (uint64_t)entries);
    model_files_select(&l->files, l->path);
    read_record(l, (uint64_t)entries);
}

/* ---- Directories ---- */

/* `below`: how many levels further down to look, for "1_Pooling/config.json". */
static void list_directory(struct local *l, const char *prefix, int below)
{
    char *path = memory_format("%s/%s", l->path, prefix);
    DIR *directory = opendir(path);
    if (!directory)
        die_errno("%s: cannot open", path);
    for (const char *entry; (entry = directory_next(directory, path));) {
        struct stat about;
        if (*entry == '.' || fstatat(dirfd(directory), entry, &about, 0) != 0)
            continue;
        char *name = memory_format("%s%s", prefix, entry);
        if (S_ISREG(about.st_mode))
            model_files_add(&l->files, name, (uint64_t)about.st_size);
        else if (S_ISDIR(about.st_mode) && below > 0) {
            char *inner = memory_format("%s/", name);
            list_directory(l, inner, below - 1);
            free(inner);
        }
        free(name);
        if (l->files.count > MODEL_FILES_LIMIT)
            die(STATUS_BROKEN, "%s: more than %d files: expected a model directory", l->path,
                MODEL_FILES_LIMIT);
    }
    closedir(directory);
    free(path);
}

/* ---- Both ---- */

struct local *local_open(const char *path)
{
    struct local *l = memory_zeroed(1, sizeof *l);
    l->path = memory_string(path);
    struct stat about;
    if (stat(path, &about) != 0)
        die_errno("%s: cannot open", path);
    if (S_ISDIR(about.st_mode)) {
        list_directory(l, "", 1);
        model_files_select(&l->files, path);
    } else if (S_ISREG(about.st_mode)) {
        open_zip(l);
    } else {
        die(STATUS_USAGE, "%s is not a file or directory", path);
    }
    for (size_t i = 0; i < l->files.count; i++)
        if (model_files_find(&l->files, l->files.at[i].name) != &l->files.at[i])
            die(STATUS_BROKEN, "%s holds %s twice", path, l->files.at[i].name);
    return l;
}

void local_close(struct local *l)
{
    if (l->zip)
        zip_discard(l->zip);
    model_files_free(&l->files);
    free(l->root);
    free(l->path);
    free(l);
}

const struct model_files *local_files(const struct local *l) { return &l->files; }

/* The last component, up to the first "-" of "name-1.0-py3-none-any.whl" or the suffix. */
char *local_name(const struct local *l)
{
    size_t size = strlen(l->path);
    while (size > 1 && l->path[size - 1] == '/')
        size--;
    size_t start = size;
    while (start > 0 && l->path[start - 1] != '/')
        start--;
    char *name = memory_format("%.*s", (int)(size - start), l->path + start);
    size_t length = strlen(name);
    if (l->zip && length > 4 && strcmp(name + length - 4, ".whl") == 0)
        name[strcspn(name, "-")] = '\0';
    else if (l->zip && length > 4 && strcmp(name + length - 4, ".zip") == 0)
        name[length - 4] = '\0';
    return name;
}

static void copy_entry(struct local *l, const struct model_file *file, int fd, struct progress *progress,
                       uint64_t before)
{
    zip_file_t *entry = zip_fopen_index(l->zip, file->place, 0);
    if (!entry)
        die(STATUS_BROKEN, "%s: %s: %s", l->path, file->name, zip_strerror(l->zip));
    char *piece = memory_new(PIECE, 1);
    uint64_t done = 0;
    for (zip_int64_t got; (got = zip_fread(entry, piece, PIECE)) != 0; done += (uint64_t)got) {
        if (got < 0 || done + (uint64_t)got > file->size)
            die(STATUS_BROKEN, "%s: %s is damaged: %s", l->path, file->name,
                got < 0 ? zip_file_strerror(entry) : "longer than the archive says");
        file_write(fd, piece, (size_t)got, file->name);
        progress_update(progress, before + done);
    }
    free(piece);
    if (zip_fclose(entry) != 0)
        die(STATUS_BROKEN, "%s: %s is damaged", l->path, file->name);
}

static void copy_file(struct local *l, const struct model_file *file, int fd, struct progress *progress,
                      uint64_t before)
{
    char *path = memory_format("%s/%s", l->path, file->name);
    int from = file_open(path);
    char *piece = memory_new(PIECE, 1);
    uint64_t done = 0;
    for (size_t got; (got = file_read_some(from, piece, PIECE, path)) > 0; done += got) {
        file_write(fd, piece, got, file->name);
        progress_update(progress, before + done);
    }
    free(piece);
    file_close(from, path);
    free(path);
}

void local_copy(struct local *l, const struct model_file *file, int fd, struct progress *progress,
                uint64_t before)
{
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        die_errno("%s: cannot start over", file->name);
    (l->zip ? copy_entry : copy_file)(l, file, fd, progress, before);
}
