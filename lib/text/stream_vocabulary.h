/* The vocabulary that a stream of tokens was made with, for turning its ids back into text. */
#ifndef RUBRIC_TEXT_STREAM_VOCABULARY_H
#define RUBRIC_TEXT_STREAM_VOCABULARY_H

#include "stream/stream.h"
#include "text/tokenizer.h"

/* Looks in `directory` (-m; may be NULL), the header's model, $RUBRIC_MODEL and the default model installed
 * beside this program, in this order, for the vocabulary whose hash the header names.  NULL when none of them
 * has it: that is no error.  The caller frees. */
struct tokenizer *stream_vocabulary(const char *directory, const struct header *header);

#endif
