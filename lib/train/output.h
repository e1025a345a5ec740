/* The directory that fit writes: it appears whole or not at all.
 *
 * Everything is written into DIR.partial/, which is locked while a fit uses it.  output_finish() syncs it and
 * renames it to DIR (exchanging the two where -f replaces a model).  A process that dies leaves DIR.partial/
 * behind only when it holds a checkpoint to go on from. */
#ifndef RUBRIC_TRAIN_OUTPUT_H
#define RUBRIC_TRAIN_OUTPUT_H

#include <stdbool.h>

struct output {
    char *directory, *partial;
    int lock;
    bool exists;  /* there is a model in DIR */
    bool resumes; /* DIR.partial holds a checkpoint to go on from */
    bool keeps;   /* --resume, and nothing was interrupted: DIR may be the finished model */
};

/* Checks and locks the place.  Dies with STATUS_USAGE when DIR is no name to be made, when it exists without
 * `force` (with `resume` it may: the caller compares) or is no model directory, or when DIR.partial holds a
 * checkpoint and neither `force` nor `resume` says what to do with it; with STATUS_SYSTEM when another process
 * holds the lock or the place cannot be written. */
struct output *output_claim(const char *directory, bool force, bool resume);

/* The path of a file in DIR.partial; the caller frees. */
char *output_path(const struct output *output, const char *name);

/* Syncs and renames, and says so.  Files called OUTPUT_CHECKPOINT and OUTPUT_BEST are removed first. */
void output_finish(struct output *output);

/* Gives the place up: DIR.partial goes, unless it holds a checkpoint. */
void output_abandon(struct output *output);

#define OUTPUT_CHECKPOINT "checkpoint"
#define OUTPUT_BEST "best"

#endif
