/* Scratch memory of one worker: a stack of floats and bytes that grows to the longest window. */
#ifndef RUBRIC_NN_WORKSPACE_H
#define RUBRIC_NN_WORKSPACE_H

#include "nn/kernels/kernels.h"
#include "nn/network.h"

struct chunk;
struct workspace {
    const struct layout *layout;
    const struct kernels *kernels;
    const struct network_packed *packed; /* NULL: none */
    struct chunk *chunks;                /* newest first */
};

/* Where the stack stood, to return to. */
struct workspace_mark {
    struct chunk *chunk;
    size_t used;
};

/* Forgets all that was taken; memory in several pieces becomes one. */
void workspace_reset(struct workspace *ws);

/* Uninitialised memory on a 64-byte boundary, valid until the reset or release. */
void *workspace_bytes(struct workspace *ws, size_t size);
float *workspace_floats(struct workspace *ws, size_t count);
float *workspace_zeros(struct workspace *ws, size_t count);

struct workspace_mark workspace_mark(const struct workspace *ws);
void workspace_release(struct workspace *ws, struct workspace_mark mark);

#endif
