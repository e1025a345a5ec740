/* The model that training starts from. */
#ifndef RUBRIC_TRAIN_INITIAL_MODEL_H
#define RUBRIC_TRAIN_INITIAL_MODEL_H

#include "model/model.h"
#include "train/budget.h"
#include "train/objective.h"
#include "train/config.h"

/* Which directory training starts from, found when the stream's first header is read. */
struct initial_model {
    const char *option; /* -m; NULL: the header's, $RUBRIC_MODEL, the installed default */
    const struct fit_config *config;
    int threads;
    uint64_t memory;        /* --memory: a line for the whole run; 0: none */
    struct model *settings; /* that directory without its weights */
    int head;               /* enum linear_kind that will be fitted, if these are vectors */
    struct shape
        shape;    /* what ids must fit: of `settings`, or of --shape; of vectors, with the head's inputs */
    size_t width; /* numbers of a vector, 0 for tokens */
    size_t parameters; /* of vectors: of the encoder that is saved with the head */
};

/* For dataset_request: finds the model at the first header, and refuses headers that do not fit it. */
void initial_model_check_header(void *context, const struct header *header);

/* For dataset_request: how much of what is read may stay in memory.  Dies with STATUS_USAGE, naming the least
 * that will do, when --memory is below what is needed anyhow: of tokens once the longest text is known, of
 * vectors as soon as those that have come are too many. */
uint64_t initial_model_room(void *context, const struct extent *extent);

/* The model with a head for the objective: weights from the directory, or drawn (--scratch).  A head that was
 * trained with the same loss on as many classes is kept and trained on. */
struct model *initial_model_open(const struct initial_model *initial, const struct objective *objective);

/* The encoder that made the vectors, cut at the highest layer they read, with room for a head of C outputs
 * and E further parameters. */
struct model *initial_model_open_encoder(const struct initial_model *initial, int outputs, int extras);

void initial_model_free(struct initial_model *initial);

#endif
