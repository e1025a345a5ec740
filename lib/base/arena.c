#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* HEAD: what a chunk begins with, such that the rest of it is aligned. */
enum { HEAD = alignof(max_align_t), FIRST_CHUNK = 4096 };
_Static_assert(HEAD >= sizeof(char *), "a chunk begins with an address");

static void add_chunk(struct arena *arena, size_t size)
{
    if (size > PTRDIFF_MAX - HEAD)
        die(STATUS_SYSTEM, "out of memory: %zu bytes asked for", size);
    size_t capacity = arena->capacity ? 2 * arena->capacity : FIRST_CHUNK;
    if (capacity < size + HEAD)
        capacity = size + HEAD;
    char *chunk = memory_new(capacity, 1);
    memcpy(chunk, &arena->at, sizeof arena->at);
    *arena = (struct arena){chunk, HEAD, capacity};
}

static void free_chunks(char *chunk)
{
    while (chunk) {
        char *before;
        memcpy(&before, chunk, sizeof before);
        free(chunk);
        chunk = before;
    }
}

struct buffer arena_reserve(struct arena *arena, size_t size)
{
    if (!arena->at || arena->capacity - arena->size < size)
        add_chunk(arena, size);
    return (struct buffer){arena->at + arena->size, 0, arena->capacity - arena->size};
}

struct slice arena_take(struct arena *arena, const struct buffer *written)
{
    arena->size += written->size;
    return (struct slice){written->at, written->size};
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    struct buffer copy = arena_reserve(arena, bytes.size);
    buffer_append(&copy, bytes.at, bytes.size);
    return arena_take(arena, &copy);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > (PTRDIFF_MAX - HEAD) / size)
        die(STATUS_SYSTEM, "out of memory: %zu items of %zu bytes asked for", count, size);
    size_t aligned = (arena->size + HEAD - 1) / HEAD * HEAD;
    if (!arena->at || aligned > arena->capacity || arena->capacity - aligned < count * size) {
        add_chunk(arena, count * size);
        aligned = HEAD;
    }
    arena->size = aligned + count * size;
    return arena->at + aligned;
}

void arena_clear(struct arena *arena)
{
    if (!arena->at)
        return;
    char *before;
    memcpy(&before, arena->at, sizeof before);
    free_chunks(before);
    before = NULL;
    memcpy(arena->at, &before, sizeof before);
    arena->size = HEAD;
}

void arena_free(struct arena *arena)
{
    free_chunks(arena->at);
    *arena = (struct arena){0};
}
