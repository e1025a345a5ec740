/* UTF-8 as Unicode defines it (version 15, table 3-7): no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
#ifndef RUBRIC_BASE_UTF8_H
#define RUBRIC_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* Bytes (1 to 4) of the well-formed character that begins at `at`, where `left` bytes (at least 1) are at
 * hand; 0 if there is none. */
size_t utf8_length(const char *at, size_t left);

/* Offset of the first byte that is not part of a well-formed character; `text.size` when all are. */
size_t utf8_invalid_at(struct slice text);

/* Appends a character. */
void utf8_write(struct buffer *out, uint32_t point);

/* ---- Valid text ---- */

/* The character at `at`, and its bytes (1 to 4) into `*size`. */
uint32_t utf8_read(const char *at, size_t *size);

/* Whether `byte` begins a character. */
bool utf8_begins(char byte);

/* Characters of `text`. */
size_t utf8_count(struct slice text);

/* `text`, or as much of it as fits in `limit` bytes without cutting a character in two. */
struct slice utf8_cut(struct slice text, size_t limit);

/* ---- Characters on a terminal ---- */

/* Whether a character acts on a terminal or cannot be seen on one: control characters, those that change the
 * direction of text, separators of lines and paragraphs, and all that Unicode calls default ignorable
 * (joiners, variation selectors, tags, fillers). */
bool utf8_hidden(uint32_t point);

/* Columns that a character takes: 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
 * Told by block, which is right for nearly all text. */
int utf8_width(uint32_t point);

#endif
