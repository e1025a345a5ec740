/* From text to ids.
 *
 * Reference path: added tokens are cut out; what is left is normalized, cut into words at spaces and around
 * punctuation, and each word is covered by the longest pieces from its start (Wu et al. 2016).
 *
 * Fast path: no step of the reference looks across an ASCII blank or an ASCII punctuation mark, so the raw
 * text is cut there into chunks, and a chunk's ids depend on its bytes alone.  A chunk met before is found by
 * those bytes in the thread's cache; only a new one goes through the reference path. */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/utf8.h"
#include "text/tokenizer_parts.h"

/* A short chunk and its ids; two fill a cache line, which is the set they compete in.  Ids beyond 16 bits are
 * kept in halves (struct tokenizer_cache: wide). */
enum { SHORT_BYTES = 16, SHORT_IDS = 7, SHORT_BITS = 14, SHORT_SETS = 1 << SHORT_BITS };
struct short_memo {
    uint64_t low, high; /* the bytes, zeros behind */
    uint16_t ids[SHORT_IDS];
    uint8_t size;  /* 0: free */
    uint8_t count; /* 16-bit numbers used */
};

/* The same for longer chunks, one to a set. */
enum { LONG_BYTES = 62, LONG_IDS = 32, LONG_SETS = 1 << 13 };
struct long_memo {
    char bytes[LONG_BYTES];
    uint8_t size, count;
    uint16_t ids[LONG_IDS];
};

struct tokenizer_cache {
    struct short_memo *shorts; /* [SHORT_SETS, 2] */
    struct long_memo *longs;   /* [LONG_SETS] */
    bool wide;                 /* each id takes two 16-bit numbers */
    struct buffer normal;      /* a chunk in normal form */
};

struct tokenizer_cache *tokenizer_cache_new(const struct tokenizer *t)
{
    struct tokenizer_cache *c = memory_zeroed(1, sizeof *c);
    c->shorts = memory_aligned(2 * SHORT_SETS, sizeof *c->shorts);
    c->longs = memory_zeroed(LONG_SETS, sizeof *c->longs);
    c->wide = t->vocabulary.count > 1 << 16;
    return c;
}

void tokenizer_cache_free(struct tokenizer_cache *c)
{
    if (!c)
        return;
    free(c->shorts);
    free(c->longs);
    buffer_free(&c->normal);
    free(c);
}

/* --- the reference path --- */

size_t wordpiece_word(const struct tokenizer *t, struct slice word, int32_t *to)
{
    size_t count = 0;
    size_t limit = (size_t)t->settings.word_limit;
    bool known = word.size <= limit || utf8_count(word) <= limit;
    for (size_t i = 0, size; known && i < word.size; i += size) {
        int32_t id = vocabulary_longest(&t->vocabulary, (struct slice){word.at + i, word.size - i}, i > 0,
                                        &size);
        known = id >= 0;
        to[count++] = id;
        if (!known)
            break;
    }
    if (known)
        return count;
    to[0] = t->special.unk;
    return 1;
}

/* Where `more` ids can be written. */
static int32_t *reserve(struct int_array *ids, size_t more)
{
    if (ids->capacity - ids->count < more)
        memory_grow(&ids->at, &ids->capacity, ids->count + more, sizeof *ids->at);
    return ids->at + ids->count;
}

/* Words of text in normal form. */
static void encode_normal(const struct tokenizer *t, struct slice text, struct int_array *ids)
{
    struct slice word;
    for (size_t at = 0; unicode_next_word(text, &at, &word);)
        ids->count += wordpiece_word(t, word, reserve(ids, word.size));
}

/* Text between added tokens. */
static void encode_raw(const struct tokenizer *t, struct tokenizer_cache *c, struct slice text,
                       struct int_array *ids)
{
    c->normal.size = 0;
    unicode_normalize(&c->normal, text, t->form);
    struct slice normal = {c->normal.at, c->normal.size};
    size_t from = 0, at;
    for (const struct added_token *token;
         (token = added_tokens_next(&t->added_normalized, normal, from, &at)); from = at + token->size) {
        encode_normal(t, (struct slice){normal.at + from, at - from}, ids);
        *reserve(ids, 1) = token->id;
        ids->count++;
    }
    if (normal.size > from)
        encode_normal(t, (struct slice){normal.at + from, normal.size - from}, ids);
}

/* --- the cache --- */

/* Writes ids in 16-bit numbers; returns how many, 0 when they do not fit. */
static uint8_t pack(const struct tokenizer_cache *c, uint16_t *to, size_t capacity, const int32_t *ids,
                    size_t count)
{
    size_t each = c->wide ? 2 : 1;
    if (count > capacity / each)
        return 0;
    for (size_t i = 0; i < count; i++) {
        to[i * each] = (uint16_t)ids[i];
        if (c->wide)
            to[2 * i + 1] = (uint16_t)((uint32_t)ids[i] >> 16);
    }
    return (uint8_t)(count * each);
}

