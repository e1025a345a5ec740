/* Byte-pair merging: the most frequent pair of neighbouring pieces becomes one piece, again and again.
 * See vocabulary_trainer.h for the rule and its source. */
#ifndef RUBRIC_TEXT_MERGES_H
#define RUBRIC_TEXT_MERGES_H

#include <stdint.h>

#include "base/interner.h"

struct merges;

/* `pieces` is where new pieces are numbered; kept by reference. */
struct merges *merges_new(struct interner *pieces);
void merges_free(struct merges *m);

/* A word of `count` pieces (copied) that occurs `times` times. */
void merges_add(struct merges *m, const uint32_t *pieces, size_t count, uint64_t times);

/* Merges until there are `size` pieces or no pair occurs `least` times.  Once only. */
void merges_run(struct merges *m, size_t size, uint64_t least);

#endif
