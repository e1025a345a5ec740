/* A spool: any number of byte entries, written once in order, then read at random.
 *
 * The first entries stay in memory up to a limit; all later ones go to an unlinked file in $TMPDIR (else
 * /tmp), and so does the index of their ends, so memory never exceeds the limit by more than two 64 KiB
 * write buffers, however many entries there are.  The limit may fall while entries come: then those in memory
 * go to the file too.  What is read back does not depend on the place. */
#ifndef RUBRIC_TRAIN_SPOOL_H
#define RUBRIC_TRAIN_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"

struct spool;

/* `limit` bytes may stay in memory; `what` names the contents in messages ("training examples"). */
struct spool *spool_new(uint64_t limit, const char *what);
void spool_free(struct spool *spool);

/* Adds an entry.  Dies with STATUS_SYSTEM when the temporary file cannot take it. */
void spool_append(struct spool *spool, const void *bytes, size_t size);

/* `limit` bytes may stay in memory from now on, before the spool is sealed; if more are there, all of them go
 * to the file. */
void spool_limit(struct spool *spool, uint64_t limit);

/* Ends the writing: entries may be read from now on, by any number of threads. */
void spool_seal(struct spool *spool);

uint64_t spool_count(const struct spool *spool);
/* Bytes held in memory, of the entries and the index of their ends. */
uint64_t spool_resident(const struct spool *spool);

/* Entry `index`: a slice of the spool's own memory, or of `into`, which is overwritten with it. */
struct slice spool_get(const struct spool *spool, uint64_t index, struct buffer *into);

#endif
