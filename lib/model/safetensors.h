/* safetensors (the format of huggingface.co/docs/safetensors): eight bytes with the size of a JSON header,
 * the header, and the elements of all tensors without gaps. */
#ifndef RUBRIC_MODEL_SAFETENSORS_H
#define RUBRIC_MODEL_SAFETENSORS_H

#include "base/memory.h"
#include "model/tensors.h"

/* Maps the file and checks all of its header: sizes, shapes, offsets that tile the data exactly.  Dies with
 * STATUS_BROKEN, naming the file and the tensor. */
struct tensors *safetensors_open(const char *path);

/* The same of a file's bytes, which it takes over; `path` is for messages. */
struct tensors *safetensors_read(const char *path, struct file_view file);

/* One tensor to write, of 32-bit floats. */
struct safetensor {
    const char *name;
    int rank;
    uint64_t shape[TENSOR_MAX_RANK];
    const float *at;
};

/* The eight bytes and the header of a file that holds these tensors in this order, with {"format": "pt"} as
 * its metadata, padded with blanks so that the elements start on a multiple of 64 bytes.  Appends to `to`. */
void safetensors_header(struct buffer *to, const struct safetensor *tensors, size_t count);

/* Writes the file and syncs it; the same tensors give the same bytes. */
void safetensors_save(const char *path, const struct safetensor *tensors, size_t count);

#endif
