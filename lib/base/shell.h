/* Words for a shell. */
#ifndef RUBRIC_BASE_SHELL_H
#define RUBRIC_BASE_SHELL_H

#include <stdbool.h>

#include "base/memory.h"

/* Appends one word as a POSIX shell reads it back: as it is where that is safe, else in single quotes.
 * `visible`: characters that act on a terminal or cannot be seen (utf8_hidden), and bytes that are not UTF-8,
 * are written as octal escapes in $'...' (POSIX.1-2024). */
void shell_quote(struct buffer *out, struct slice word, bool visible);

#endif
