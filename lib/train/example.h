/* One essay (or its vector) as training reads it, and its compact form in a spool.
 *
 * The compact form is private to one process (host byte order); ids take two bytes each where all fit. */
#ifndef RUBRIC_TRAIN_EXAMPLE_H
#define RUBRIC_TRAIN_EXAMPLE_H

#include <stdint.h>

#include "nn/network.h"
#include "stream/stream.h"

struct example {
    struct network_input input; /* of tokens; else all zero */
    const float *vector;        /* [width] of vectors; else NULL */
    size_t width;
    int32_t label; /* index in the label table, in the order met; -1: more labels than a table holds */
    double value;  /* the label as a number; 0 for strings */
    double weight; /* of the record */
    struct slice id;
};

/* Memory behind one example, reused from one to the next.  Start with {0}. */
struct example_store {
    struct buffer bytes, id;
    struct int_array ids, types, windows;
    struct float_array vector;
};
void example_store_free(struct example_store *store);

/* An example from a record of tokens or, with `vectors`, of vectors; the caller sets `label`.  Arrays go to
 * `store`. Dies with STATUS_BROKEN when the payload is missing or does not fit together. */
void example_read(const struct record *record, bool vectors, struct example_store *store,
                  struct example *out);

/* Appends the compact form. */
void example_pack(const struct example *example, struct buffer *out);

/* Back from the compact form; `packed` may lie in store->bytes. */
void example_unpack(struct slice packed, struct example_store *store, struct example *out);

#endif
