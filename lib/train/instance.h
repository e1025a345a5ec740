/* One essay (or its vector) as training reads it, and its compact form in a spool.
 *
 * The compact form is private to one process (host byte order); ids take two bytes each where all fit. */
#ifndef RUBRIC_TRAIN_INSTANCE_H
#define RUBRIC_TRAIN_INSTANCE_H

#include <stdint.h>

#include "nn/network.h"
#include "stream/stream.h"

struct instance {
    struct example example; /* of tokens; else all zero */
    const float *vector;    /* [width] of vectors; else NULL */
    size_t width;
    int32_t label;    /* index in the label table, in the order met; -1: more labels than a table holds */
    double value;     /* the label as a number; 0 for strings */
    double weight;    /* of the record */
    struct slice id;
};

/* Memory behind one instance, reused from one to the next.  Start with {0}. */
struct instance_store {
    struct buffer bytes, id;
    struct int_array ids, types, windows;
    struct float_array vector;
};
void instance_store_free(struct instance_store *store);

/* An instance from a record of tokens or, with `vectors`, of vectors; the caller sets `label`.  Arrays go to
 * `store`. Dies with STATUS_BROKEN when the payload is missing or does not fit together. */
void instance_read(const struct record *record, bool vectors, struct instance_store *store,
                   struct instance *out);

/* Appends the compact form. */
void instance_pack(const struct instance *instance, struct buffer *out);

/* Back from the compact form; `packed` may lie in store->bytes. */
void instance_unpack(struct slice packed, struct instance_store *store, struct instance *out);

#endif
