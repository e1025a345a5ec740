/* Bytes of any encoding that iconv knows, as UTF-8, a piece at a time, and back again.
 *
 * A byte that the encoding does not have does not end the decoding: it comes out as a mark that no
 * UTF-8 contains (0xff and two continuation bytes holding its halves), so that the row it stands in is
 * found bad by the same check as any other, at its line and column, and can be written back as it was. */
#ifndef RUBRIC_TEXT_ENCODING_H
#define RUBRIC_TEXT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

struct decoder;

/* NULL when `name` is UTF-8 (nothing to do).  STATUS_USAGE for a name that iconv does not know.
 * "UTF-16" takes its byte order from the byte order mark, little-endian without one. */
struct decoder *decoder_new(const char *name);
void decoder_free(struct decoder *d);
const char *decoder_name(const struct decoder *d);

/* Another decoder of the same encoding and byte order, as far as that is known; NULL for NULL. */
struct decoder *decoder_copy(const struct decoder *d);
bool decoder_same(const struct decoder *a, const struct decoder *b);

/* Decodes the next bytes of the input, appending to `out`; what is left of an unfinished character waits for
 * the next call, or is marked when `final`. */
void decoder_feed(struct decoder *d, const char *bytes, size_t size, bool final, struct buffer *out);

/* Decoded text as it stood in the input, marks included; appends to `out`. */
void decoder_restore(struct decoder *d, struct slice text, struct buffer *out);

/* The byte that a mark at `at` stands for, or -1 if there is none. */
int decoder_marked(const char *at, size_t left);

#endif
