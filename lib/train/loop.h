/* The run: epochs of steps, an evaluation after each, the best epoch kept.
 *
 * The same data, config, model and build of rubric give the same parameters, bit for bit, whatever the number
 * of threads and however often the run was interrupted and resumed. */
#ifndef RUBRIC_TRAIN_LOOP_H
#define RUBRIC_TRAIN_LOOP_H

#include "base/pool.h"
#include "model/model.h"
#include "train/checkpoint.h"

/* What a run works on; all borrowed. */
struct training {
    const struct fit_config *config; /* resolved */
    const struct dataset *dataset;
    struct model *model; /* params are trained in place */
    struct objective *objective;
    struct output *output; /* NULL: of a try, which leaves nothing */
    struct pool *pool;
    const json_t *identity;    /* what must be equal to resume */
    double checkpoint_seconds; /* between two checkpoints */
};

/* Trains, or goes on from the checkpoint in the output directory.  At the end model->params are those of the
 * kept epoch, the objective has its thresholds, and optimizer.safetensors, log.csv and epochs.csv lie in
 * DIR.partial.
 *
 * SIGTERM, SIGINT and SIGHUP save a checkpoint and end the process by that signal, at the latest after the
 * step, or after the 64 examples of an evaluation, that is under way.  They are still only noted on return
 * (base/interrupt.h): fit_save, or interrupt_end, ends that.
 *
 * A loss or gradient that is not finite ends the process with STATUS_SYSTEM, naming step and records. */
void training_run(const struct training *training, struct outcome *outcome);

/* Takes a few steps and says what the whole run would take: steps, parameters, memory, time.  Leaves the
 * model changed. */
void training_try(const struct training *training);

#endif
