/* The run: epochs of steps, an evaluation after each, the best epoch kept.
 *
 * The same data, plan, model and build of rubric give the same parameters, bit for bit, whatever the number
 * of threads and however often the run was interrupted and resumed. */
#ifndef RUBRIC_TRAIN_LOOP_H
#define RUBRIC_TRAIN_LOOP_H

#include "base/pool.h"
#include "model/model.h"
#include "train/checkpoint.h"
#include "train/objective.h"
#include "train/dataset.h"
#include "train/output.h"
#include "train/config.h"

/* What a run works on; all borrowed. */
struct training {
    const struct fit_config *config; /* resolved */
    struct dataset *dataset;
    struct model *model; /* params are trained in place */
    struct objective *objective;
    struct output *output; /* NULL: of a try, which leaves nothing */
    struct pool *pool;
    const json_t *identity;    /* what must be equal to resume */
    double checkpoint_seconds; /* between two checkpoints */
};

/* What came of it. */
struct outcome {
    uint64_t steps, epochs;  /* taken */
    uint64_t kept_epoch;     /* 1 .. */
    uint64_t best_epoch;     /* by the records that chose; 0: none did */
    bool chose;              /* by records that were not trained on */
    struct metrics training; /* the kept epoch's, as its steps saw them (of the last epoch after a resume) */
    struct metrics choosing; /* of the kept parameters on the records that chose */
    bool overfitted;         /* training went on falling after the best epoch while the other got worse */
    double seconds;
};
void outcome_free(struct outcome *outcome);

/* Trains; at the end model->params are those of the kept epoch and optimizer.safetensors, log.csv and
 * epochs.csv lie in DIR.partial.  SIGTERM, SIGINT and SIGHUP save a checkpoint and end the process by that
 * signal.  A loss or gradient that is not finite ends it with STATUS_SYSTEM, naming step and records. */
void training_run(const struct training *training, struct outcome *outcome);

/* Takes a few steps and says what the whole run would take: steps, parameters, memory, time.  Leaves the
 * model changed. */
void training_try(const struct training *training);

/* Steps that the whole run takes. */
uint64_t training_steps(const struct fit_config *config, uint64_t examples);

/* The examples trained on and those that choose, under a plan; false when nothing chooses. */
struct source training_source(const struct fit_config *config, struct dataset *dataset);
bool choosing_source(const struct fit_config *config, struct dataset *dataset, struct source *source);

#endif
