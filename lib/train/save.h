/* From trained parameters to a model directory that stands, and what passes on afterwards. */
#ifndef RUBRIC_TRAIN_SAVE_H
#define RUBRIC_TRAIN_SAVE_H

#include "train/loop.h"

/* What a run is: its options, the data, the model it starts from, the build.  Equal identities give equal
 * bytes. */
json_t *fit_identity(const struct fit_config *config, const struct dataset *dataset,
                     const char *model_fingerprint) __attribute__((warn_unused_result));

/* Whether the finished model in the output directory is the one that this run would make (after an
 * interruption between its renaming and the end).  Dies with STATUS_USAGE, naming the difference, when it is
 * another. */
void fit_check_finished(const struct output *output, const json_t *identity);

/* Folds the scale into the head, sets what scoring needs, and saves the directory under its final name.
 * `trail` is the stream's trail with this command at its end. */
void fit_save(const struct training *training, const struct outcome *outcome, const json_t *trail,
              const char *vocabulary_from);

/* Whether the records of val pass on: unless they chose, and there is a test part beside them. */
bool val_passes_on(const struct fit_config *config, const struct dataset *dataset);

/* A segment's header as it passes on, but for the model and the trail: the classes and what chose. */
struct header fit_header(const struct fit_config *config, const struct dataset *dataset, size_t segment);

/* Writes the records that pass on: a segment for each that came, its header with the model, the classes, and
 * what chose. */
void fit_pass_on(const struct fit_config *config, struct dataset *dataset, struct stream_writer *writer,
                 const char *directory, int argc, char **argv, int first);

#endif
