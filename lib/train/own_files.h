/* What fit may delete: the files that it writes, in directories that carry its mark.  Everything else belongs
 * to somebody.
 *
 * The mark of a finished model is the object "run" in "rubric" of config.json, which no other program writes;
 * that of a model under way is the file OUTPUT_LOCK, which begins with OUTPUT_MARK.  A directory is opened
 * once, never through a symbolic link, and what is in it is looked at and removed through the descriptor. */
#ifndef RUBRIC_TRAIN_OWN_FILES_H
#define RUBRIC_TRAIN_OWN_FILES_H

#include <stdbool.h>

#define OUTPUT_CHECKPOINT "checkpoint"
#define OUTPUT_BEST "best"
#define OUTPUT_LOCK "lock"
#define OUTPUT_MARK "rubric: a model under way\n"

/* Opens a directory, which the caller closes; -1, with errno, where there is none.  A symbolic link is
 * none. */
int own_open(const char *path) __attribute__((warn_unused_result));

/* Whether fit finished a model in the directory.  `path` is for messages, here and below. */
bool own_finished(int directory, const char *path) __attribute__((warn_unused_result));

/* Whether nothing at all is in it. */
bool own_nothing(int directory, const char *path) __attribute__((warn_unused_result));

/* Whether the directory has a regular file of that name. */
bool own_has(int directory, const char *path, const char *name) __attribute__((warn_unused_result));

/* The name of an entry that fit does not write, for the caller to free; NULL where there is none. */
char *own_stranger(int directory, const char *path) __attribute__((warn_unused_result));

/* Removes the files that fit writes, but for OUTPUT_LOCK; config.json as the last one, so that a directory
 * that was emptied in part keeps its mark. */
void own_empty(int directory, const char *path);

/* Removes one file; one that is not there is no error. */
void own_remove(int directory, const char *path, const char *name);

#endif
