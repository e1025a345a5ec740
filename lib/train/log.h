/* What a run says of itself: lines on standard error, and the tables log.csv and epochs.csv in the model
 * directory.  All of it comes from the thread that trains. */
#ifndef RUBRIC_TRAIN_LOG_H
#define RUBRIC_TRAIN_LOG_H

#include "train/csv_log.h"
#include "train/output.h"
#include "train/step.h"

/* Before the first step: what will be done, on which records, with which model.  The config is resolved. */
void log_run(const struct fit_config *config, const struct dataset *dataset, const struct model *model,
             int threads);

struct log {
    struct csv_log steps, epochs;
};

/* Opens the tables, in no directory when `output` is NULL, and cuts them back to these sizes (0: new). */
void log_open(struct log *log, const struct output *output, uint64_t steps_size, uint64_t epochs_size);
void log_close(struct log *log);

/* What was written is on the disk. */
void log_sync(struct log *log);

/* After a step: the number of steps and epochs begun, what it took. */
void log_step(struct log *log, uint64_t step, uint64_t epoch, const struct step_result *result, double rate,
              double step_seconds, double seconds);

/* After an epoch and its evaluation; `selection` is NULL where nothing selects. */
void log_epoch(struct log *log, const struct fit_config *config, uint64_t step, uint64_t epoch,
               const struct metrics *running, const struct metrics *selection, bool best, double seconds);

/* What calibrate_bias returned. */
void log_calibration(double mean);

/* At the end, of a run that selected: which epoch was kept, overfitting and rare classes in words. */
void log_outcome(const struct fit_config *config, const struct classes *classes,
                 const struct outcome *outcome);

#endif
