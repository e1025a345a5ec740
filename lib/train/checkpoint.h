/* The state of a run between two steps, so that an interrupted run goes on as if nothing had happened.
 *
 * One file, written beside the old one, synced and renamed over it: a line that names the format, the size
 * and text of a JSON object (the run's identity and how far it is), the blocks of floats, and XXH3-64 of all
 * of it.  It belongs to the machine and build that wrote it. */
#ifndef RUBRIC_TRAIN_CHECKPOINT_H
#define RUBRIC_TRAIN_CHECKPOINT_H

#include <jansson.h>

#include "train/metrics.h"
#include "train/output.h"

/* ---- What a run is ---- */

/* Its options, the data, the model it starts from (`fingerprint`), the build.  Equal identities give equal
 * bytes. */
json_t *run_identity(const struct fit_config *config, const struct dataset *dataset, const char *fingerprint)
    __attribute__((warn_unused_result));

/* Dies with STATUS_USAGE, beginning with `where`, when two identities differ: names the first difference. */
void run_identity_compare(const json_t *was, const json_t *is, const char *where);

/* ---- How far it is ---- */

struct run_state {
    uint64_t step;          /* steps taken */
    uint64_t epoch;         /* the epoch under way, from 0 */
    uint64_t position;      /* examples of it that are done */
    struct metrics running; /* of it, as the steps saw them; after its end of the last one */
    uint64_t best_epoch;    /* 1 .. ; 0: none yet */
    double best_value, best_loss, best_training_loss;
    double last_loss, last_training_loss; /* of the latest epoch that ended */
    uint64_t since_best;                  /* epochs */
    uint64_t log_size, epochs_size;       /* bytes of log.csv and epochs.csv */
    double seconds;                       /* spent so far */
};

struct float_block {
    float *at;
    size_t count;
};

void checkpoint_save(const struct output *output, const json_t *identity, const struct run_state *state,
                     const struct float_block *blocks, size_t block_count);

/* Fills `state`, whose metrics are initialised, and the blocks.  Dies with STATUS_BROKEN when the file is
 * damaged, and as run_identity_compare when it is another run's. */
void checkpoint_load(const struct output *output, const json_t *identity, struct run_state *state,
                     const struct float_block *blocks, size_t block_count);

/* A block alone, for the best epoch's parameters: written and renamed in the same way. */
void block_save(const struct output *output, const char *name, const struct float_block *block);
void block_load(const struct output *output, const char *name, const struct float_block *block);

#endif
