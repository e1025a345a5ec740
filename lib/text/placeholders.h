/* Placeholders of the ASAP essays: names that stand for what was taken out to keep the writers anonymous.
 *
 * One is "@", a published name (PERSON ORGANIZATION LOCATION DATE TIME MONEY PERCENT MONTH EMAIL NUM CAPS DR
 * CITY STATE) in capitals, and digits or none.  Handles and e-mail addresses are none: without digits no
 * letter, digit or underscore may follow (@TIMES, @DR_WHO) nor a letter, digit, dot, hyphen, plus or
 * underscore stand before (bob@CITY.com); with digits no underscore may follow.
 *
 * What clings to one is the letters after it (@NUM1k) and an apostrophe with letters (@PERSON1's, @CAPS3't,
 * typographic apostrophes too).  It goes with the placeholder under `drop` and stays under `mask`; everything
 * else around it (quotes, hyphens, full stops) always stays. */
#ifndef RUBRIC_TEXT_PLACEHOLDERS_H
#define RUBRIC_TEXT_PLACEHOLDERS_H

#include <stdint.h>

#include "base/memory.h"
#include "text/tokenizer_settings.h"

enum { PLACEHOLDER_NAMES = 14 };
const char *placeholder_name(int index); /* "PERSON" ...; index in 0 .. PLACEHOLDER_NAMES-1 */

/* `text` under the policy: dropped, replaced by [MASK], or as it is; every placeholder adds one to its place
 * in counts[PLACEHOLDER_NAMES].  Returns `text` itself when nothing changes, else bytes in `store` (emptied
 * first). */
struct slice placeholders_apply(enum placeholders policy, struct slice text, struct buffer *store,
                                uint64_t *counts);

/* End of the placeholder whose "@" is at text.at[at], with what clings to it; 0 if that "@" begins none.
 * `before` is where the placeholder before it ended so, 0 if there is none: letters up to there make no
 * address of this one. */
size_t placeholder_end(struct slice text, size_t at, size_t before);

#endif
