#include "text/features.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/interner.h"
#include "base/utf8.h"
#include "text/placeholders.h"
#include "text/unicode.h"
#include "text/vocabulary.h"

enum { LONG_WORD = 6, SHORT_SENTENCE = 6 };

static const char *const names[FEATURE_COUNT] = {
    [FEATURE_WORDS] = "words",
    [FEATURE_WORDS_ROOT] = "words_root",
    [FEATURE_TYPES] = "types",
    [FEATURE_TYPES_ROOT] = "types_root",
    [FEATURE_TYPES_LOG] = "types_log",
    [FEATURE_WORD_LENGTH] = "word_length",
    [FEATURE_WORD_LENGTH_DEVIATION] = "word_length_deviation",
    [FEATURE_TYPE_LENGTH] = "type_length",
    [FEATURE_LONG_WORDS] = "long_words",
    [FEATURE_SENTENCE_LENGTH] = "sentence_length",
    [FEATURE_SENTENCE_DEVIATION] = "sentence_deviation",
    [FEATURE_SHORT_SENTENCES] = "short_sentences",
    [FEATURE_COMMAS] = "commas",
    [FEATURE_COLONS] = "colons",
    [FEATURE_QUOTES] = "quotes",
    [FEATURE_QUESTIONS] = "questions",
    [FEATURE_LOWER_STARTS] = "lower_starts",
    [FEATURE_MISSING_BLANKS] = "missing_blanks",
    [FEATURE_INNER_CAPITALS] = "inner_capitals",
    [FEATURE_SINGLE_CHARACTERS] = "single_characters",
    [FEATURE_NUMBERS] = "numbers",
    [FEATURE_PLACEHOLDERS] = "placeholders",
    [FEATURE_BROKEN_ENTRIES] = "broken_entries",
    [FEATURE_ENTRY_PIECES] = "entry_pieces",
};

const char *feature_name(enum feature feature) { return names[feature]; }

/* ---- Units: the characters and placeholders that a text is read by ---- */

enum unit_kind {
    UNIT_NONE, /* the end of the text */
    UNIT_PLACEHOLDER,
    UNIT_CHINESE,
    UNIT_WORD,  /* a character of a word */
    UNIT_OTHER, /* blanks and marks */
};
struct unit {
    enum unit_kind kind;
    uint32_t point; /* 0 for placeholders and the end */
    unsigned flags; /* the point's (unicode_flags) */
    size_t end;
};

static bool is_apostrophe(uint32_t point) { return point == '\'' || point == 0x2019; }
static bool is_digit(uint32_t point) { return point >= '0' && point <= '9'; }
static bool is_capital(uint32_t point) { return point >= 'A' && point <= 'Z'; }

/* Letters, digits and connectors of ASCII, of which most text is made. */
static bool is_plain(uint32_t point)
{
    return is_digit(point) || is_capital(point) || (point >= 'a' && point <= 'z') || point == '_';
}

/* The unit that begins at or behind `at`; `placeholder_before` is where the last placeholder ended. */
static struct unit unit_at(struct slice text, size_t at, size_t placeholder_before)
{
    while (at < text.size) {
        size_t size, end;
        if (text.at[at] == '@' && (end = placeholder_end(text, at, placeholder_before)) > 0)
            return (struct unit){.kind = UNIT_PLACEHOLDER, .end = end};
        struct unit unit = {.kind = UNIT_OTHER, .point = utf8_read(text.at + at, &size), .end = at + size};
        unit.flags = unicode_flags(unit.point);
        if (unit.flags & UNICODE_CHINESE)
            unit.kind = UNIT_CHINESE;
        else if (unit.flags & UNICODE_WORD)
            unit.kind = UNIT_WORD;
        if (!(unit.flags & UNICODE_REMOVED))
            return unit;
        at += size;
    }
    return (struct unit){.kind = UNIT_NONE, .end = at};
}

