/* Embeddings: what `embed` adds to headers and records. */
#ifndef RUBRIC_PREDICT_EMBEDDING_H
#define RUBRIC_PREDICT_EMBEDDING_H

#include "base/options.h"
#include "predict/batch.h"

/* The number of layers that a directory's encoder has. */
int embedding_layers(const char *directory);

/* The shape's pooling and layers as `embed` is asked for them: `layers` is a list of numbers, ascending
 * (empty: the top one).  Dies with STATUS_USAGE. */
struct shape embedding_shape(const char *directory, const struct text_list *layers, enum pooling pool);

/* Turns a tokens header into a vectors header: kind, "dim", "layers", "pool", "encoder".  What described the
 * tokens stays, for a head that is trained on the vectors must know how its texts were treated. */
void embedding_header(struct header *header, const struct model *model);

/* Replaces a record's ids, types and windows by "vec": [X] numbers, or under POOL_NONE an array of T such
 * arrays. */
void embedding_set(const struct batch_result *result, const struct model *model);

#endif
