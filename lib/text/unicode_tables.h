/* What Hugging Face's tokenizers does with every code point: generated tables, read through unicode.h.
 *
 * A code point's kind is unicode_kinds[unicode_cells[unicode_blocks[cp / 64] * 64 + cp % 64]]: flags in the
 * low byte (enum unicode_flag), canonical combining class in the high byte.  A mapping is three arrays: the
 * code points it changes, ascending; where each one's expansion starts (one more entry than code points); the
 * expansions.  Hangul syllables decompose by arithmetic and stand in no table. */
#ifndef RUBRIC_TEXT_UNICODE_TABLES_H
#define RUBRIC_TEXT_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

extern const uint16_t unicode_kinds[];
extern const uint16_t unicode_blocks[];
extern const uint8_t unicode_cells[];

extern const uint32_t unicode_decomposition_from[];
extern const uint16_t unicode_decomposition_start[];
extern const uint32_t unicode_decomposition_to[];
extern const size_t unicode_decomposition_count;

extern const uint32_t unicode_lower_from[];
extern const uint16_t unicode_lower_start[];
extern const uint32_t unicode_lower_to[];
extern const size_t unicode_lower_count;

#endif