/* What a mark is, in any script; 0 for other characters. */
enum {
    MARK_ENDS = 1, /* a sentence */
    MARK_COMMA = 2,
    MARK_COLON = 4,
    MARK_QUOTE = 8,
    MARK_QUESTION = 16,
    MARK_SPACED = 32, /* a blank belongs behind it */
};
static unsigned mark_flags(uint32_t point)
{
    switch (point) {
    case '.':
    case 0x2026: /* ellipsis */
        return MARK_ENDS | MARK_SPACED;
    case '!':
    case '?':
        return MARK_ENDS | MARK_QUESTION | MARK_SPACED;
    case 0x203D: /* interrobang */
    case 0x061F: /* Arabic */
    case 0xFF01: /* fullwidth ! and ? */
    case 0xFF1F:
        return MARK_ENDS | MARK_QUESTION;
    case 0x0589: /* Armenian, Arabic, Devanagari (two), Ethiopic, ideographic, fullwidth, halfwidth */
    case 0x06D4:
    case 0x0964:
    case 0x0965:
    case 0x1362:
    case 0x3002:
    case 0xFF0E:
    case 0xFF61:
        return MARK_ENDS;
    case ',':
        return MARK_COMMA | MARK_SPACED;
    case 0x060C: /* Arabic, ideographic, fullwidth, halfwidth */
    case 0x3001:
    case 0xFF0C:
    case 0xFF64:
        return MARK_COMMA;
    case ';':
    case ':':
        return MARK_COLON | MARK_SPACED;
    case 0x061B: /* Arabic semicolon, fullwidth colon and semicolon */
    case 0xFF1A:
    case 0xFF1B:
        return MARK_COLON;
    case '"':
    case 0x00AB: /* guillemets, curved and low quotes, corner brackets */
    case 0x00BB:
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x300C:
    case 0x300D:
    case 0x300E:
    case 0x300F:
        return MARK_QUOTE;
    default:
        return 0;
    }
}

/* ---- Counting ---- */

/* Of whole numbers: how many, their sum, the sum of their squares. */
struct moments {
    double count, sum, squares;
};

static void add_number(struct moments *m, size_t number)
{
    m->count++;
    m->sum += (double)number;
    m->squares += (double)number * (double)number;
}

static double ratio(double a, double b) { return b > 0 ? a / b : 0; }
static double mean(const struct moments *m) { return ratio(m->sum, m->count); }
static double deviation(const struct moments *m)
{
    return sqrt(fmax(ratio(m->squares, m->count) - mean(m) * mean(m), 0));
}

struct counts {
    struct moments lengths, type_lengths, sentences;
    double words, placeholders, long_words, single_characters, numbers, inner_capitals;
    double short_sentences, lower_starts;
    double commas, colons, quotes, questions, missing_blanks;
    size_t sentence;       /* words of the sentence so far */
    struct interner types; /* in lower case */
    struct buffer word;    /* the word being read, in lower case */
};

static void end_sentence(struct counts *c)
{
    if (c->sentence == 0)
        return;
    add_number(&c->sentences, c->sentence);
    c->short_sentences += c->sentence < SHORT_SENTENCE;
    c->sentence = 0;
}

static void count_placeholder(struct counts *c)
{
    c->words++;
    c->placeholders++;
    c->sentence++;
}

/* The spelled word in c->word, which began with `first`. */
static void count_word(struct counts *c, struct unit first, size_t length)
{
    bool capital = first.flags & UNICODE_LOWERS, number = is_digit(first.point), added;
    c->words++;
    add_number(&c->lengths, length);
    c->long_words += length > LONG_WORD;
    c->single_characters += length == 1;
    c->numbers += number;
    if (c->sentence++ == 0)
        c->lower_starts += !capital && !number;
    else
        c->inner_capitals += capital && length > 1;
    interner_add(&c->types, (struct slice){c->word.at, c->word.size}, &added);
    if (added)
        add_number(&c->type_lengths, length);
}

/* Appends the plain characters that `text` has at `at` to the word, in lower case; returns where they end. */
static size_t read_plain(struct counts *c, struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.size && is_plain((uint8_t)text.at[end]))
        end++;
    char *to = buffer_reserve(&c->word, end - at);
    for (size_t i = at; i < end; i++)
        to[i - at] = (char)(text.at[i] | (is_capital((uint8_t)text.at[i]) ? 'a' - 'A' : 0));
    c->word.size += end - at;
    return end;
}

/* Reads the spelled word that begins with `first`; returns its last unit. */
static struct unit read_word(struct counts *c, struct slice text, struct unit first,
                             size_t placeholder_before)
{
    struct unit unit = first, last = first;
    size_t length = 0;
    c->word.size = 0;
    while (unit.kind == first.kind) {
        unicode_write_lower(&c->word, unit.point);
        length += !(unit.flags & UNICODE_MARK);
        last = unit;
        if (first.kind == UNIT_CHINESE)
            break;
        size_t end = read_plain(c, text, last.end);
        length += end - last.end;
        if (end > last.end)
            last = (struct unit){UNIT_WORD, (uint8_t)text.at[end - 1], UNICODE_WORD, end};
        unit = unit_at(text, last.end, placeholder_before);
        if (is_apostrophe(unit.point)) {
            unit = unit_at(text, unit.end, placeholder_before);
            if (unit.kind == UNIT_WORD)
                buffer_byte(&c->word, '\'');
        }
    }
    count_word(c, first, length);
    return last;
}

