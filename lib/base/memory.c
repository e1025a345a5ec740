#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

/* PAGE: of every system at most this, or madvise refuses. */
enum { PAGE = 1 << 16, LAZILY_ZEROED = 1 << 20 };

static size_t product(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        die(STATUS_SYSTEM, "out of memory: %zu items of %zu bytes asked for", count, size);
    return bytes ? bytes : 1;
}

static void *checked(void *got, size_t bytes)
{
    if (!got)
        die(STATUS_SYSTEM, "out of memory: %zu bytes asked for", bytes);
    return got;
}

void *memory_new(size_t count, size_t size)
{
    size_t bytes = product(count, size);
    return checked(malloc(bytes), bytes);
}

void *memory_zeroed(size_t count, size_t size)
{
    size_t bytes = product(count, size);
    return checked(calloc(bytes, 1), bytes);
}

void *memory_resize(void *old, size_t count, size_t size)
{
    size_t bytes = product(count, size);
    return checked(realloc(old, bytes), bytes);
}

/* Zeroes all of it.  Whole pages are handed back to the kernel, which gives zeroed ones when they are first
 * touched: a large block costs memory only where it is used. */
static void zero_pages(char *at, size_t bytes)
{
    char *first = (char *)(((uintptr_t)at + PAGE - 1) / PAGE * PAGE),
         *last = at + bytes - (uintptr_t)(at + bytes) % PAGE;
    if (bytes < LAZILY_ZEROED || madvise(first, (size_t)(last - first), MADV_DONTNEED) != 0) {
        memset(at, 0, bytes);
        return;
    }
    memset(at, 0, (size_t)(first - at));
    memset(last, 0, (size_t)(at + bytes - last));
}

void *memory_aligned(size_t count, size_t size)
{
    size_t bytes = product(count, size);
    if (bytes > SIZE_MAX - 63)
        die(STATUS_SYSTEM, "out of memory: %zu bytes asked for", bytes);
    bytes = (bytes + 63) / 64 * 64;
    char *at = checked(aligned_alloc(64, bytes), bytes);
    zero_pages(at, bytes);
    return at;
}

void memory_grow(void *array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return;
    size_t wanted = *capacity ? *capacity : 16;
    while (wanted < need)
        wanted = wanted > SIZE_MAX / 2 ? need : 2 * wanted;
    /* Copied, as the caller's pointer is of another type than void *. */
    void *at;
    memcpy(&at, array, sizeof at);
    at = memory_resize(at, wanted, size);
    memcpy(array, &at, sizeof at);
    *capacity = wanted;
}

char *memory_string(const char *text) { return slice_string(slice_of(text)); }

char *memory_format(const char *format, ...)
{
    va_list arguments;
    char *text;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        die(STATUS_SYSTEM, "out of memory: formatting a text");
    return text;
}

struct slice slice_of(const char *text) { return (struct slice){text, strlen(text)}; }

bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool slice_is(struct slice a, const char *text) { return slice_equal(a, slice_of(text)); }

char *slice_string(struct slice a)
{
    char *copy = memory_new(a.size + 1, 1);
    if (a.size)
        memcpy(copy, a.at, a.size);
    copy[a.size] = '\0';
    return copy;
}

char *buffer_reserve(struct buffer *b, size_t size)
{
    if (size > SIZE_MAX - b->size)
        die(STATUS_SYSTEM, "out of memory: %zu more bytes asked for", size);
    memory_grow(&b->at, &b->capacity, b->size + size, 1);
    return b->at + b->size;
}

void buffer_append(struct buffer *b, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    memcpy(buffer_reserve(b, size), bytes, size);
    b->size += size;
}

void buffer_byte(struct buffer *b, char byte)
{
    *buffer_reserve(b, 1) = byte;
    b->size++;
}

void buffer_text(struct buffer *b, const char *text) { buffer_append(b, text, strlen(text)); }

void buffer_format(struct buffer *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        die(STATUS_SYSTEM, "cannot format a text");
    char *to = buffer_reserve(b, (size_t)size + 1);
    va_start(arguments, format);
    vsnprintf(to, (size_t)size + 1, format, arguments);
    va_end(arguments);
    b->size += (size_t)size;
}

void buffer_integer(struct buffer *b, int64_t value)
{
    char digits[20];
    size_t first = sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        digits[--first] = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        digits[--first] = '-';
    buffer_append(b, digits + first, sizeof digits - first);
}

/* With `fewest` to `most` significant digits, as few as read back the same: as a double, or as the float it
 * is. */
static void put_shortest(struct buffer *b, double value, int fewest, int most, bool single)
{
    char text[40];
    int size = 0;
    for (int digits = fewest; digits <= most; digits++) {
        size = snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (single ? (float)back == (float)value : back == value)
            break;
    }
    buffer_append(b, text, (size_t)size);
}

void buffer_number(struct buffer *b, double value) { put_shortest(b, value, 15, 17, false); }
void buffer_float(struct buffer *b, float value) { put_shortest(b, (double)value, 6, 9, true); }

void buffer_free(struct buffer *b)
{
    free(b->at);
    *b = (struct buffer){0};
}
