/* From trained parameters to a model directory that stands. */
#ifndef RUBRIC_TRAIN_SAVE_H
#define RUBRIC_TRAIN_SAVE_H

#include "train/loop.h"

/* Folds the scale into the head, sets what scoring needs, and saves the directory under its final name, with
 * the vocabulary of the directory `vocabulary_from` and the stream's trail, this command at its end.  A
 * signal that was noted meanwhile (base/interrupt.h) ends the process then. */
void fit_save(const struct training *training, const struct outcome *outcome, const char *vocabulary_from,
              const struct command_record *command);

/* Under --resume, when nothing was interrupted: dies with STATUS_USAGE, naming the difference, unless the
 * finished model in the output directory is the one that this run would make. */
void fit_check_finished(const struct output *output, const json_t *identity);

#endif
