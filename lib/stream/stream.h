/* rubric-stream(5): segments of msgpack maps (header, records, trailer).
 *
 * A reader hands out one record at a time; what a record points to lives until the next stream_read on the
 * same reader.  A writer buffers and seals a segment only when it is told to (stream_write_trailer), so a
 * filter that dies never passes half a stream off as whole. Everything read is checked against limits before
 * anything is allocated for it: a record is at most 64 MiB, a header or trailer 1 MiB, maps have at most 256
 * keys, nesting is at most 16 deep, no array or string is longer than the bytes that are left.  What breaks
 * these, or ends early, or has another count or hash than its trailer, ends the process with STATUS_BROKEN
 * and names the last good record. */
#ifndef RUBRIC_STREAM_STREAM_H
#define RUBRIC_STREAM_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/command_record.h"
#include "base/memory.h"
#include "stream/classes.h"

#define STREAM_VERSION 1

/* The most bytes of a header, and of a trailer: what is read of them takes up to a hundred times as much
 * memory. */
enum { HEADER_MAX_SIZE = 1 << 20 };

/* What a stream carries; readers name the kinds they take as a set. */
enum stream_kind {
    KIND_TOKENS = 1,
    KIND_VECTORS = 2,
    KIND_PREDICTIONS = 4,
    KIND_ANY = 7,
};
const char *stream_kind_name(enum stream_kind kind); /* "tokens", "vectors", "predictions" */

/* ---- Header ---- */

/* A segment's header.  `map` is the whole of it (jansson objects; keys unknown to rubric included),
 * owned by the header; the other members are read from it and are changed only with header_*. */
struct header {
    enum stream_kind kind;
    enum label_type y;
    struct classes classes; /* of type y; declared or found; none when not known (keys "labels", "ordered") */
    json_t *map;
};

/* A header with "rubric", "kind" and "y" set.  Every header that was filled in is freed by whoever has it. */
void header_init(struct header *header, enum stream_kind kind, enum label_type y);
void header_free(struct header *header);
struct header header_copy(const struct header *header);
/* A header of `map`, which it takes over.  Dies with STATUS_BROKEN, beginning with `where`, when the map is
 * no header. */
void header_from_map(struct header *header, json_t *map, const char *where);
/* NULL when records of one can follow records of the other: kind, label type and payload settings
 * ("tokenizer", "dim", "layers", "pool") are equal.  Else the key that differs. */
const char *header_difference(const struct header *a, const struct header *b);

/* Sets the classes, in the map and parsed; dies with STATUS_INPUT beyond CLASSES_LIMIT. */
void header_set_labels(struct header *header, const struct label *labels, size_t count, bool ordered);
/* Changes the type of the records' labels, in the map and parsed; the classes must be of it, or be set next.
 */
void header_set_type(struct header *header, enum label_type y);
/* Changes what the stream carries (embed: tokens to vectors; predict: to predictions). */
void header_set_kind(struct header *header, enum stream_kind kind);
/* Sets any other key; takes ownership of `value`. */
void header_set(struct header *header, const char *key, json_t *value);

/* Adds this command to "trail": {"cmd": name, "version": ..., "args": [...], "seed": N, "operands": K}.
 * `seed` is left out when negative; "operands" (how many of the last args are files) when there is none. */
void header_sign(struct header *header, const struct command_record *command, int64_t seed);

/* The header's model: {"path": ..., "print": "..."}; NULL where absent. */
const char *header_model_path(const struct header *header);
const char *header_model_fingerprint(const struct header *header);
void header_set_model(struct header *header, const char *path, const char *fingerprint);

/* ---- Records ---- */

/* One field of a record: msgpack bytes of its value. */
struct field {
    struct slice key;
    struct slice value; /* one complete msgpack object */
};

/* One essay.  The parsed members are read-only: use record_set_* to change a record, which keeps
 * them in step.  Fields keep their order; unknown ones pass through as the bytes they were. */
struct record {
    struct slice id;
    struct label y;
    double w;          /* weight; 1 where absent */
    struct slice part; /* "train", "val", "test", ...; size 0 where absent */
    int64_t fold;      /* -1 where absent */
    uint64_t number;   /* position in its segment, from 0 */
    struct field *fields;
    size_t field_count, field_capacity;
    struct arena store; /* bytes of fields that were set */
};

/* The value of a field, or a slice with at == NULL. */
struct slice record_field(const struct record *record, const char *key);

/* An empty record to fill (tok): start with {0} and call record_clear, which also makes a used one empty
 * again and keeps its memory. */
void record_clear(struct record *record);
void record_free(struct record *record);

/* Set, replace or remove a field.  Known keys (id, y, w, part, fold) update the parsed members.  A new field
 * goes to its place in the order of rubric-stream(5); keys it does not know go to the end.  Keys and values
 * are copied.  A label of LABEL_NONE removes the field. */
