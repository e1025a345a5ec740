/* A window on a file: the bytes that have been read and not yet used, decoded when the file has an
 * encoding.  It grows while its owner asks for more than it holds. */
#ifndef RUBRIC_TEXT_INPUT_H
#define RUBRIC_TEXT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "text/encoding.h"

struct input {
    const char *name; /* for messages */
    int fd;
    bool ended; /* nothing comes after `bytes` */
    struct buffer bytes;
    size_t used;             /* bytes.at[used..size) are waiting */
    struct decoder *decoder; /* owned; NULL for UTF-8 */
    struct buffer raw;
};

/* Opens `path` ("-": standard input).  `encoding` may be NULL: then UTF-16 is known by its byte order mark
 * and everything else is UTF-8.  A byte order mark is taken off; `*marked` says that there was one. */
void input_open(struct input *in, const char *path, const char *encoding, bool *marked);
void input_close(struct input *in);

/* Reads on, keeping what is waiting (it may move).  False at the end of the file. */
bool input_more(struct input *in);

#endif
