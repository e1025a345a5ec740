#include "text/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { MARK_SIZE = 3, LONGEST_CHARACTER = 16, CHUNK = 4096 };

struct decoder {
    char *name;      /* as the user gave it */
    char *order;     /* as iconv gets it: UTF-16 and UTF-32 with their byte order, once known */
    iconv_t in, out; /* to and from UTF-8 */
    size_t unit;     /* bytes that a bad character takes at least: 2 for UTF-16 */
    bool started;
    char rest[LONGEST_CHARACTER]; /* an unfinished character */
    size_t rest_size;
};

static const iconv_t no_iconv = (iconv_t)-1;

static void open_both(struct decoder *d)
{
    d->in = iconv_open("UTF-8", d->order);
    d->out = iconv_open(d->order, "UTF-8");
    if (d->in == no_iconv || d->out == no_iconv)
        die(STATUS_USAGE, "--encoding is '%s': not an encoding that iconv knows (iconv -l lists them)",
            d->name);
}

struct decoder *decoder_new(const char *name)
{
    if (strcasecmp(name, "UTF-8") == 0 || strcasecmp(name, "UTF8") == 0)
        return NULL;
    struct decoder *d = memory_zeroed(1, sizeof *d);
    d->name = memory_string(name);
    d->unit = 1;
    d->in = d->out = no_iconv;
    if (strncasecmp(name, "UTF-16", 6) == 0 || strncasecmp(name, "UTF16", 5) == 0)
        d->unit = 2;
    else if (strncasecmp(name, "UTF-32", 6) == 0 || strncasecmp(name, "UTF32", 5) == 0)
        d->unit = 4;
    bool wants_order = d->unit > 1 && strchr("26", name[strlen(name) - 1]);
    d->order = wants_order ? memory_format("UTF-%zuLE", 8 * d->unit) : memory_string(name);
    if (!wants_order)
        d->started = true;
    open_both(d);
    return d;
}

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    iconv_close(d->in);
    iconv_close(d->out);
    free(d->name);
    free(d->order);
    free(d);
}

const char *decoder_name(const struct decoder *d) { return d->name; }

struct decoder *decoder_copy(const struct decoder *d)
{
    if (!d)
        return NULL;
    struct decoder *copy = memory_new(1, sizeof *copy);
    *copy = *d;
    copy->name = memory_string(d->name);
    copy->order = memory_string(d->order);
    copy->rest_size = 0;
    open_both(copy);
    return copy;
}

bool decoder_same(const struct decoder *a, const struct decoder *b)
{
    return a && b ? strcmp(a->order, b->order) == 0 : a == b;
}

/* A byte order mark that says big-endian. */
static bool big_endian(const char *bytes, size_t size, size_t unit)
{
    return unit == 2 ? size >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0
                     : size >= 4 && memcmp(bytes, "\x00\x00\xfe\xff", 4) == 0;
}

static void start(struct decoder *d, const char *bytes, size_t size)
{
    d->started = true;
    if (!big_endian(bytes, size, d->unit))
        return;
    iconv_close(d->in);
    iconv_close(d->out);
    free(d->order);
    d->order = memory_format("UTF-%zuBE", 8 * d->unit);
    open_both(d);
}

static void mark(struct buffer *out, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        char marked[MARK_SIZE] = {(char)0xff, (char)(0x80 | byte >> 4), (char)(0x80 | (byte & 15))};
        buffer_append(out, marked, sizeof marked);
    }
}

int decoder_marked(const char *at, size_t left)
{
    if (left < MARK_SIZE || (unsigned char)at[0] != 0xff)
        return -1;
    return (at[1] & 15) << 4 | (at[2] & 15);
}

/* Converts what can be converted; the bytes left over begin an unfinished character. */
static size_t convert(struct decoder *d, const char *bytes, size_t size, struct buffer *out)
{
    char *from = (char *)(uintptr_t)bytes;
    size_t left = size;
    while (left > 0) {
        char *to = buffer_reserve(out, CHUNK + 2 * left);
        size_t capacity = out->capacity - out->size;
        size_t result = iconv(d->in, &from, &left, &to, &capacity);
        int cause = errno;
        out->size = (size_t)(to - out->at);
        if (result != (size_t)-1 || cause == E2BIG)
            continue;
        if (cause == EINVAL && left < LONGEST_CHARACTER)
            break;
        size_t bad = left < d->unit ? left : d->unit;
        mark(out, from, bad);
        from += bad;
        left -= bad;
    }
    return left;
}

void decoder_feed(struct decoder *d, const char *bytes, size_t size, bool final, struct buffer *out)
{
    if (!d->started && size > 0)
        start(d, bytes, size);
    /* An unfinished character is completed byte by byte. */
    while (d->rest_size > 0 && size > 0) {
        d->rest[d->rest_size++] = *bytes++;
        size--;
        size_t left = convert(d, d->rest, d->rest_size, out);
        memmove(d->rest, d->rest + d->rest_size - left, left);
        d->rest_size = left;
    }
    if (size > 0) {
        size_t left = convert(d, bytes, size, out);
        memcpy(d->rest, bytes + size - left, left);
        d->rest_size = left;
    }
    if (final) {
        mark(out, d->rest, d->rest_size);
        d->rest_size = 0;
    }
}

static void encode(struct decoder *d, const char *bytes, size_t size, struct buffer *out)
{
    char *from = (char *)(uintptr_t)bytes;
    while (size > 0) {
        char *to = buffer_reserve(out, CHUNK + 4 * size);
        size_t capacity = out->capacity - out->size;
        size_t result = iconv(d->out, &from, &size, &to, &capacity);
        int cause = errno;
        out->size = (size_t)(to - out->at);
        if (result == (size_t)-1 && cause != E2BIG)
            die(STATUS_SYSTEM, "cannot write text back in %s: %s", d->name, strerror(cause));
    }
}

void decoder_restore(struct decoder *d, struct slice text, struct buffer *out)
{
    const char *at = text.at, *end = at + text.size;
    while (at < end) {
        const char *marked = memchr(at, 0xff, (size_t)(end - at));
        encode(d, at, (size_t)((marked ? marked : end) - at), out);
        if (!marked)
            return;
        int byte = decoder_marked(marked, (size_t)(end - marked));
        if (byte < 0)
            die(STATUS_SYSTEM, "cannot write text back in %s: a torn mark", d->name);
        buffer_byte(out, (char)byte);
        at = marked + MARK_SIZE;
    }
}
