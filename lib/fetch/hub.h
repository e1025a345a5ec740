/* A model hub as Hugging Face's answers: which files a repository has at a revision, and where they are.
 *
 * HF_ENDPOINT names the hub (https://huggingface.co), as in the hub's own tools. */
#ifndef RUBRIC_FETCH_HUB_H
#define RUBRIC_FETCH_HUB_H

#include "fetch/files.h"

struct hub_model {
    char *repository;         /* "OWNER/NAME" */
    char *revision;           /* the commit: 40 hex digits */
    char *licence;            /* as the model's card names it; NULL: it names none */
    struct model_files files; /* those that a model directory needs */
};

/* The repository that `name` is short for ("minilm"), `name` itself when it is "OWNER/NAME", else NULL. */
const char *hub_repository(const char *name);

/* The short names, one after another, and what they are short for; NULL behind the last. */
const char *hub_name(size_t index, const char **repository);

/* Asks the hub for a repository's files at `revision` (a branch, tag or commit; NULL: main).  Dies with
 * STATUS_SYSTEM when the hub cannot be reached or refuses, with STATUS_BROKEN when its answer is no such list
 * or the files make no model directory. */
struct hub_model *hub_look_up(const char *repository, const char *revision);
void hub_model_free(struct hub_model *model);

/* Where a file is; the caller frees. */
char *hub_file_url(const struct hub_model *model, const struct model_file *file);

#endif
