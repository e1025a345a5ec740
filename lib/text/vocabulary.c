#include "text/vocabulary.h"

#include <sha256.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/unicode.h"

/* FNV-1a over 64 bits, so that a prefix's hash grows by a byte at a time. */
static const uint64_t hash_start = 0xcbf29ce484222325;
static uint64_t hash_byte(uint64_t hash, char byte) { return (hash ^ (uint8_t)byte) * 0x100000001b3; }

static uint64_t hash_bytes(uint64_t hash, struct slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        hash = hash_byte(hash, bytes.at[i]);
    return hash;
}

/* FNV's low bits are its weak ones: the slot comes from a product's high half. */
static uint64_t hash_mix(uint64_t hash)
{
    hash ^= hash >> 32;
    return hash * 0x9E3779B97F4A7C15;
}
static size_t slot_of(const struct vocabulary *v, uint64_t mixed) { return (size_t)(mixed >> 32) & v->mask; }
static uint32_t tag_of(uint64_t mixed) { return (uint32_t)mixed; }

static bool continues(struct slice piece)
{
    return piece.size > 2 && memcmp(piece.at, PIECE_CONTINUES, 2) == 0;
}

struct slice vocabulary_piece(const struct vocabulary *v, size_t id)
{
    return (struct slice){v->bytes.at + v->start[id], v->start[id + 1] - v->start[id]};
}

void vocabulary_add(struct vocabulary *v, struct slice piece, const char *where)
{
    if (piece.size == 0)
        die(STATUS_BROKEN, "%s: piece %zu is empty", where, v->count);
    if (piece.size > PIECE_LIMIT)
        die(STATUS_BROKEN, "%s: piece %zu has %zu bytes: expected at most %d", where, v->count, piece.size,
            PIECE_LIMIT);
    if (utf8_invalid_at(piece) != piece.size)
        die(STATUS_BROKEN, "%s: piece %zu is not UTF-8", where, v->count);
    if (memchr(piece.at, '\n', piece.size))
        die(STATUS_BROKEN, "%s: piece %zu has a line break in it", where, v->count);
    if (v->count == VOCABULARY_LIMIT)
        die(STATUS_BROKEN, "%s: more than %d pieces", where, VOCABULARY_LIMIT);
    memory_grow(&v->start, &v->capacity, v->count + 2, sizeof *v->start);
    buffer_append(&v->bytes, piece.at, piece.size);
    if (v->bytes.size > UINT32_MAX)
        die(STATUS_BROKEN, "%s: more than 4 GiB of pieces", where);
    v->start[0] = 0;
    v->start[++v->count] = (uint32_t)v->bytes.size;
    bool inner = continues(piece);
    size_t size = piece.size - (inner ? 2 : 0);
    if (size > v->longest[inner])
        v->longest[inner] = size;
}

void vocabulary_end_of_pieces(struct vocabulary *v) { v->matched = v->count; }

/* Id, below `limit`, of the piece whose bytes are `prefix` then `rest`; -1 if there is none. */
static int32_t find(const struct vocabulary *v, uint64_t hash, struct slice prefix, struct slice rest,
                    size_t limit)
{
    uint64_t mixed = hash_mix(hash);
    for (size_t slot = slot_of(v, mixed); v->slots[slot] != 0; slot = (slot + 1) & v->mask) {
        if (v->slots[slot] >> 32 != tag_of(mixed))
            continue;
        size_t id = (size_t)(v->slots[slot] & 0xFFFFFFFF) - 1;
        struct slice piece = vocabulary_piece(v, id);
        if (id < limit && piece.size == prefix.size + rest.size &&
            memcmp(piece.at, prefix.at, prefix.size) == 0 &&
            memcmp(piece.at + prefix.size, rest.at, rest.size) == 0)
            return (int32_t)id;
    }
    return -1;
}

static const struct slice no_prefix = {"", 0}, inner_prefix = {PIECE_CONTINUES, 2};

int32_t vocabulary_find(const struct vocabulary *v, struct slice piece)
{
    return find(v, hash_bytes(hash_start, piece), no_prefix, piece, v->count);
}

static void digest(struct vocabulary *v)
{
    SHA2_CTX context;
    SHA256Init(&context);
    for (size_t id = 0; id < v->count; id++) {
        struct slice piece = vocabulary_piece(v, id);
        SHA256Update(&context, (const uint8_t *)piece.at, piece.size);
        SHA256Update(&context, (const uint8_t *)"\n", 1);
    }
    SHA256End(&context, v->hash);
}

void vocabulary_index(struct vocabulary *v, const char *where)
{
    if (v->count == 0)
        die(STATUS_BROKEN, "%s: no pieces: expected a vocabulary, one piece a line", where);
    if (v->matched == 0)
        v->matched = v->count;
    size_t slots = 64;
    while (slots < 2 * v->count)
        slots *= 2;
    v->mask = slots - 1;
    v->slots = memory_zeroed(slots, sizeof *v->slots);
    for (size_t id = 0; id < v->count; id++) {
        struct slice piece = vocabulary_piece(v, id);
        int32_t other = vocabulary_find(v, piece);
        if (other >= 0)
            die(STATUS_BROKEN, "%s: '%.*s' is both piece %d and piece %zu: expected each once", where,
                (int)piece.size, piece.at, other, id);
        uint64_t mixed = hash_mix(hash_bytes(hash_start, piece));
        size_t slot = slot_of(v, mixed);
        while (v->slots[slot] != 0)
            slot = (slot + 1) & v->mask;
        v->slots[slot] = (uint64_t)tag_of(mixed) << 32 | (id + 1);
    }
    digest(v);
}

int32_t vocabulary_longest(const struct vocabulary *v, struct slice word, bool inner, size_t *size)
{
    uint64_t hashes[PIECE_LIMIT];
    struct slice prefix = inner ? inner_prefix : no_prefix;
    uint64_t hash = hash_bytes(hash_start, prefix);
    size_t longest = word.size < v->longest[inner] ? word.size : v->longest[inner];
    for (size_t i = 0; i < longest; i++)
        hashes[i] = hash = hash_byte(hash, word.at[i]);
    for (size_t n = longest; n > 0; n--) {
        int32_t id = find(v, hashes[n - 1], prefix, (struct slice){word.at, n}, v->matched);
        if (id >= 0) {
            *size = n;
            return id;
        }
    }
    return -1;
}

void vocabulary_free(struct vocabulary *v)
{
    buffer_free(&v->bytes);
    free(v->start);
    free(v->slots);
    *v = (struct vocabulary){0};
}
