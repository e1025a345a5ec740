/* A model directory that appears whole or not at all.
 *
 * It is written as NAME.partial beside its place and renamed once every file has its size and digest.  What
 * `get` makes carries its mark, the file source.json: only directories with it are ever emptied, replaced or
 * removed, and of them only the files that it lists. */
#ifndef RUBRIC_FETCH_INSTALL_H
#define RUBRIC_FETCH_INSTALL_H

#include <jansson.h>

#include "fetch/files.h"

struct install;

/* Begins to install `name` ("minilm", "OWNER/NAME") in the directory `models`, which is made if it is
 * missing.
 *   source   what source.json will say: "from", "revision", "licence", ...; its files are added here
 *   force    replace a model of that name
 * An interrupted installation of the same source is gone on with; one of another source is emptied.  Dies
 * with STATUS_USAGE when the name is taken, STATUS_SYSTEM when the place cannot be written. */
struct install *install_begin(const char *models, const char *name, const json_t *source,
                              const struct model_files *files, bool force);

/* The file opened for reading and writing, made if it is missing; its directory too.  Never follows a
 * link. */
int install_open(struct install *install, const struct model_file *file);

/* Dies with STATUS_BROKEN, and removes the file, when it has not its size or digest. */
void install_check(struct install *install, const struct model_file *file, int fd);

/* Syncs, renames, and frees.  The place's path is returned; the caller frees. */
char *install_finish(struct install *install) __attribute__((warn_unused_result));

/* The directory so far, "MODELS/NAME.partial". */
const char *install_partial(const struct install *install);

/* Removes what is there of an installation that cannot succeed. */
void install_abandon(struct install *install);

/* The source.json of the directory `path`; NULL when it has none. */
json_t *install_source(const char *path) __attribute__((warn_unused_result));

/* Removes an installed model.  Dies with STATUS_USAGE when there is none, or one that `get` did not
 * install. */
void install_remove(const char *models, const char *name);

/* Calls `visit` with the name, path and source.json of each model installed in `models`, by name. */
void install_list(const char *models,
                  void (*visit)(void *context, const char *name, const char *path, const json_t *source),
                  void *context);

#endif
