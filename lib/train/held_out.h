/* The records that were not trained on: written to the next command, or scored and reported on a terminal.
 * Either is for the time when the model directory stands. */
#ifndef RUBRIC_TRAIN_HELD_OUT_H
#define RUBRIC_TRAIN_HELD_OUT_H

#include "base/pool.h"
#include "train/dataset.h"

/* Writes them in input order, a segment for each that came, whose header names the model in `directory`, the
 * classes, and what selected the model, and is signed with this command. */
void held_out_write(const struct fit_config *config, const struct dataset *dataset,
                    struct stream_writer *writer, const char *directory,
                    const struct command_record *command);

/* Scores them with the model in `directory` and prints the evaluation of those that have a label on standard
 * output, as `predict | evalm` would; says so where there are none. */
void held_out_report(const struct fit_config *config, const struct dataset *dataset, const char *directory,
                     struct pool *pool);

#endif
