/* Checked memory: every allocation either succeeds or ends the process (STATUS_SYSTEM). */
#ifndef RUBRIC_BASE_MEMORY_H
#define RUBRIC_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* malloc(count * size), the product checked; never returns NULL, also not for 0. */
void *memory_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* The same, zeroed. */
void *memory_zeroed(size_t count, size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* realloc(old, count * size), the product checked. */
void *memory_resize(void *old, size_t count, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

/* Zeroed memory on a 64-byte boundary, for kernels; released with free(). */
void *memory_aligned(size_t count, size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* Grows an array to hold `need` elements of `size` bytes: doubles `*capacity` as needed.  `array` is the
 * address of the array's pointer. */
void memory_grow(void *array, size_t *capacity, size_t need, size_t size);

char *memory_string(const char *text) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* asprintf that cannot fail; the caller frees. */
char *memory_format(const char *format, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull, warn_unused_result));

/* Bytes that lie in somebody else's memory; not terminated. */
struct slice {
    const char *at;
    size_t size;
};
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
struct slice slice_of(const char *text);
bool slice_equal(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);
/* A terminated copy; the caller frees. */
char *slice_string(struct slice a) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* A growing run of bytes.  Start with {0}; release with buffer_free. */
struct buffer {
    char *at;
    size_t size, capacity;
};
void buffer_append(struct buffer *b, const void *bytes, size_t size);
void buffer_byte(struct buffer *b, char byte);
void buffer_text(struct buffer *b, const char *text);
void buffer_format(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An integer in decimal. */
void buffer_integer(struct buffer *b, int64_t value);
/* A number in the fewest digits that read back as the same double; as a double that is made a float, the same
 * float. */
void buffer_number(struct buffer *b, double value);
void buffer_float(struct buffer *b, float value);
/* Where `size` more bytes can be written; the caller adds to b->size what it wrote. */
char *buffer_reserve(struct buffer *b, size_t size);
void buffer_free(struct buffer *b);

/* Growing arrays that a caller keeps from one record to the next.  Start with {0}; free(.at). */
struct int_array {
    int32_t *at;
    size_t count, capacity;
};
struct float_array {
    float *at;
    size_t count, capacity;
};
struct double_array {
    double *at;
    size_t count, capacity;
};

#endif
