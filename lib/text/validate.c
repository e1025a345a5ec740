#include "text/validate.h"

#include <string.h>

#include "base/utf8.h"

#define EACH_BYTE(b) (0x0101010101010101u * (uint64_t)(b))

static uint64_t load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* 0x80 in each byte of `word` that is zero, 0 in the others; exact, no borrow between bytes. */
static uint64_t zero_bytes(uint64_t word)
{
    uint64_t low = (word & EACH_BYTE(0x7f)) + EACH_BYTE(0x7f);
    return ~(low | word | EACH_BYTE(0x7f));
}

struct text_facts text_facts(struct slice text)
{
    const char *at = text.at, *end = text.at + text.size;
    uint64_t high = 0, zero = 0, newlines = 0;
    for (; end - at >= 8; at += 8) {
        uint64_t word = load(at);
        high |= word;
        zero |= zero_bytes(word);
        newlines += ((zero_bytes(word ^ EACH_BYTE('\n')) >> 7) * EACH_BYTE(1)) >> 56;
    }
    for (; at < end; at++) {
        high |= (unsigned char)*at;
        zero |= *at == 0;
        newlines += *at == '\n';
    }
    return (struct text_facts){newlines, !(high & EACH_BYTE(0x80)), zero != 0};
}

/* Whether the character at `at` is what Windows-1252 or Latin-1 shows for a UTF-8 continuation byte
 * (0x80 .. 0xBF); sets its size.  `left` bytes of valid text are at hand. */
static bool stands_for_continuation(const unsigned char *at, size_t left, size_t *size)
{
    static const uint16_t windows_1252[] = {
        /* 0x80 .. 0x9f where they differ from Latin-1 */
        0x20ac, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030,
        0x0160, 0x2039, 0x0152, 0x017d, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x017e, 0x0178,
    };
    if (left == 0)
        return false;
    uint32_t code = utf8_read((const char *)at, size);
    if (code >= 0x80 && code <= 0xbf)
        return true;
    for (size_t i = 0; i < sizeof windows_1252 / sizeof *windows_1252; i++)
        if (code == windows_1252[i])
            return true;
    return false;
}

bool text_doubly_encoded(struct slice text)
{
    /* U+00C2, U+00C3 and U+00E2 all begin with the byte 0xc3. */
    const unsigned char *at = (const unsigned char *)text.at, *end = at + text.size;
    for (; (at = memchr(at, 0xc3, (size_t)(end - at))); at++) {
        size_t left = (size_t)(end - at), size, more;
        if (left < 4)
            return false;
        if (at[1] == 0x83 && stands_for_continuation(at + 2, left - 2, &size))
            return true;
        /* U+00C2 ends words in some languages: only a symbol of Latin-1 after it is a trace. */
        if (at[1] == 0x82 && at[2] == 0xc2)
            return true;
        if (at[1] == 0xa2 && stands_for_continuation(at + 2, left - 2, &size) &&
            memcmp(at + 2, size == 3 ? "\xe2\x82\xac" : "\xc2\x80", size) == 0 &&
            stands_for_continuation(at + 2 + size, left - 2 - size, &more))
            return true;
    }
    return false;
}

struct text_position text_position(struct slice text, size_t offset)
{
    struct text_position where = {1, 1};
    for (size_t i = 0; i < offset; i++) {
        if (text.at[i] == '\n')
            where = (struct text_position){where.line + 1, 1};
        else if (utf8_begins(text.at[i]))
            where.column++;
    }
    return where;
}