/* A mark and the units on either side of it. */
static void count_mark(struct counts *c, struct unit before, struct unit mark, struct unit after)
{
    unsigned flags = mark_flags(mark.point);
    bool in_number = is_digit(before.point) && is_digit(after.point);
    bool word_follows = after.kind == UNIT_WORD || after.kind == UNIT_CHINESE ||
                        after.kind == UNIT_PLACEHOLDER;
    c->commas += (flags & MARK_COMMA) > 0;
    c->colons += (flags & MARK_COLON) > 0;
    c->quotes += (flags & MARK_QUOTE) > 0;
    c->questions += (flags & MARK_QUESTION) > 0;
    c->missing_blanks += (flags & MARK_SPACED) && word_follows && !in_number;
    if ((flags & MARK_ENDS) && !(mark.point == '.' && in_number))
        end_sentence(c);
}

static void count_text(struct counts *c, struct slice text)
{
    size_t placeholder_before = 0;
    struct unit before = {.kind = UNIT_NONE};
    for (struct unit unit; (unit = unit_at(text, before.end, placeholder_before)).kind != UNIT_NONE;
         before = unit) {
        if (unit.kind == UNIT_PLACEHOLDER) {
            count_placeholder(c);
            placeholder_before = unit.end;
        } else if (unit.kind == UNIT_OTHER) {
            if (mark_flags(unit.point))
                count_mark(c, before, unit, unit_at(text, unit.end, placeholder_before));
        } else {
            unit = read_word(c, text, unit, placeholder_before);
        }
    }
    end_sentence(c);
}

/* ---- Entries ---- */

static bool continues(struct slice piece)
{
    return piece.size > strlen(PIECE_CONTINUES) &&
           memcmp(piece.at, PIECE_CONTINUES, strlen(PIECE_CONTINUES)) == 0;
}

static bool begins_entry(struct slice piece)
{
    size_t size;
    if (piece.size == 0)
        return false;
    uint32_t point = utf8_read(piece.at, &size);
    return (unicode_flags(point) & UNICODE_WORD) && !is_digit(point);
}

static void measure_entries(const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                            double *features)
{
    struct interner entries = {0};
    double pieces = 0, broken = 0;
    for (size_t first = 0, end; first < count; first = end) {
        bool added = false;
        for (end = first + 1; end < count && continues(tokenizer_piece(tokenizer, ids[end]));)
            end++;
        if (begins_entry(tokenizer_piece(tokenizer, ids[first])))
            interner_add(&entries, (struct slice){(const char *)(ids + first), (end - first) * sizeof *ids},
                         &added);
        pieces += added ? (double)(end - first) : 0;
        broken += added && end - first > 1;
    }
    features[FEATURE_BROKEN_ENTRIES] = ratio(broken, (double)entries.count);
    features[FEATURE_ENTRY_PIECES] = ratio(pieces, (double)entries.count);
    interner_free(&entries);
}

void features_measure(struct slice text, const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                      double features[FEATURE_COUNT])
{
    struct counts c = {0};
    count_text(&c, text);
    double words = c.words, spelled = c.lengths.count, types = c.type_lengths.count,
           sentences = c.sentences.count;
    features[FEATURE_WORDS] = log1p(words);
    features[FEATURE_WORDS_ROOT] = sqrt(sqrt(words));
    features[FEATURE_TYPES] = log1p(types);
    features[FEATURE_TYPES_ROOT] = ratio(types, sqrt(spelled));
    features[FEATURE_TYPES_LOG] = ratio(log1p(types), log1p(spelled));
    features[FEATURE_WORD_LENGTH] = mean(&c.lengths);
    features[FEATURE_WORD_LENGTH_DEVIATION] = deviation(&c.lengths);
    features[FEATURE_TYPE_LENGTH] = mean(&c.type_lengths);
    features[FEATURE_LONG_WORDS] = sqrt(c.long_words);
    features[FEATURE_SENTENCE_LENGTH] = log1p(ratio(words, sentences));
    features[FEATURE_SENTENCE_DEVIATION] = deviation(&c.sentences);
    features[FEATURE_SHORT_SENTENCES] = ratio(c.short_sentences, sentences);
    features[FEATURE_COMMAS] = ratio(c.commas, words);
    features[FEATURE_COLONS] = ratio(c.colons, words);
    features[FEATURE_QUOTES] = ratio(c.quotes, words);
    features[FEATURE_QUESTIONS] = ratio(c.questions, words);
    features[FEATURE_LOWER_STARTS] = ratio(c.lower_starts, sentences);
    features[FEATURE_MISSING_BLANKS] = ratio(c.missing_blanks, words);
    features[FEATURE_INNER_CAPITALS] = ratio(c.inner_capitals, words);
    features[FEATURE_SINGLE_CHARACTERS] = ratio(c.single_characters, words);
    features[FEATURE_NUMBERS] = ratio(c.numbers, words);
    features[FEATURE_PLACEHOLDERS] = ratio(c.placeholders, words);
    measure_entries(tokenizer, ids, count, features);
    interner_free(&c.types);
    buffer_free(&c.word);
}
