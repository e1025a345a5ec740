#include "nn/workspace.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct chunk {
    struct chunk *older;
    char *at;
    size_t size, used;
};

enum { ALIGNMENT = 64, LEAST_CHUNK = 1 << 18 };

static void add_chunk(struct workspace *ws, size_t size)
{
    struct chunk *chunk = memory_new(1, sizeof *chunk);
    if (size < LEAST_CHUNK)
        size = LEAST_CHUNK;
    *chunk = (struct chunk){.older = ws->chunks, .at = memory_aligned(size, 1), .size = size};
    ws->chunks = chunk;
}

static size_t drop_chunks(struct workspace *ws, const struct chunk *until)
{
    size_t total = 0;
    while (ws->chunks != until) {
        struct chunk *chunk = ws->chunks;
        ws->chunks = chunk->older;
        total += chunk->size;
        free(chunk->at);
        free(chunk);
    }
    return total;
}

struct workspace *workspace_new(const struct layout *layout)
{
    struct workspace *ws = memory_zeroed(1, sizeof *ws);
    ws->layout = layout;
    ws->kernels = kernels_chosen();
    return ws;
}

void workspace_use_packed(struct workspace *ws, const struct network_packed *packed) { ws->packed = packed; }

void workspace_free(struct workspace *ws)
{
    if (!ws)
        return;
    drop_chunks(ws, NULL);
    free(ws);
}

void workspace_reset(struct workspace *ws)
{
    if (ws->chunks && ws->chunks->older)
        add_chunk(ws, drop_chunks(ws, NULL));
    if (ws->chunks)
        ws->chunks->used = 0;
}

void *workspace_bytes(struct workspace *ws, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!ws->chunks || ws->chunks->size - ws->chunks->used < size)
        add_chunk(ws, size);
    void *at = ws->chunks->at + ws->chunks->used;
    ws->chunks->used += size;
    return at;
}

float *workspace_floats(struct workspace *ws, size_t count)
{
    return workspace_bytes(ws, count * sizeof(float));
}

float *workspace_zeros(struct workspace *ws, size_t count)
{
    return memset(workspace_floats(ws, count), 0, count * sizeof(float));
}

struct workspace_mark workspace_mark(const struct workspace *ws)
{
    return (struct workspace_mark){ws->chunks, ws->chunks ? ws->chunks->used : 0};
}

/* Pieces newer than the mark hold nothing any more: they become one. */
void workspace_release(struct workspace *ws, struct workspace_mark mark)
{
    if (!ws->chunks)
        return;
    if (ws->chunks != mark.chunk && ws->chunks->older != mark.chunk)
        add_chunk(ws, drop_chunks(ws, mark.chunk));
    ws->chunks->used = ws->chunks == mark.chunk ? mark.used : 0;
}
