#include "text/vocabulary_trainer.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/interner.h"
#include "text/merges.h"
#include "text/unicode.h"

/* Characters of a word: longer ones are [UNK] anyway. */
enum { WORD_CHARACTERS = 100 };

struct trainer {
    struct trainer_options options;
    struct unicode_normal_form form;
    struct interner words;
    struct word_count {
        uint64_t times;
        uint64_t texts, last_text; /* how many it stands in; the number of the last of them */
    } * counts;                    /* [words.count] */
    size_t capacity;
    uint64_t total, texts;
    struct buffer normal;
};

struct trainer *trainer_new(const struct trainer_options *options)
{
    struct trainer *t = memory_zeroed(1, sizeof *t);
    t->options = *options;
    t->form = (struct unicode_normal_form){!options->cased, !options->cased, true};
    return t;
}

void trainer_free(struct trainer *t)
{
    interner_free(&t->words);
    free(t->counts);
    buffer_free(&t->normal);
    free(t);
}

uint64_t trainer_words(const struct trainer *t) { return t->total; }
size_t trainer_different(const struct trainer *t) { return t->words.count; }

void trainer_add(struct trainer *t, struct slice text)
{
    t->normal.size = 0;
    t->texts++;
    unicode_normalize(&t->normal, text, t->form);
    struct slice word, normal = {t->normal.at, t->normal.size};
    for (size_t at = 0; unicode_next_word(normal, &at, &word);) {
        bool added;
        size_t number = interner_add(&t->words, word, &added);
        if (added) {
            memory_grow(&t->counts, &t->capacity, t->words.count, sizeof *t->counts);
            t->counts[number] = (struct word_count){0};
        }
        struct word_count *count = &t->counts[number];
        count->times++;
        count->texts += count->last_text != t->texts;
        count->last_text = t->texts;
        t->total++;
    }
}

/* How often a word counts: not at all where it stands in too few texts. */
static uint64_t times(const struct trainer *t, size_t word)
{
    return t->counts[word].texts < t->options.min_texts ? 0 : t->counts[word].times;
}

/* --- the characters --- */

struct character {
    uint32_t point;
    uint64_t count;
    bool opens, continues; /* occurs at the start of words; after it */
};

static int more_frequent(const void *a, const void *b)
{
    const struct character *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

static int by_point(const void *a, const void *b)
{
    const struct character *x = a, *y = b;
    return (x->point > y->point) - (x->point < y->point);
}

/* ASCII is there whether it occurs or not: capitals only where case is kept. */
static void add_ascii(struct character *all, bool cased)
{
    for (uint32_t c = '!'; c < 127; c++) {
        bool letter = (c | 32) >= 'a' && (c | 32) <= 'z', digit = c >= '0' && c <= '9';
        if (letter && c < 'a' && !cased)
            continue;
        all[c].opens = true;
        all[c].continues = letter || digit;
        all[c].count = UINT64_MAX;
    }
}

/* Every character of the words, most frequent first; `*count` of them. */
static struct character *characters(const struct trainer *t, size_t *count)
{
    enum { POINTS = 0x110000 };
    struct character *all = memory_zeroed(POINTS, sizeof *all);
    for (uint32_t i = 0; i < t->words.count; i++) {
        struct slice word = t->words.at[i];
        uint64_t often = times(t, i);
        for (size_t at = 0, size; often > 0 && at < word.size; at += size) {
            struct character *c = &all[utf8_read(word.at + at, &size)];
            c->count += often;
            c->opens |= at == 0;
            c->continues |= at > 0;
        }
    }
    add_ascii(all, t->options.cased);
    size_t n = 0;
    for (uint32_t p = 0; p < POINTS; p++)
        if (all[p].count >= t->options.min_frequency && all[p].count > 0) {
            all[n] = all[p];
            all[n++].point = p;
        }
    qsort(all, n, sizeof *all, more_frequent);
    *count = n;
    return all;
}

/* The pieces that the vocabulary begins with. */
static void add_characters(const struct trainer *t, struct interner *pieces)
{
    static const char *const special[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        interner_add(pieces, slice_of(special[i]), NULL);
    size_t count, most = t->options.size / 4 > TRAINER_SMALLEST ? t->options.size / 4 : TRAINER_SMALLEST;
    struct character *all = characters(t, &count);
    size_t kept = 0;
    for (size_t taken = pieces->count; kept < count; kept++) {
        taken += (size_t)all[kept].opens + (size_t)all[kept].continues;
        if (taken > most)
            break;
    }
    qsort(all, kept, sizeof *all, by_point);
    struct buffer piece = {0};
    for (int inner = 0; inner <= 1; inner++) {
        for (size_t i = 0; i < kept; i++) {
            if (!(inner ? all[i].continues : all[i].opens))
                continue;
            piece.size = 0;
            if (inner)
                buffer_text(&piece, PIECE_CONTINUES);
            utf8_write(&piece, all[i].point);
            interner_add(pieces, (struct slice){piece.at, piece.size}, NULL);
        }
    }
    buffer_free(&piece);
    free(all);
}

/* --- from words to pieces --- */

/* A word as pieces of one character each; 0 when one of them is not in the vocabulary. */
static size_t spell(const struct interner *pieces, struct slice word, uint32_t *to)
{
    size_t n = 0;
    char piece[2 + 4] = PIECE_CONTINUES;
    for (size_t at = 0, size; at < word.size; at += size, n++) {
        utf8_read(word.at + at, &size);
        memcpy(piece + 2, word.at + at, size);
        struct slice text = at == 0 ? (struct slice){piece + 2, size} : (struct slice){piece, 2 + size};
        size_t number = n < WORD_CHARACTERS ? interner_find(pieces, text) : INTERNER_NONE;
        if (number == INTERNER_NONE)
            return 0;
        to[n] = (uint32_t)number;
    }
    return n;
}

uint64_t trainer_finish(struct trainer *t, struct vocabulary *v)
{
    struct interner pieces = {0};
    add_characters(t, &pieces);
    struct merges *merges = merges_new(&pieces);
    uint64_t left_out = 0;
    for (uint32_t i = 0; i < t->words.count; i++) {
        uint32_t spelled[WORD_CHARACTERS];
        uint64_t often = times(t, i);
        size_t count = spell(&pieces, t->words.at[i], spelled);
        left_out += count ? 0 : t->counts[i].times;
        if (count > 1 && often > 0)
            merges_add(merges, spelled, count, often);
    }
    merges_run(merges, t->options.size, t->options.min_frequency);
    merges_free(merges);
    for (uint32_t i = 0; i < pieces.count; i++)
        vocabulary_add(v, pieces.at[i], "the new vocabulary");
    vocabulary_index(v, "the new vocabulary");
    interner_free(&pieces);
    return left_out;
}
