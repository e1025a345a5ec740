/* What bytes of a row are: lines, NULs, text that was encoded twice. */
#ifndef RUBRIC_TEXT_VALIDATE_H
#define RUBRIC_TEXT_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* One pass over the bytes, eight at a time. */
struct text_facts {
    size_t newlines;
    bool ascii; /* no byte of 128 or more */
    bool nul;
};
struct text_facts text_facts(struct slice text);

/* Whether valid UTF-8 looks as if UTF-8 had been read as Windows-1252 or Latin-1 and encoded again:
 * U+00C3 or U+00C2 before a character that stood for a continuation byte, or U+00E2 before two of them,
 * the first being the euro sign or U+0080 (the mangled quotation marks and dashes). */
bool text_doubly_encoded(struct slice text);

/* Lines and columns, in characters, both from 1, of the byte at `offset`. */
struct text_position {
    uint64_t line;
    uint64_t column;
};
struct text_position text_position(struct slice text, size_t offset);

#endif
