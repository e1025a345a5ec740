/* Pseudonyms: ids replaced by a keyed hash of them.
 *
 * One is HMAC-SHA-256 (RFC 2104, with SHA-256 as in RFC 4231) of the id under a key, its first 128 bits in
 * hexadecimal: the same id has the same pseudonym wherever the same key is used; two ids share one with a
 * chance of about n^2 / 2^129 for n ids, 10^-27 for a million; and who lacks the key can neither compute
 * nor check one.  A plain hash would not do: the few ids that a school has are soon all tried. */
#ifndef RUBRIC_TEXT_PSEUDONYM_H
#define RUBRIC_TEXT_PSEUDONYM_H

#include <stdint.h>

#include "base/memory.h"

enum { PSEUDONYM_DIGITS = 32, PSEUDONYM_KEY_LEAST = 16, HMAC_BYTES = 32 };

void hmac_sha256(struct slice key, struct slice message, uint8_t digest[HMAC_BYTES]);

/* A key for pseudonyms; {0} is none. */
struct pseudonym_key {
    struct buffer bytes;
};

/* The key in a file: all its bytes but a line end at their end, which editors add.  STATUS_INPUT for fewer
 * than PSEUDONYM_KEY_LEAST. */
struct pseudonym_key pseudonym_key_read(const char *path);
void pseudonym_key_free(struct pseudonym_key *key);

/* Writes the pseudonym of `id` to `to` (no terminator). */
void pseudonym(const struct pseudonym_key *key, struct slice id, char to[PSEUDONYM_DIGITS]);

#endif
