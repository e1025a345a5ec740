/* The reader: one buffer, in which records are parsed where they lie.
 *
 * `at .. end` is what was read and not yet handed out.  When an object is not complete, what is there of
 * it moves to the front and more is read behind it; the buffer grows only for an object larger than
 * itself, up to MSGPACK_MAX_SIZE.  The hash runs over objects as they are passed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "base/terminal.h"
#include "stream/internal.h"

enum { FIRST_CAPACITY = 1 << 18 };

enum place { BETWEEN_SEGMENTS, IN_SEGMENT, AT_END };

struct stream_reader {
    char **paths;
    size_t path_count, path; /* path: the one being read */
    int fd;                  /* -1: none is open */
    bool file_ended;         /* the open file has no more bytes */
    bool file_had_segment;

    uint8_t *bytes;
    size_t capacity, at, end;

    enum place place;
    XXH3_state_t *hash;
    struct record record;
    struct header first; /* what later segments are compared with; map NULL before the first */
    enum label_type y;
    uint64_t earlier;   /* records of the segments before this one */
    uint64_t records;   /* good ones in this segment */
    struct buffer last; /* name of the last good record */
    json_t *trailer;
    bool sealed;
};

static const char *current(const struct stream_reader *reader)
{
    return file_name(
        reader->paths[reader->path < reader->path_count ? reader->path : reader->path_count - 1]);
}

const char *stream_name(const struct stream_reader *reader) { return file_name(reader->paths[0]); }
const json_t *stream_trailer(const struct stream_reader *reader) { return reader->trailer; }
bool stream_sealed(const struct stream_reader *reader) { return reader->sealed; }

/* ---- Opening and closing ---- */

static void open_path(struct stream_reader *reader)
{
    reader->fd = file_open(reader->paths[reader->path]);
    reader->file_ended = reader->file_had_segment = false;
#ifdef F_SETPIPE_SZ
    /* A pipe that holds more costs fewer switches between the commands; where it may not, nothing is lost. */
    fcntl(reader->fd, F_SETPIPE_SZ, 1 << 20);
#endif
}

static void close_path(struct stream_reader *reader)
{
    if (reader->fd > STDIN_FILENO)
        file_close(reader->fd, current(reader));
    reader->fd = -1;
}

struct stream_reader *stream_open(char *const *paths, size_t count)
{
    static char *const standard_input[] = {(char *)(uintptr_t) "-"};
    if (count == 0) {
        paths = standard_input;
        count = 1;
    }
    struct stream_reader *reader = memory_zeroed(1, sizeof *reader);
    reader->paths = memory_new(count, sizeof *reader->paths);
    for (; reader->path_count < count; reader->path_count++) {
        const char *path = paths[reader->path_count];
        reader->paths[reader->path_count] = memory_string(path);
        if (strcmp(path, "-") != 0 && access(path, R_OK) != 0)
            die_errno("%s: cannot open", path);
    }
    reader->capacity = FIRST_CAPACITY;
    reader->bytes = memory_new(reader->capacity, 1);
    reader->hash = XXH3_createState();
    if (!reader->hash)
        die(STATUS_SYSTEM, "out of memory: state of a hash");
    open_path(reader);
    return reader;
}

void stream_close(struct stream_reader *reader)
{
    if (!reader)
        return;
    close_path(reader);
    for (size_t i = 0; i < reader->path_count; i++)
        free(reader->paths[i]);
    free(reader->paths);
    free(reader->bytes);
    XXH3_freeState(reader->hash);
    record_free(&reader->record);
    header_free(&reader->first);
    buffer_free(&reader->last);
    json_decref(reader->trailer);
    free(reader);
}

/* ---- Saying what is wrong ---- */

static noreturn void broken(const struct stream_reader *reader, const char *problem)
{
    uint64_t good = reader->earlier + reader->records;
    if (good)
        die(STATUS_BROKEN, "%s: broken stream: %s; the last good record is number %llu, %.*s",
            current(reader), problem, (unsigned long long)good, (int)reader->last.size, reader->last.at);
    die(STATUS_BROKEN, "%s: broken stream: %s; it has no good record before that", current(reader), problem);
}

static bool is_text(const uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (at[i] == 0x7f || (at[i] < ' ' && !strchr("\t\n\r", at[i])))
            return false;
    return size > 0;
}

