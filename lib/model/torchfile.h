/* Files of torch.save: the zip form (PyTorch 1.6 and later) and the form before it.
 *
 * A zip holds NAME/data.pkl, a pickle of the tensors' names, shapes and places, and one entry NAME/data/KEY
 * per storage. The older form is a run of pickles (magic number, version, machine, the tensors, the keys of
 * the storages) followed by the storages' bytes.  The pickles are read by pickle.h, which can run nothing. */
#ifndef RUBRIC_MODEL_TORCHFILE_H
#define RUBRIC_MODEL_TORCHFILE_H

#include "model/tensors.h"

/* Reads either form.  Tensors may share a storage.  Dies with STATUS_BROKEN, naming the file and what was
 * found, on anything that is not a dictionary of tensors. */
struct tensors *torchfile_open(const char *path);

/* The same of a file's bytes, which it takes over; `path` is for messages. */
struct tensors *torchfile_read(const char *path, struct file_view file);

#endif
