/* The files that make a model directory, wherever they come from: a hub, a zip file, another directory. */
#ifndef RUBRIC_FETCH_FILES_H
#define RUBRIC_FETCH_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_FILES_LIMIT = 100000 }; /* files of a repository or an archive, needed or not */

struct model_file {
    char *name;      /* relative to the model directory */
    uint64_t size;   /* bytes */
    char digest[65]; /* hex: SHA-256 (64 digits), or Git's SHA-1 of a blob (40); "": not known */
    uint64_t place;  /* where the source has it: an archive's index */
};

struct model_files {
    struct model_file *at;
    size_t count, capacity;
};

/* Adds a file; `name` is copied. */
struct model_file *model_files_add(struct model_files *files, const char *name, uint64_t size);
const struct model_file *model_files_find(const struct model_files *files, const char *name);
void model_files_free(struct model_files *files);

/* Leaves those that a model directory needs: configuration, tokenizer, pooling, card, licence, and weights
 * (of several kinds the first: safetensors, safetensors in shards, a torch file).  Dies with STATUS_BROKEN,
 * naming `source`, when there is no config.json or are no weights, or when a name could lead out of the
 * directory. */
void model_files_select(struct model_files *files, const char *source);

/* Bytes of all. */
uint64_t model_files_size(const struct model_files *files);

/* Whether `name` is one or more plain components ("1_Pooling/config.json"): no "..", nothing hidden. */
bool model_file_name_ok(const char *name);

/* Whether the file `fd`, read from its start, has its size and digest; what it has goes to `found` [65]. */
bool model_file_check(const struct model_file *file, int fd, char found[65]);

#endif
