/* Streams without what tells whose texts they are: for a colleague, a bug report, a publication.
 *
 * What stays is what is listed here; whatever else a stream holds, unknown keys too, is left out. */
#ifndef RUBRIC_STREAM_ANONYMISE_H
#define RUBRIC_STREAM_ANONYMISE_H

#include "stream/stream.h"

/* Of a header: what rubric-stream(5) lists, of the paths of models the last component, of the trail no
 * operands and of other arguments no directories. */
void anonymise_header(struct header *header);

/* Of a record: label, weight, part, fold, lengths, prediction.  Its id becomes `number`; kept columns, tokens
 * (which are the text) and vectors (from which much of it can be guessed) go, and `bad` says so. */
void anonymise_record(struct record *record, enum stream_kind kind, uint64_t number);

#endif
