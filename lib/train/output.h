/* The directory that fit writes: it appears whole or not at all, and nothing that is not fit's own is lost.
 *
 * Everything is written into DIR.partial/, which is its owner's alone and has a lock in it while a fit uses
 * it (own_files.h says what marks it as fit's).  output_finish() syncs it and renames it to DIR, exchanging
 * the two where -f replaces a model.  Until output_begin() nothing that was there is touched.  A process that
 * dies leaves DIR.partial/ behind only when it holds a checkpoint to go on from, or a finished model that
 * could not be renamed. */
#ifndef RUBRIC_TRAIN_OUTPUT_H
#define RUBRIC_TRAIN_OUTPUT_H

#include <stdbool.h>
#include <sys/types.h>

#include "train/own_files.h"

struct output {
    char *directory, *partial;
    bool resumes; /* DIR.partial holds a checkpoint to go on from */
    bool keeps;   /* --resume, and nothing was interrupted: `kept` may be the finished model */
    char *kept;   /* DIR, or DIR.partial where it is yet to be renamed */

    /* of output.c */
    int place;     /* DIR.partial, open */
    int lock;      /* the lock in it, open */
    bool made;     /* DIR.partial was made by this process */
    bool locked;   /* so was the lock */
    bool begun;    /* what is in DIR.partial is this run's */
    bool replaces; /* there was a model in DIR */
    mode_t mode;   /* of the finished directory */
};

/* Checks and locks the place.  Dies with STATUS_USAGE when DIR is no name to be made; when it exists without
 * `force` (with `resume` it may: the caller compares), or with it and is not a model of fit's, or has other
 * files in it; when DIR.partial is not fit's; or when it holds a checkpoint or a finished model and neither
 * `force` nor `resume` says what to do with it.  Dies with STATUS_SYSTEM when another process holds the lock
 * or the place cannot be written. */
struct output *output_claim(const char *directory, bool force, bool resume);

/* Training begins: what an earlier run left in DIR.partial goes, unless it is gone on with. */
void output_begin(struct output *output);

/* The path of a file in DIR.partial; the caller frees. */
char *output_path(const struct output *output, const char *name);

/* The model stands in DIR.partial: syncs and renames it, says so, and releases the place.  From here on the
 * model is never removed: where it cannot be renamed, the message (STATUS_SYSTEM) says where it is. */
void output_finish(struct output *output);

/* Gives the place up.  What was there before output_begin() stays as it was; after it DIR.partial goes,
 * unless it holds a checkpoint. */
void output_abandon(struct output *output);

/* What to do with a finished model in `kept`, once the caller has compared it: it gets its name, if it has
 * not yet. */
void output_keep(struct output *output);

#endif
