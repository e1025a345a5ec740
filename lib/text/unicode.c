#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/unicode_tables.h"

static unsigned kind_of(uint32_t point)
{
    return unicode_kinds[unicode_cells[(size_t)unicode_blocks[point / 64] * 64 + point % 64]];
}

unsigned unicode_flags(uint32_t point) { return kind_of(point) & 0xff; }

/* Marks between two characters of class 0, waiting for their canonical order.  A run of marks is part of one
 * word, so what lies beyond the longest word that is ever looked up need not be in order. */
enum { RUN_LIMIT = 1024 };

struct normalizer {
    struct unicode_normal_form form;
    struct buffer *out;
    uint32_t
        *run; /* [RUN_LIMIT], class << 24 | code point, ascending by class; allocated when first needed */
    size_t count;
};

/* Where `point` stands in a mapping's ascending list; it is there, as its flag said. */
static size_t mapping_index(const uint32_t *from, size_t count, uint32_t point)
{
    size_t low = 0;
    while (count > 1) {
        size_t half = count / 2;
        low += from[low + half] <= point ? half : 0;
        count -= half;
    }
    return low;
}

void unicode_write_lower(struct buffer *out, uint32_t point)
{
    if (!(kind_of(point) & UNICODE_LOWERS)) {
        utf8_write(out, point);
        return;
    }
    size_t i = mapping_index(unicode_lower_from, unicode_lower_count, point);
    for (size_t k = unicode_lower_start[i]; k < unicode_lower_start[i + 1]; k++)
        utf8_write(out, unicode_lower_to[k]);
}

/* The last step: lower case. */
static void put_lower(struct normalizer *n, uint32_t point)
{
    if (n->form.lower_case)
        unicode_write_lower(n->out, point);
    else
        utf8_write(n->out, point);
}

static void end_run(struct normalizer *n)
{
    for (size_t i = 0; i < n->count; i++)
        put_lower(n, n->run[i] & 0xFFFFFF);
    n->count = 0;
}

/* One character of a canonical decomposition: marks of class 0 end a run even where they are taken out. */
static void put_decomposed(struct normalizer *n, uint32_t point)
{
    unsigned kind = kind_of(point), class = kind >> 8;
    if (class == 0)
        end_run(n);
    if (kind & UNICODE_MARK)
        return;
    if (class == 0) {
        put_lower(n, point);
        return;
    }
    if (!n->run)
        n->run = memory_new(RUN_LIMIT, sizeof *n->run);
    if (n->count == RUN_LIMIT)
        end_run(n);
    size_t i = n->count++;
    for (; i > 0 && n->run[i - 1] >> 24 > class; i--)
        n->run[i] = n->run[i - 1];
    n->run[i] = (uint32_t) class << 24 | point;
}

/* Unicode 15, section 3.12: syllables are numbered by leading consonant, vowel, trailing consonant. */
static bool put_hangul(struct normalizer *n, uint32_t point)
{
    enum { FIRST = 0xAC00, LAST = 0xD7A3, VOWELS = 21, TRAILS = 28 };
    if (point < FIRST || point > LAST)
        return false;
    uint32_t index = point - FIRST;
    put_decomposed(n, 0x1100 + index / (VOWELS * TRAILS));
    put_decomposed(n, 0x1161 + index / TRAILS % VOWELS);
    if (index % TRAILS)
        put_decomposed(n, 0x11A7 + index % TRAILS);
    return true;
}

static void put_cleaned(struct normalizer *n, uint32_t point, unsigned kind)
{
    if (!n->form.strip_accents) {
        put_lower(n, point);
    } else if (kind & UNICODE_DECOMPOSES) {
        size_t i = mapping_index(unicode_decomposition_from, unicode_decomposition_count, point);
        for (size_t k = unicode_decomposition_start[i]; k < unicode_decomposition_start[i + 1]; k++)
            put_decomposed(n, unicode_decomposition_to[k]);
    } else if (!put_hangul(n, point)) {
        put_decomposed(n, point);
    }
}

/* Printing ASCII needs none of the steps but lower case; returns how much of it `text` begins with. */
static size_t put_ascii(struct normalizer *n, struct slice text)
{
    char *to = buffer_reserve(n->out, text.size);
    size_t i = 0;
    for (; i < text.size && text.at[i] >= ' ' && text.at[i] < 0x7F; i++) {
        bool capital = n->form.lower_case && text.at[i] >= 'A' && text.at[i] <= 'Z';
        to[i] = (char)(text.at[i] | (capital ? 0x20 : 0));
    }
    n->out->size += i;
    return i;
}

void unicode_normalize(struct buffer *out, struct slice text, struct unicode_normal_form form)
{
    struct normalizer n = {form, out, NULL, 0};
    for (size_t i = 0, size; i < text.size; i += size) {
        if (text.at[i] >= ' ' && text.at[i] < 0x7F) {
            end_run(&n);
            size = put_ascii(&n, (struct slice){text.at + i, text.size - i});
            continue;
        }
        uint32_t point = utf8_read(text.at + i, &size);
        unsigned kind = kind_of(point);
        if (kind & UNICODE_REMOVED)
            continue;
        bool apart = form.split_chinese && (kind & UNICODE_CHINESE);
        if (apart)
            put_cleaned(&n, ' ', 0);
        put_cleaned(&n, kind & UNICODE_SPACE ? ' ' : point, kind & UNICODE_SPACE ? 0 : kind);
        if (apart)
            put_cleaned(&n, ' ', 0);
    }
    end_run(&n);
    free(n.run);
}

bool unicode_next_word(struct slice text, size_t *at, struct slice *word)
{
    size_t begin = *at, i = begin, size;
    for (; i < text.size; i += size) {
        unsigned flags = unicode_flags(utf8_read(text.at + i, &size));
        if (!(flags & (UNICODE_SPACE | UNICODE_PUNCTUATION)))
            continue;
        if (begin < i)
            break; /* the word that ends here; what ended it is looked at again */
        begin = i + size;
        if (flags & UNICODE_PUNCTUATION) {
            begin = i;
            i += size;
            break;
        }
    }
    *at = i;
    *word = (struct slice){text.at + begin, i - begin};
    return begin < i;
}