/* The bytes at hand begin no segment: says what they seem to be. */
static noreturn void not_a_stream(const struct stream_reader *reader)
{
    const uint8_t *at = reader->bytes + reader->at;
    size_t size = reader->end - reader->at, shown = 0;
    if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        at += 3;
        size -= 3;
    }
    while (shown < size && shown < 40 && at[shown] != '\n' && at[shown] != '\r')
        shown++;
    char text[200];
    size_t length = terminal_escape(text, sizeof text - 1, (struct slice){(const char *)at, shown});
    text[length] = '\0';
    if (!is_text(at, shown))
        die(STATUS_BROKEN, "%s: this is not a rubric stream: it begins with the bytes '%s'", current(reader),
            text);
    if (*at == '{')
        die(STATUS_BROKEN,
            "%s: this is not a rubric stream: it begins with '%s' (tok makes one from JSON Lines of texts, "
            "show --pack from what show --json wrote)",
            current(reader), text);
    die(STATUS_BROKEN, "%s: this is not a rubric stream: it begins with '%s' (tok makes one from CSV)",
        current(reader), text);
}

/* ---- Bytes ---- */

/* Reads more behind what is there; false at the end of the file. */
static bool fill(struct stream_reader *reader)
{
    size_t waiting = reader->end - reader->at;
    if (reader->file_ended)
        return false;
    if (reader->at) {
        memmove(reader->bytes, reader->bytes + reader->at, waiting);
        reader->at = 0;
        reader->end = waiting;
    }
    if (waiting >= MSGPACK_MAX_SIZE)
        broken(reader, "a record of more than 64 MiB");
    if (waiting > reader->capacity / 2) {
        reader->capacity *= 2;
        reader->bytes = memory_resize(reader->bytes, reader->capacity, 1);
    }
    /* A large object is scanned again after each turn here: taking half as much again each time keeps the
     * sum of the scans in proportion to its size. */
    size_t least = waiting > FIRST_CAPACITY ? waiting / 2 : 1, left = reader->capacity - waiting;
    for (size_t got = 0; got < least;) {
        size_t more = file_read_some(reader->fd, reader->bytes + reader->end, left - got, current(reader));
        if (more == 0) {
            reader->file_ended = true;
            return got > 0;
        }
        got += more;
        reader->end += more;
    }
    return true;
}

/* Splits the next map into reader->record and takes it off the buffer without hashing it.  `*whole` is
 * where it lies. */
static void next_map(struct stream_reader *reader, struct slice *whole)
{
    for (;;) {
        struct msgpack_cursor c = {reader->bytes + reader->at, reader->bytes + reader->end};
        enum msgpack_result result = record_split(&reader->record, &c);
        if (result == MSGPACK_GOOD) {
            size_t size = (size_t)(c.at - reader->bytes) - reader->at;
            *whole = (struct slice){(const char *)reader->bytes + reader->at, size};
            reader->at += size;
            return;
        }
        if (result == MSGPACK_MORE && fill(reader))
            continue;
        if (result == MSGPACK_MORE)
            broken(reader, "it ends before its trailer");
        char problem[200];
        snprintf(problem, sizeof problem, "found %s", msgpack_result_text(result));
        broken(reader, problem);
    }
}

/* ---- Headers ---- */

/* Moves to the next file that has bytes; false after the last. */
static bool find_segment(struct stream_reader *reader)
{
    while (reader->at == reader->end && !fill(reader)) {
        if (!reader->file_had_segment)
            die(STATUS_BROKEN, "%s: it is empty: the command before it wrote nothing", current(reader));
        close_path(reader);
        if (++reader->path == reader->path_count) {
            reader->place = AT_END;
            return false;
        }
        open_path(reader);
    }
    return true;
}

static void check_kind(const struct stream_reader *reader, const struct header *header, unsigned kinds)
{
    if (header->kind & kinds)
        return;
    struct buffer wanted = {0};
    for (unsigned kind = KIND_TOKENS; kind <= KIND_PREDICTIONS; kind *= 2)
        if (kind & kinds)
            buffer_format(&wanted, "%s%s", wanted.size ? " or " : "",
                          stream_kind_name((enum stream_kind)kind));
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)wanted.size, wanted.at);
    buffer_free(&wanted);
    die(STATUS_BROKEN, "%s: a stream of %s: expected %s", current(reader), stream_kind_name(header->kind),
        text);
}