static void unpack(const struct tokenizer_cache *c, const uint16_t *from, size_t count, struct int_array *ids)
{
    int32_t *to = reserve(ids, count);
    if (c->wide) {
        for (size_t i = 0; i < count; i += 2)
            *to++ = (int32_t)((uint32_t)from[i] | (uint32_t)from[i + 1] << 16);
        ids->count += count / 2;
    } else {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i];
        ids->count += count;
    }
}

static void encode_short_miss(const struct tokenizer *t, struct tokenizer_cache *c, struct short_memo *set,
                              struct short_memo fresh, struct slice chunk, struct int_array *ids)
{
    size_t before = ids->count;
    encode_raw(t, c, chunk, ids);
    size_t count = ids->count - before;
    fresh.count = pack(c, fresh.ids, SHORT_IDS, ids->at + before, count);
    if (fresh.count == 0 && count > 0)
        return;
    set[1] = set[0]; /* the newer of two stays longer */
    set[0] = fresh;
}

static void encode_long(const struct tokenizer *t, struct tokenizer_cache *c, struct slice chunk,
                        struct int_array *ids)
{
    if (chunk.size > LONG_BYTES) {
        encode_raw(t, c, chunk, ids);
        return;
    }
    struct long_memo *memo = c->longs + XXH3_64bits(chunk.at, chunk.size) % LONG_SETS;
    if (memo->size == chunk.size && memcmp(memo->bytes, chunk.at, chunk.size) == 0) {
        unpack(c, memo->ids, memo->count, ids);
        return;
    }
    size_t before = ids->count;
    encode_raw(t, c, chunk, ids);
    size_t count = ids->count - before;
    uint8_t packed = count > LONG_IDS ? 0 : pack(c, memo->ids, LONG_IDS, ids->at + before, count);
    memo->count = packed;
    memo->size = packed || count == 0 ? (uint8_t)chunk.size : 0;
    memcpy(memo->bytes, chunk.at, chunk.size);
}

/* --- the fast path --- */

/* What a byte is: part of a chunk, a blank, an ASCII punctuation mark. */
enum { IN_CHUNK, BLANK, MARK };
static const uint8_t byte_class[256] = {
    ['\t'] = BLANK,       ['\n'] = BLANK,       ['\r'] = BLANK,       [' '] = BLANK,
    ['!' ... '/'] = MARK, [':' ... '@'] = MARK, ['[' ... '`'] = MARK, ['{' ... '~'] = MARK,
};

/* Ones and zeros, so that 16 bytes from 16 - n on keep n bytes. */
static const uint8_t keep[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                 255, 255, 255, 255, 255, 255, 255, 255};

/* Letters and digits that `at` begins with, of 16 bytes: the length of most chunks. */
static size_t plain_bytes(const char *at)
{
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    unsigned plain = (unsigned)_mm_movemask_epi8(_mm_or_si128(is_letter, is_digit));
    return (size_t)__builtin_ctz(~plain);
#else
    size_t n = 0;
    while (n < 16 && (((uint8_t)at[n] | 0x20u) - 'a' < 26u || (uint8_t)at[n] - (unsigned)'0' < 10u))
        n++;
    return n;
#endif
}

/* What a short chunk is found by: its bytes with zeros behind, and how many. */
struct short_key {
    uint64_t low, high;
    size_t size;
};

/* 16 bytes at `from` can be read. */
static inline struct short_key short_key(const char *from, size_t size)
{
    uint64_t text[2], mask[2];
    memcpy(text, from, 16);
    memcpy(mask, keep + 16 - size, 16);
    return (struct short_key){text[0] & mask[0], text[1] & mask[1], size};
}

