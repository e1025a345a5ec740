/* What tells one model directory from another, and from itself after a change. */
#ifndef RUBRIC_MODEL_FINGERPRINT_H
#define RUBRIC_MODEL_FINGERPRINT_H

#include <stdbool.h>
#include <sys/stat.h>

/* The print of a directory: hex XXH3-128 over the bytes of config.json, tokenizer_config.json and the
 * weights, where there are such files.  A directory that model_save wrote binds its vocabulary through
 * config.json.  Neither the directory's name nor file times matter.  Dies with STATUS_SYSTEM when a file
 * cannot be read, and with STATUS_BROKEN when it is no regular file or too large. */
void model_fingerprint(const char *directory, char fingerprint[65]);

/* The files of a directory at a moment: which they are, and when they were changed. */
enum { SNAPSHOT_FILES = 8 };
struct model_snapshot {
    struct {
        bool there;
        struct stat about;
    } files[SNAPSHOT_FILES];
};
struct model_snapshot model_snapshot(const char *directory);

/* Dies with STATUS_BROKEN when one was changed, replaced, added or removed since: what was read in between
 * may come from two models. */
void model_snapshot_check(const struct model_snapshot *then, const char *directory);

#endif
