/* From a weights file to the parameter block: names in all their spellings, heads that are skipped. */
#ifndef RUBRIC_MODEL_WEIGHTS_H
#define RUBRIC_MODEL_WEIGHTS_H

#include "model/tensors.h"
#include "nn/network.h"

/* The weights file of a directory (model.safetensors, else pytorch_model.bin), opened; NULL when the
 * directory has none.  Dies with STATUS_BROKEN, naming the file, when there are weights only in formats that
 * rubric does not read. */
struct tensors *weights_open(const char *directory);

/* The name a parameter has in the files rubric writes: its own, but "rubric.head.weight" and
 * "rubric.head.bias" for a head that Hugging Face's class cannot express. */
const char *weights_name(const struct layout *layout, const struct parameter *p);

/* The tensor for a parameter, under any of its spellings: with or without "bert.", gamma and beta for the
 * weight and bias of layer norms; NULL when the file has none.  Dies with STATUS_BROKEN when it has two. */
const struct tensor *weights_find(const struct tensors *tensors, const struct layout *layout,
                                  const struct parameter *p);

/* Whether the tensor has the parameter's shape. */
bool weights_fit(const struct tensor *tensor, const struct parameter *p);

/* Copies a tensor into the block; dies with STATUS_BROKEN, giving both shapes, when they differ. */
void weights_copy(const struct tensors *tensors, const struct tensor *tensor, const struct parameter *p,
                  float *params);

/* Says in one line which heads of other tasks were skipped; dies with STATUS_BROKEN on a tensor inside the
 * encoder that BERT does not have, for it would change the arithmetic. */
void weights_account(const struct tensors *tensors);

#endif