bool stream_next(struct stream_reader *reader, struct header *header, unsigned kinds)
{
    *header = (struct header){0};
    while (reader->place == IN_SEGMENT) {
        struct record *unread;
        if (!stream_read(reader, &unread))
            break;
    }
    if (reader->place == AT_END || !find_segment(reader))
        return false;
    json_decref(reader->trailer);
    reader->trailer = NULL;
    reader->sealed = false;
    reader->earlier += reader->records;
    reader->records = 0;
    uint8_t first = reader->bytes[reader->at];
    if ((first & 0xf0) != 0x80 && first != 0xde && first != 0xdf)
        not_a_stream(reader);
    struct slice whole;
    next_map(reader, &whole);
    if (!record_field(&reader->record, "rubric").at)
        broken(reader, "a segment that begins with no header (key 'rubric')");
    if (record_field(&reader->record, "end").at)
        broken(reader, "one map is header and trailer ('rubric' and 'end')");
    if (whole.size > HEADER_MAX_SIZE)
        broken(reader, "a header of more than 1 MiB");
    json_t *map = msgpack_to_json(whole);
    if (!map)
        broken(reader, "a header that holds what JSON cannot say");
    header_from_map(header, map, current(reader));
    check_kind(reader, header, kinds);
    if (!reader->first.map) {
        reader->first.map = json_copy(header->map); /* shares what header_difference looks at */
    } else {
        const char *key = header_difference(&reader->first, header);
        if (key)
            die(STATUS_BROKEN,
                "%s: a segment whose '%s' differs from the first segment's: they do not go together",
                current(reader), key);
    }
    reader->y = header->y;
    reader->place = IN_SEGMENT;
    reader->file_had_segment = true;
    XXH3_64bits_reset(reader->hash);
    XXH3_64bits_update(reader->hash, whole.at, whole.size);
    return true;
}

/* ---- Trailers and records ---- */

/* The value of "hash" is nine bytes at the very end of the map: a uint64, whatever its size. */
static void check_hash(struct stream_reader *reader, struct slice whole)
{
    const struct record *map = &reader->record;
    struct field last = map->fields[map->field_count - 1];
    if (!slice_is(last.key, "hash") || last.value.size != 9 || (uint8_t)last.value.at[0] != 0xcf)
        broken(reader, "a trailer whose 'hash' is not its last key with a uint64 of nine bytes");
    uint64_t want = 0;
    for (int i = 1; i < 9; i++)
        want = want << 8 | (uint8_t)last.value.at[i];
    XXH3_64bits_update(reader->hash, whole.at, whole.size - 9);
    if (XXH3_64bits_digest(reader->hash) != want)
        broken(reader, "its hash differs from the trailer's: bytes were changed on the way");
}

static void read_trailer(struct stream_reader *reader, struct slice whole)
{
    struct record *map = &reader->record;
    if (whole.size > HEADER_MAX_SIZE)
        broken(reader, "a trailer of more than 1 MiB");
    reader->sealed = record_field(map, "hash").at != NULL;
    if (reader->sealed) {
        check_hash(reader, whole);
        map->field_count--;
    } else if (map->fields[map->field_count - 1].value.at[0] == (char)0xcf) {
        /* No count is that large: this is a hash whose key was damaged. */
        broken(reader, "a trailer that ends in a uint64 of nine bytes which is not called 'hash'");
    }
    struct label end;
    if (!label_from_msgpack(record_field(map, "end"), &end) || end.type != LABEL_INTEGER)
        broken(reader, "a trailer whose 'end' is no count");
    if ((uint64_t)end.integer != reader->records) {
        char problem[120];
        snprintf(problem, sizeof problem, "its trailer counts %lld records, it has %llu",
                 (long long)end.integer, (unsigned long long)reader->records);
        broken(reader, problem);
    }
    struct buffer rest = {0};
    record_pack(map, &rest);
    reader->trailer = msgpack_to_json((struct slice){rest.at, rest.size});
    buffer_free(&rest);
    if (!reader->trailer)
        broken(reader, "a trailer that holds what JSON cannot say");
    reader->place = BETWEEN_SEGMENTS;
}

bool stream_read(struct stream_reader *reader, struct record **record)
{
    *record = NULL;
    if (reader->place != IN_SEGMENT)
        return false;
    struct slice whole;
    next_map(reader, &whole);
    struct record *next = &reader->record;
    bool begins = record_field(next, "rubric").at, ends = record_field(next, "end").at;
    if (begins && ends)
        broken(reader, "one map is header and trailer ('rubric' and 'end')");
    if (begins)
        broken(reader, "a header before the trailer of the segment");
    if (ends) {
        read_trailer(reader, whole);
        return false;
    }
    next->number = reader->records;
    char problem[512];
    if (!record_interpret(next, reader->y, problem, sizeof problem))
        broken(reader, problem);
    XXH3_64bits_update(reader->hash, whole.at, whole.size);
    reader->records++;
    reader->last.size = 0;
    buffer_append(&reader->last, next->id.at, next->id.size < 100 ? next->id.size : 100);
    *record = next;
    return true;
}
