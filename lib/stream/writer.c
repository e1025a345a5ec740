#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "base/terminal.h"
#include "stream/internal.h"

enum { FULL = 1 << 18 };

struct stream_writer {
    struct file_output output;
    struct buffer waiting; /* bytes not yet written */
    size_t hashed;         /* how many of them are in the hash */
    XXH3_state_t *hash;
    bool open;        /* in a segment */
    uint64_t records; /* of this segment */
};

struct stream_writer *stream_create(const char *path, bool force)
{
    struct stream_writer *writer = memory_zeroed(1, sizeof *writer);
    writer->output = file_output_open(path, force, false);
    if (terminal_is(writer->output.fd))
        die(STATUS_USAGE,
            "the output is a stream of msgpack, which is not for a terminal: pipe it into 'show', "
            "which prints it, or into a file");
    writer->hash = XXH3_createState();
    if (!writer->hash)
        die(STATUS_SYSTEM, "out of memory: state of a hash");
    return writer;
}

static void hash_waiting(struct stream_writer *writer)
{
    XXH3_64bits_update(writer->hash, writer->waiting.at + writer->hashed,
                       writer->waiting.size - writer->hashed);
    writer->hashed = writer->waiting.size;
}

static void flush(struct stream_writer *writer)
{
    if (writer->waiting.size == 0)
        return;
    hash_waiting(writer);
    file_output_write(&writer->output, writer->waiting.at, writer->waiting.size);
    writer->waiting.size = writer->hashed = 0;
}

void stream_write_header(struct stream_writer *writer, const struct header *header)
{
    if (writer->open)
        die(STATUS_BROKEN, "%s: a header before the trailer of the segment", writer->output.name);
    writer->open = true;
    writer->records = 0;
    XXH3_64bits_reset(writer->hash);
    writer->hashed = writer->waiting.size;
    msgpack_put_json(&writer->waiting, header->map);
    size_t size = writer->waiting.size - writer->hashed;
    if (size > HEADER_MAX_SIZE)
        die(STATUS_INPUT,
            "the stream's header has %zu bytes: at most %d, which its classes and the command lines of its "
            "trail share",
            size, HEADER_MAX_SIZE);
}

void stream_write(struct stream_writer *writer, const struct record *record)
{
    if (!writer->open)
        die(STATUS_BROKEN, "%s: a record outside of a segment", writer->output.name);
    size_t before = writer->waiting.size;
    record_pack(record, &writer->waiting);
    if (writer->waiting.size - before > MSGPACK_MAX_SIZE)
        die(STATUS_INPUT, "record %s: it has %zu bytes: a stream's record may have 64 MiB",
            record_name(record), writer->waiting.size - before);
    writer->records++;
    if (writer->waiting.size >= FULL)
        flush(writer);
}

void stream_write_trailer(struct stream_writer *writer, const json_t *counts)
{
    if (!writer->open)
        die(STATUS_BROKEN, "%s: a trailer outside of a segment", writer->output.name);
    json_t *trailer = json_object();
    json_object_set_new(trailer, "end", json_integer((json_int_t)writer->records));
    const char *key;
    json_t *value, *all = (json_t *)(uintptr_t)counts;
    json_object_foreach(all, key, value) if (strcmp(key, "end") != 0 && strcmp(key, "hash") != 0 &&
                                             strcmp(key, "rubric") != 0) json_object_set(trailer, key, value);

    struct buffer *out = &writer->waiting;
    msgpack_put_map(out, (uint32_t)json_object_size(trailer) + 1);
    json_object_foreach(trailer, key, value)
    {
        msgpack_put_string(out, slice_of(key));
        msgpack_put_json(out, value);
    }
    json_decref(trailer);
    msgpack_put_string(out, SLICE("hash"));
    hash_waiting(writer);
    msgpack_put_unsigned64(out, XXH3_64bits_digest(writer->hash));
    writer->open = false;
    flush(writer);
}

static void close_writer(struct stream_writer *writer)
{
    if (writer->open)
        die(STATUS_BROKEN, "%s: a segment that was begun is not sealed", writer->output.name);
    flush(writer);
    file_output_close(&writer->output);
    XXH3_freeState(writer->hash);
    buffer_free(&writer->waiting);
    free(writer);
}

int stream_finish(struct stream_reader *reader, struct stream_writer *writer)
{
    if (writer)
        close_writer(writer);
    stream_close(reader);
    return STATUS_GOOD;
}