static inline struct short_memo *set_of(const struct tokenizer_cache *c, struct short_key key)
{
    uint64_t h = (key.low ^ (key.high << 32 | key.high >> 32) * 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93;
    return c->shorts + 2 * (h >> (64 - SHORT_BITS));
}

/* 0 when the entry is the key's. */
static inline uint64_t key_difference(const struct short_memo *memo, struct short_key key)
{
    return (memo->low ^ key.low) | (memo->high ^ key.high) | (memo->size ^ key.size);
}

/* The set's entry for `key`, NULL if there is none.  Which of two holds a word is a coin toss, so both are
 * looked at and neither decides a branch: the empty instruction hides from the compiler what the numbers are.
 */
static inline const struct short_memo *short_find(const struct short_memo *set, struct short_key key)
{
    size_t not_first = key_difference(set, key) != 0, not_second = key_difference(set + 1, key) != 0;
    __asm__("" : "+r"(not_first), "+r"(not_second));
    return not_first & not_second ? NULL : set + not_first;
}

/* All of an entry's ids, cheaper than to count them: `to` holds at least eight numbers. */
static inline void copy_ids(int32_t *to, const struct short_memo *memo)
{
    typedef uint16_t halves __attribute__((vector_size(16)));
    typedef int32_t numbers __attribute__((vector_size(32)));
    halves from;
    /* the last of the eight is what follows the ids in the struct */
    memcpy(&from, (const char *)memo + offsetof(struct short_memo, ids), sizeof from);
    numbers all = __builtin_convertvector(from, numbers);
    memcpy(to, &all, 32);
}

/* Bytes of the chunk that `at` begins with. */
static size_t chunk_bytes(const char *at, const char *end)
{
    const char *p = at;
    while (p < end && byte_class[(uint8_t)*p] == IN_CHUNK)
        p++;
    return (size_t)(p - at);
}

/* Any chunk, found or not. */
static void encode_chunk(const struct tokenizer *t, struct tokenizer_cache *c, struct slice chunk,
                         struct int_array *ids)
{
    if (chunk.size > SHORT_BYTES) {
        encode_long(t, c, chunk, ids);
        return;
    }
    char bytes[16] = {0};
    memcpy(bytes, chunk.at, chunk.size);
    struct short_key key = short_key(bytes, chunk.size);
    struct short_memo *set = set_of(c, key);
    const struct short_memo *memo = short_find(set, key);
    struct short_memo fresh = {.low = key.low, .high = key.high, .size = (uint8_t)chunk.size};
    if (memo)
        unpack(c, memo->ids, memo->count, ids);
    else
        encode_short_miss(t, c, set, fresh, chunk, ids);
}

/* One blank, mark or chunk of any kind; returns what is behind it.  `*inside`: the byte before was no
 * blank. */
static const char *encode_one(const struct tokenizer *t, struct tokenizer_cache *c, const char *p,
                              const char *end, struct int_array *ids, size_t *words, bool *inside)
{
    uint8_t class = byte_class[(uint8_t)*p];
    if (class == BLANK) {
        *inside = false;
        return p + 1;
    }
    *words += !*inside;
    *inside = true;
    if (class == MARK) {
        *reserve(ids, 1) = t->punctuation[(uint8_t)*p];
        ids->count++;
        return p + 1;
    }
    size_t size = chunk_bytes(p, end);
    encode_chunk(t, c, (struct slice){p, size}, ids);
    return p + size;
}

/* Text without added tokens.  `*in_word` tells whether the byte before it was no blank; returns the words
 * begun.
 *
 * What English is made of, a short word that was met before, then a blank, or a mark and perhaps a blank,
 * passes without a branch that depends on it. */
static size_t encode_plain(const struct tokenizer *t, struct tokenizer_cache *c, struct slice text,
                           struct int_array *ids, bool *in_word)
{
    const char *p = text.at, *end = text.at + text.size;
    size_t words = 0;
    bool inside = *in_word;
    int32_t *to = reserve(ids, SHORT_IDS + 2), *full = ids->at + ids->capacity - (SHORT_IDS + 2);
    while (end - p >= 32 && !c->wide) {
        size_t size = plain_bytes(p);
        uint8_t next = (uint8_t)p[size], class = byte_class[next];
        const struct short_memo *memo = NULL;
        if (size > 0 && class != IN_CHUNK && to <= full) {
            struct short_key key = short_key(p, size);
            memo = short_find(set_of(c, key), key);
        }
        if (!memo) {
            ids->count = (size_t)(to - ids->at);
            p = encode_one(t, c, p, end, ids, &words, &inside);
            to = reserve(ids, SHORT_IDS + 2);
            full = ids->at + ids->capacity - (SHORT_IDS + 2);
            continue;
        }
        words += !inside;
        copy_ids(to, memo);
        to += memo->count;
        *to = t->punctuation[next];
        bool mark = class == MARK, blank = p[size + 1] == ' ';
        to += mark;
        p += size + 1 + (size_t)blank;
        inside = mark & !blank;
    }
    ids->count = (size_t)(to - ids->at);
    while (p < end)
        p = encode_one(t, c, p, end, ids, &words, &inside);
    *in_word = inside;
    return words;
}

/* Normalized added tokens may lie across what the fast path cuts. */
static size_t encode_segment(const struct tokenizer *t, struct tokenizer_cache *c, struct slice text,
                             struct int_array *ids, bool *in_word)
{
    if (t->added_normalized.count == 0)
        return encode_plain(t, c, text, ids, in_word);
    encode_raw(t, c, text, ids);
    size_t words = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool blank = byte_class[(uint8_t)text.at[i]] == BLANK;
        words += !blank && !*in_word;
        *in_word = !blank;
    }
    return words;
}

size_t tokenizer_encode(const struct tokenizer *t, struct tokenizer_cache *cache, struct slice text,
                        struct int_array *ids)
{
    size_t from = 0, at, words = 0;
    bool in_word = false;
    if (text.size == 0)
        return 0;
    for (const struct added_token *token; (token = added_tokens_next(&t->added, text, from, &at));
         from = at + token->size) {
        words += encode_segment(t, cache, (struct slice){text.at + from, at - from}, ids, &in_word);
        *reserve(ids, 1) = token->id;
        ids->count++;
        words += !in_word;
        in_word = true;
    }
    return words + encode_segment(t, cache, (struct slice){text.at + from, text.size - from}, ids, &in_word);
}
