/* What rubric-stream(5) asks of records beyond what every reader insists on: for show --check, and for those
 * who write streams in other languages. */
#ifndef RUBRIC_STREAM_CHECK_H
#define RUBRIC_STREAM_CHECK_H

#include "stream/stream.h"

/* The arrays that a check unpacks into; start with {0}. */
struct record_checker {
    struct int_array ids, types, windows;
    struct float_array vector;
    struct double_array probabilities;
};
void record_checker_free(struct record_checker *checker);

/* Dies with STATUS_BROKEN, naming the record and the key, unless the record's payload is what its header
 * promises: tokens have ids within the vocabulary, types of the same number, windows that begin at 0, end at
 * the last id and do not overlap; vectors have a vec; predictions a pred, and as many prob as there are
 * labels.  A record that lacks its payload says why in a string `bad`. */
void record_check(struct record_checker *checker, const struct record *record, const struct header *header);

#endif
