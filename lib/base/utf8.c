#include "base/utf8.h"

#include <string.h>

/* Inlined: a call for each character would slow the check of texts that are not English by a tenth. */
static inline __attribute__((always_inline)) size_t length(const char *at, size_t left)
{
    const uint8_t *b = (const uint8_t *)at;
    if (b[0] < 0x80)
        return 1;
    size_t size = b[0] < 0xC2 ? 0 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : b[0] < 0xF5 ? 4 : 0;
    if (size == 0 || left < size)
        return 0;
    /* The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF. */
    uint8_t least = b[0] == 0xE0 ? 0xA0 : b[0] == 0xF0 ? 0x90 : 0x80;
    uint8_t most = b[0] == 0xED ? 0x9F : b[0] == 0xF4 ? 0x8F : 0xBF;
    if (b[1] < least || b[1] > most)
        return 0;
    for (size_t i = 2; i < size; i++)
        if (utf8_begins(at[i]))
            return 0;
    return size;
}

size_t utf8_length(const char *at, size_t left) { return length(at, left); }

/* Moves over runs of ASCII, eight bytes at a time. */
static size_t skip_ascii(struct slice text, size_t i)
{
    for (uint64_t eight; text.size - i >= 8; i += 8) {
        memcpy(&eight, text.at + i, 8);
        if (eight & 0x8080808080808080)
            break;
    }
    return i;
}

size_t utf8_invalid_at(struct slice text)
{
    for (size_t i = skip_ascii(text, 0); i < text.size;) {
        size_t size = length(text.at + i, text.size - i);
        if (size == 0)
            return i;
        i += size;
        if (size == 1)
            i = skip_ascii(text, i);
    }
    return text.size;
}

void utf8_write(struct buffer *out, uint32_t point)
{
    char *to = buffer_reserve(out, 4);
    if (point < 0x80) {
        to[0] = (char)point;
        out->size += 1;
    } else if (point < 0x800) {
        to[0] = (char)(0xC0 | point >> 6);
        to[1] = (char)(0x80 | (point & 0x3F));
        out->size += 2;
    } else if (point < 0x10000) {
        to[0] = (char)(0xE0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 0x3F));
        to[2] = (char)(0x80 | (point & 0x3F));
        out->size += 3;
    } else {
        to[0] = (char)(0xF0 | point >> 18);
        to[1] = (char)(0x80 | (point >> 12 & 0x3F));
        to[2] = (char)(0x80 | (point >> 6 & 0x3F));
        to[3] = (char)(0x80 | (point & 0x3F));
        out->size += 4;
    }
}

uint32_t utf8_read(const char *at, size_t *size)
{
    const uint8_t *b = (const uint8_t *)at;
    if (b[0] < 0x80) {
        *size = 1;
        return b[0];
    }
    if (b[0] < 0xE0) {
        *size = 2;
        return (b[0] & 0x1Fu) << 6 | (b[1] & 0x3Fu);
    }
    if (b[0] < 0xF0) {
        *size = 3;
        return (b[0] & 0xFu) << 12 | (b[1] & 0x3Fu) << 6 | (b[2] & 0x3Fu);
    }
    *size = 4;
    return (b[0] & 7u) << 18 | (b[1] & 0x3Fu) << 12 | (b[2] & 0x3Fu) << 6 | (b[3] & 0x3Fu);
}

bool utf8_begins(char byte) { return ((unsigned char)byte & 0xC0) != 0x80; }

size_t utf8_count(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += utf8_begins(text.at[i]);
    return count;
}

struct slice utf8_cut(struct slice text, size_t limit)
{
    if (text.size <= limit)
        return text;
    while (limit > 0 && !utf8_begins(text.at[limit]))
        limit--;
    return (struct slice){text.at, limit};
}

struct range {
    uint32_t first, last;
};

/* `ranges` ascend. */
static bool is_in(const struct range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count && ranges[i].first <= point; i++)
        if (point <= ranges[i].last)
            return true;
    return false;
}

#define IS_IN(ranges, point) is_in(ranges, sizeof(ranges) / sizeof *(ranges), point)

bool utf8_hidden(uint32_t point)
{
    /* DerivedCoreProperties.txt: Default_Ignorable_Code_Point; PropList.txt: Bidi_Control, White_Space's Zl,
     * Zp; and U+FFF9 to U+FFFB, which mark annotations. */
    static const struct range hidden[] = {
        {0x0, 0x1F},      {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},
        {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
        {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
        {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
    };
    return IS_IN(hidden, point);
}

int utf8_width(uint32_t point)
{
    static const struct range marks[] = {
        {0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F},
    };
    /* East Asian Width W and F, and the blocks of emoji. */
    static const struct range wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
        {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    if (point < 0x300)
        return 1;
    return IS_IN(marks, point) ? 0 : IS_IN(wide, point) ? 2 : 1;
}
