/* Records computed side by side and given back in the order they came.
 *
 * Records are held until there are enough to keep all workers busy, computed longest first, each by itself
 * (what is said of one never depends on which others are held), and then taken in order:
 *
 *     for (struct record *r; stream_read(in, &r);) {
 *         batch_put(batch, r);
 *         for (struct batch_result got; batch_take(batch, &got);) ...
 *     }
 *     batch_flush(batch);
 *     for (struct batch_result got; batch_take(batch, &got);) ...
 *
 * Memory: 64 records a worker, or fewer where they are large (16 MiB of records, 4 Mi numbers of results). */
#ifndef RUBRIC_PREDICT_BATCH_H
#define RUBRIC_PREDICT_BATCH_H

#include "base/pool.h"
#include "model/model.h"

enum batch_work {
    BATCH_LOGITS, /* tokens to the head's outputs [C] */
    BATCH_EMBED,  /* tokens to pooled vectors [X], or [T, X] under POOL_NONE */
    BATCH_HEAD,   /* vectors [X] to the head's outputs [C] */
};

struct batch_result {
    struct record *record; /* may be changed; lives until the next batch_take or batch_put */
    const float *values;   /* NULL for a record without a payload that says why in its field "bad" */
    size_t count;
    size_t tokens; /* T over all windows; 0 for vectors */
};

struct batch;

/* `model` and `pool` are borrowed. */
struct batch *batch_new(const struct model *model, enum batch_work work, struct pool *pool);
void batch_free(struct batch *batch);

/* The label type of the records that follow (a segment's header). */
void batch_begin(struct batch *batch, enum label_type y);

/* Copies a record.  Dies with STATUS_BROKEN, naming it, when its payload is missing or does not fit the
 * model. */
void batch_put(struct batch *batch, const struct record *record);

/* Computes what is held, to be taken. */
void batch_flush(struct batch *batch);

/* The next record that was computed; false when there is none (put more, or flush). */
bool batch_take(struct batch *batch, struct batch_result *result);

#endif
