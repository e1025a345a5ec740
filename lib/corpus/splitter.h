/* Which part a record belongs to, decided in one pass.
 *
 * A plan divides records among P parts in given shares.  Within a stratum (a class, or all records), the
 * division is exact at every moment: after n records, part p holds floor(n r_p) or ceil(n r_p) of them.
 * Seen as scheduling, the j-th record of part p must fall in the window of positions
 *     floor((j-1) / r_p) + 1  ..  ceil(j / r_p),
 * the windows of Pfair scheduling (Baruah, Cohen, Plaxton and Varvel 1996), for which a schedule always
 * exists; among those the seed chooses.  Shares are whole numbers whose sum is the period: at its end
 * every count is exact. */
#ifndef RUBRIC_CORPUS_SPLITTER_H
#define RUBRIC_CORPUS_SPLITTER_H

#include <stdint.h>

#include "base/memory.h"

enum { SPLIT_MAX_PARTS = 64, SPLIT_MAX_PERIOD = 1000, SPLIT_MAX_STRATA = 100000 };

struct split_shares {
    uint32_t share[SPLIT_MAX_PARTS]; /* whole numbers without a common divisor */
    uint32_t period;                 /* their sum */
    int parts;
};

/* Reads "80:20" or "70:15:15" (decimals allowed, zero not).  Dies with STATUS_USAGE when the text is no
 * such list, has fewer than 2 or more than SPLIT_MAX_PARTS shares, or a period over SPLIT_MAX_PERIOD. */
struct split_shares split_shares_parse(const char *text);

/* `parts` equal shares (folds). */
struct split_shares split_shares_equal(int parts);

/* Exact division within strata. */
struct splitter;
struct splitter *splitter_new(const struct split_shares *shares, uint64_t seed);
void splitter_free(struct splitter *s);

/* The part (0 .. P-1) of the next record of `stratum`, a text; the empty slice is a stratum too.  The
 * stratum's name and counts are kept: memory grows with the strata only.  Dies with STATUS_INPUT beyond
 * SPLIT_MAX_STRATA, saying to use --bins. */
int splitter_assign(struct splitter *s, struct slice stratum);

/* The part for a keyed hash of `key`: the same key always gets the same part. */
int splitter_by_key(const struct split_shares *shares, uint64_t seed, struct slice key);

/* The part of the n-th record drawn by itself. */
int splitter_at_random(const struct split_shares *shares, uint64_t seed, uint64_t n);

#endif
