/* Files: every open, write, sync and close is checked, and every message names the file. */
#ifndef RUBRIC_BASE_FILE_H
#define RUBRIC_BASE_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* Opens `path` for reading; "-" is standard input.  Dies with STATUS_SYSTEM. */
int file_open(const char *path);

/* Creates `path` for writing, emptying what is there: for files inside a directory of ours.  Follows no
 * symbolic link.  Dies with STATUS_SYSTEM. */
int file_create(const char *path);

/* Whether something is there.  Only "no such file" is a no: where one cannot look, it dies
 * (STATUS_SYSTEM). */
bool file_exists(const char *path);

/* What messages call it: the path, "standard input", or '' for an empty path. */
const char *file_name(const char *path);

/* What stands behind a path's last slash that has something behind it: "b" of "a/b/"; "/" of "/". */
struct slice file_last_component(const char *path);

/* read() until `size` bytes or the end of the input; returns the bytes read, dies on an error. */
size_t file_read(int fd, void *to, size_t size, const char *name);

/* One read(), restarted after a signal: 0 at the end of the input. */
size_t file_read_some(int fd, void *to, size_t size, const char *name);

/* write() until all is written; dies with STATUS_SYSTEM ("cannot write to NAME: ...").
 * Where nobody reads standard output any more, ends the process quietly, as SIGPIPE does. */
void file_write(int fd, const void *from, size_t size, const char *name);

/* close(), checked. */
void file_close(int fd, const char *name);

/* The bytes of a whole file, read-only.  `at` is never NULL. */
struct file_view {
    const char *at;
    size_t size;
    struct file_map *map; /* NULL: the bytes were read */
};

/* Reads all of a file, or of standard input, to its end; at most `limit` bytes (STATUS_BROKEN beyond). */
struct file_view file_view(const char *path, uint64_t limit);

/* The same of a file that lies among others of ours, as in a model directory: STATUS_BROKEN unless it is a
 * regular file.  Never waits for anybody, and ends whatever happens to the file. */
struct file_view file_view_regular(const char *path, uint64_t limit);

/* The same, mapped instead of read.  The file can still be written to: file_view_check() tells, and whoever
 * reads bytes that were cut off ends the process with STATUS_BROKEN and a message. */
struct file_view file_view_mapped(const char *path, uint64_t limit);

/* Dies with STATUS_BROKEN when a mapped file was written to since it was mapped.  That it was renamed or
 * replaced does not matter.  One system call. */
void file_view_check(const struct file_view *view);

void file_unview(struct file_view *view);

/* Opens a regular file of at most `limit` bytes, whose number goes to `*size`: STATUS_BROKEN for what is no
 * regular file, or larger. */
int file_open_regular(const char *path, uint64_t limit, uint64_t *size);

/* ---- Files that an option names to be written ---- */

/* A file under way, or standard output.  It comes into being with its first byte: a command that fails before
 * that leaves nothing, and what was there as it was. */
struct file_output {
    const char *name; /* for messages; the path, kept by reference, or "standard output" */
    int fd;           /* -1: not created yet */
    bool replaces;    /* a file is there, and is to be written over */
    bool confidential;
};

/* Looks whether `path` (NULL and "-": standard output) can be written.  A regular file that is there, or a
 * block device, is refused (STATUS_USAGE) without `force`; pipes and character devices are opened; a name of
 * the file that standard output goes to is standard output.  `confidential`: a new file is its owner's alone,
 * else as the umask says. */
struct file_output file_output_open(const char *path, bool force, bool confidential);

/* file_write, after creating the file; dies (STATUS_SYSTEM) when one has appeared in the meantime. */
void file_output_write(struct file_output *output, const void *from, size_t size);

/* Creates the file if nothing was written; close(), checked. */
void file_output_close(struct file_output *output);

/* ---- Files and directories of our own ---- */

/* Writes a file and syncs it: for files inside a directory that is renamed into place later. */
void file_save(const char *path, const void *bytes, size_t size);

/* fsync of a directory (what makes a rename last). */
void directory_sync(const char *path);

/* The name of the next entry of an open directory, without "." and "..": valid until the next call; NULL
 * after the last. `path` is for messages. */
const char *directory_next(DIR *directory, const char *path);

/* The directory that `path` lies in: "." for a name alone.  The caller frees. */
char *file_parent(const char *path);

/* The path of what is installed with this program: `relative` to the directory of its executable
 * ("../../share/rubric/default").  Installed or in the build directory, the layout is the same.
 * The caller frees. */
char *file_beside_program(const char *relative);

/* An unlinked temporary file in $TMPDIR, else /tmp. */
int file_temporary(const char *what);

#endif