void record_set_string(struct record *record, const char *key, struct slice value);
void record_set_integer(struct record *record, const char *key, int64_t value);
void record_set_number(struct record *record, const char *key, double value); /* float64 */
void record_set_label(struct record *record, const char *key, const struct label *value);
void record_set_ids(struct record *record, const char *key, const int32_t *values, size_t count);
void record_set_floats(struct record *record, const char *key, const float *values, size_t count);
void record_set_doubles(struct record *record, const char *key, const double *values, size_t count);
void record_set_raw(struct record *record, const char *key, struct slice msgpack);
void record_remove(struct record *record, const char *key);

/* Sets meta, the kept columns of the input; those whose text has no .at are left out.  Dies with STATUS_INPUT
 * on a column that is there twice, and on more than 256. */
struct kept_text {
    struct slice column, text;
};
void record_set_meta(struct record *record, const struct kept_text *kept, size_t count);

/* Read typed values out of a field.  They return false when the field is absent and die with
 * STATUS_BROKEN (naming the record and the key) when it is of another type or out of range.
 * Arrays are written to a growing array that the caller keeps from record to record and frees. */
bool record_ids(const struct record *record, const char *key, struct int_array *out);
bool record_floats(const struct record *record, const char *key, struct float_array *out);
bool record_doubles(const struct record *record, const char *key, struct double_array *out);
bool record_integer(const struct record *record, const char *key, int64_t *out);
bool record_number(const struct record *record, const char *key, double *out);
bool record_string(const struct record *record, const char *key, struct slice *out);
bool record_label(const struct record *record, const char *key, struct label *out);

/* The columns of meta one after another, each with its value, one msgpack object; false after the last. */
struct meta_cursor {
    struct slice rest;
    uint32_t left;
};
struct meta_cursor record_meta_begin(const struct record *record);
bool record_meta_next(struct meta_cursor *cursor, struct slice *column, struct slice *value);

/* Any named value, as the next function finds it; .at is NULL where there is none. */
struct slice record_value(const struct record *record, const char *name);
/* Any named value as text, for --by, --where and --group: "part", "fold", "y", "id", a top-level field
 * or a meta column (meta.NAME, or NAME where no field is called so).  Appends to `out`. */
bool record_text(const struct record *record, const char *name, struct buffer *out);

/* "essays.csv:318" style name of a record for messages: its id, escaped; valid until the next call
 * in the same thread. */
const char *record_name(const struct record *record);

/* A record as one run of msgpack bytes (appended to `out`), and back; for spooling. */
void record_pack(const struct record *record, struct buffer *out);
/* `record` then points into `msgpack`, which must outlive its use; dies with STATUS_BROKEN. */
void record_unpack(struct record *record, struct slice msgpack, enum label_type y);

/* ---- Reading ---- */

struct stream_reader;

/* Reads the files one after another ("-": standard input; none: standard input). */
struct stream_reader *stream_open(char *const *paths, size_t count);
void stream_close(struct stream_reader *reader);

/* The next segment's header, written over what `header` held (the caller frees each).  What is left of the
 * segment before is read and verified first.  Returns false at the end of the input between segments (an
 * input with no segment at all is an error).  Dies with STATUS_BROKEN when the kind is not in `kinds`, and
 * for a later segment that is not compatible with the first (kind, label type, payload settings). */
bool stream_next(struct stream_reader *reader, struct header *header, unsigned kinds);

/* The next record of the segment; false after its trailer was read and verified. */
bool stream_read(struct stream_reader *reader, struct record **record);

/* The trailer of the segment that ended: borrowed until the next stream_next.  Has "end" and the counts;
 * "hash" is not in it. */
const json_t *stream_trailer(const struct stream_reader *reader);
/* Whether that segment carried a hash. */
bool stream_sealed(const struct stream_reader *reader);
/* The reader's first name for messages. */
const char *stream_name(const struct stream_reader *reader);

/* ---- Writing ---- */

struct stream_writer;

/* Writes to `path` ("-" or NULL: standard output), which is kept by reference.  Dies as file_output_open()
 * does, and with STATUS_USAGE when that is a terminal (msgpack never goes there), naming `show` as the way to
 * look. */
struct stream_writer *stream_create(const char *path, bool force);
void stream_write_header(struct stream_writer *writer, const struct header *header);
void stream_write(struct stream_writer *writer, const struct record *record);

/* Seals the segment: "end", the counts of `counts` (may be NULL; its "end" and "hash" are ignored),
 * and the hash; all of it is written then. */
void stream_write_trailer(struct stream_writer *writer, const json_t *counts);

/* Closes both ends, checked; dies with STATUS_BROKEN if a segment that was begun is not sealed
 * (a bug).  Either may be NULL. Returns STATUS_GOOD. */
int stream_finish(struct stream_reader *reader, struct stream_writer *writer);

#endif
