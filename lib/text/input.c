#include "text/input.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { READ_SIZE = 256 << 10 };

static bool starts_with(const struct input *in, const char *bytes, size_t size)
{
    return in->bytes.size - in->used >= size && memcmp(in->bytes.at + in->used, bytes, size) == 0;
}

/* What has been read so far turns out to be UTF-16. */
static void decode_from_here(struct input *in)
{
    in->decoder = decoder_new("UTF-16");
    struct buffer raw = in->bytes;
    in->bytes = (struct buffer){0};
    decoder_feed(in->decoder, raw.at, raw.size, in->ended, &in->bytes);
    buffer_free(&raw);
}

void input_open(struct input *in, const char *path, const char *encoding, bool *marked)
{
    *in = (struct input){.name = file_name(path), .fd = file_open(path)};
    if (encoding)
        in->decoder = decoder_new(encoding);
    while (in->bytes.size < 4 && input_more(in))
        continue;
    if (!encoding && (starts_with(in, "\xff\xfe", 2) || starts_with(in, "\xfe\xff", 2)))
        decode_from_here(in);
    *marked = starts_with(in, "\xef\xbb\xbf", 3);
    if (*marked)
        in->used = 3;
}

void input_close(struct input *in)
{
    if (in->fd != STDIN_FILENO)
        file_close(in->fd, in->name);
    decoder_free(in->decoder);
    in->decoder = NULL;
    buffer_free(&in->bytes);
    buffer_free(&in->raw);
}

static void read_once(struct input *in)
{
    struct buffer *to = in->decoder ? &in->raw : &in->bytes;
    if (in->decoder)
        to->size = 0;
    size_t got = file_read_some(in->fd, buffer_reserve(to, READ_SIZE), READ_SIZE, in->name);
    to->size += got;
    in->ended = got == 0;
    if (in->decoder)
        decoder_feed(in->decoder, to->at, got, in->ended, &in->bytes);
}

bool input_more(struct input *in)
{
    size_t waiting = in->bytes.size - in->used;
    if (in->used > 0 && waiting > 0)
        memmove(in->bytes.at, in->bytes.at + in->used, waiting);
    in->bytes.size = waiting;
    in->used = 0;
    /* The owner looks at all that waits again: a large window at least doubles before it does. */
    size_t least = waiting > READ_SIZE ? 2 * waiting : waiting + 1;
    while (!in->ended && in->bytes.size < least)
        read_once(in);
    return in->bytes.size > waiting;
}
