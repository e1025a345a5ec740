/* A split made by others: a CSV or TSV file with the columns `id` and `part` (or `fold`).
 * It is held in memory: memory grows with the file. */
#ifndef RUBRIC_CORPUS_SPLIT_FILE_H
#define RUBRIC_CORPUS_SPLIT_FILE_H

#include "base/memory.h"

struct split_file;

/* Reads it whole.  Dies with STATUS_INPUT, naming file and line, on a missing column, an id that
 * comes twice, an empty part, or a fold that is no whole number below `folds` (0: parts instead). */
struct split_file *split_file_open(const char *path, int folds);
void split_file_close(struct split_file *file);

/* The part of `id`, ticked off; dies with STATUS_INPUT when the file does not name it or it came
 * before.  `name` is what messages call the record. */
struct slice split_file_part(struct split_file *file, struct slice id, const char *name);

/* Ticks `id` off, if the file names it: the record came, and keeps a part of its own. */
void split_file_pass(struct split_file *file, struct slice id);

/* Dies with STATUS_INPUT when ids of the file were never ticked off. */
void split_file_check_all_met(const struct split_file *file);

#endif
