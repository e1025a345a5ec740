/* Memory that never moves and is released all at once: a chain of chunks, each begun when the one before is
 * full. */
#ifndef RUBRIC_BASE_ARENA_H
#define RUBRIC_BASE_ARENA_H

#include <stddef.h>

#include "base/memory.h"

/* Start with {0}; release with arena_free. */
struct arena {
    char *at; /* the newest chunk, which begins with the address of the one before */
    size_t size, capacity;
};

/* A copy of `bytes`; never NULL, also not for none. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* `count` items of `size` bytes each, not cleared, aligned for any type. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));

/* Space for `size` bytes as a buffer to append to, no more than that; then arena_take gives what was
 * appended. */
struct buffer arena_reserve(struct arena *arena, size_t size);
struct slice arena_take(struct arena *arena, const struct buffer *written);

/* Forgets all that lies in it, and keeps the newest chunk: an arena that is cleared again and again soon
 * needs no other. */
void arena_clear(struct arena *arena);
void arena_free(struct arena *arena);

#endif
