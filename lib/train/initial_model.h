/* The model that training starts from. */
#ifndef RUBRIC_TRAIN_INITIAL_MODEL_H
#define RUBRIC_TRAIN_INITIAL_MODEL_H

#include "linear/linear.h"
#include "model/model.h"
#include "train/config.h"
#include "train/objective.h"

struct initial_model {
    const struct fit_config *config; /* borrowed */
    struct model *settings;          /* the directory, without its weights */
    struct shape shape;              /* what ids must fit: of `settings`, or of --shape; of vectors, with the
                                      * head's inputs */
    /* Of vectors; 0 of tokens: */
    size_t width;          /* numbers of a vector */
    enum linear_kind head; /* that will be fitted */
    size_t parameters;     /* of the encoder that is saved with the head */
};

/* Finds the directory: `option` (-m; NULL: the header's model, $RUBRIC_MODEL, the installed default).  Dies
 * with STATUS_BROKEN when the stream's first header does not fit it, with STATUS_USAGE when it does not fit
 * the options. */
void initial_model_find(struct initial_model *initial, const char *option, const struct header *header,
                        const struct fit_config *config);
void initial_model_free(struct initial_model *initial);

/* Dies with STATUS_BROKEN unless a segment was made with this model: its tokens with the same vocabulary, its
 * vectors by the same encoder. */
void initial_model_check(const struct initial_model *initial, const struct header *header);

/* The model with a head for the objective: weights from the directory, or drawn (--scratch).  A head that was
 * trained with the same loss on as many classes is kept and trained on. */
struct model *initial_model_open(const struct initial_model *initial, const struct objective *objective);

/* The encoder that made the vectors, up to the highest layer they read, with a head of C outputs and E
 * further parameters that the caller fills. */
struct model *initial_model_open_encoder(const struct initial_model *initial, int C, int E);

#endif
