#include "text/merges.h"

#include <stdlib.h>
#include <string.h>

#include "text/vocabulary.h"

/* Two neighbouring pieces. */
struct pair {
    uint32_t left, right;
    uint64_t count;  /* occurrences, each word as often as it occurs */
    uint32_t *words; /* that hold it, or did: ascending, without repetition while they are added in order */
    size_t word_count, word_capacity;
};

/* A pair in the queue with the count it had then; behind the times when the count is another by now. */
struct waiting {
    uint64_t count;
    uint32_t left, right, pair;
};

struct word {
    size_t start;    /* in m->letters */
    uint32_t length; /* pieces */
    uint64_t times;
};

struct merges {
    struct interner *pieces;
    uint32_t *letters; /* the pieces of all words */
    size_t letter_count, letter_capacity;
    struct word *words;
    size_t word_count, word_capacity;
    struct pair *pairs;
    size_t pair_count, pair_capacity;
    uint32_t *slots; /* open addressing: pair + 1; 0 is free */
    size_t slot_count;
    struct waiting *queue; /* a binary heap, best first */
    size_t queue_count, queue_capacity;
};

struct merges *merges_new(struct interner *pieces)
{
    struct merges *m = memory_zeroed(1, sizeof *m);
    m->pieces = pieces;
    return m;
}

void merges_free(struct merges *m)
{
    for (size_t i = 0; i < m->pair_count; i++)
        free(m->pairs[i].words);
    free(m->letters);
    free(m->words);
    free(m->pairs);
    free(m->slots);
    free(m->queue);
    free(m);
}

/* --- pairs --- */

static size_t slot_of(const struct merges *m, uint32_t left, uint32_t right)
{
    uint64_t key = (uint64_t)left << 32 | right;
    size_t slot = (size_t)((key * 0x9E3779B97F4A7C15) >> 32) & (m->slot_count - 1);
    while (m->slots[slot] != 0) {
        const struct pair *p = &m->pairs[m->slots[slot] - 1];
        if (p->left == left && p->right == right)
            break;
        slot = (slot + 1) & (m->slot_count - 1);
    }
    return slot;
}

static void grow_slots(struct merges *m)
{
    free(m->slots);
    m->slot_count = m->slot_count ? 2 * m->slot_count : 1 << 12;
    m->slots = memory_zeroed(m->slot_count, sizeof *m->slots);
    for (size_t i = 0; i < m->pair_count; i++)
        m->slots[slot_of(m, m->pairs[i].left, m->pairs[i].right)] = (uint32_t)i + 1;
}

/* A pair, made when it is new; the next new one may move it. */
static struct pair *pair_of(struct merges *m, uint32_t left, uint32_t right)
{
    if (2 * (m->pair_count + 1) > m->slot_count)
        grow_slots(m);
    size_t slot = slot_of(m, left, right);
    if (m->slots[slot] == 0) {
        memory_grow(&m->pairs, &m->pair_capacity, m->pair_count + 1, sizeof *m->pairs);
        m->pairs[m->pair_count] = (struct pair){.left = left, .right = right};
        m->slots[slot] = (uint32_t)++m->pair_count;
    }
    return &m->pairs[m->slots[slot] - 1];
}

static void pair_add(struct merges *m, uint32_t left, uint32_t right, uint32_t word)
{
    struct pair *p = pair_of(m, left, right);
    p->count += m->words[word].times;
    if (p->word_count > 0 && p->words[p->word_count - 1] == word)
        return;
    memory_grow(&p->words, &p->word_capacity, p->word_count + 1, sizeof *p->words);
    p->words[p->word_count++] = word;
}

/* --- the queue --- */

static bool better(const struct waiting *a, const struct waiting *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    return a->left != b->left ? a->left < b->left : a->right < b->right;
}

static void queue_push(struct merges *m, uint32_t pair)
{
    const struct pair *p = &m->pairs[pair];
    struct waiting w = {p->count, p->left, p->right, pair};
    memory_grow(&m->queue, &m->queue_capacity, m->queue_count + 1, sizeof *m->queue);
    size_t i = m->queue_count++;
    for (; i > 0 && better(&w, &m->queue[(i - 1) / 2]); i = (i - 1) / 2)
        m->queue[i] = m->queue[(i - 1) / 2];
    m->queue[i] = w;
}

static struct waiting queue_pop(struct merges *m)
{
    struct waiting best = m->queue[0], last = m->queue[--m->queue_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < m->queue_count; i = child) {
        if (child + 1 < m->queue_count && better(&m->queue[child + 1], &m->queue[child]))
            child++;
        if (!better(&m->queue[child], &last))
            break;
        m->queue[i] = m->queue[child];
    }
    m->queue[i] = last;
    return best;
}

/* --- merging --- */

void merges_add(struct merges *m, const uint32_t *pieces, size_t count, uint64_t times)
{
    memory_grow(&m->letters, &m->letter_capacity, m->letter_count + count, sizeof *m->letters);
    memory_grow(&m->words, &m->word_capacity, m->word_count + 1, sizeof *m->words);
    memcpy(m->letters + m->letter_count, pieces, count * sizeof *pieces);
    uint32_t word = (uint32_t)m->word_count++;
    m->words[word] = (struct word){m->letter_count, (uint32_t)count, times};
    m->letter_count += count;
    for (size_t i = 0; i + 1 < count; i++)
        pair_add(m, pieces[i], pieces[i + 1], word);
}

/* The piece that a pair becomes: other pairs may have made the same before. */
static uint32_t joined(struct merges *m, uint32_t left, uint32_t right)
{
    struct slice a = m->pieces->at[left], b = m->pieces->at[right];
    struct buffer text = {0};
    buffer_append(&text, a.at, a.size);
    buffer_append(&text, b.at + 2, b.size - 2); /* never a word's first piece: "##" goes */
    size_t piece = interner_add(m->pieces, (struct slice){text.at, text.size}, NULL);
    buffer_free(&text);
    return (uint32_t)piece;
}

/* Joins left and right wherever they meet in a word, from its start; the counts of its pairs follow.  Pairs
 * that came up go to `*fresh`. */
static void merge_word(struct merges *m, uint32_t word, const struct pair *pair, uint32_t piece,
                       struct int_array *fresh)
{
    struct word *w = &m->words[word];
    uint32_t *at = m->letters + w->start, left = pair->left, right = pair->right;
    bool holds = false;
    for (uint32_t i = 0; i + 1 < w->length && !holds; i++)
        holds = at[i] == left && at[i + 1] == right;
    if (!holds)
        return;
    for (uint32_t i = 0; i + 1 < w->length; i++)
        pair_of(m, at[i], at[i + 1])->count -= w->times;
    uint32_t length = 0;
    for (uint32_t i = 0; i < w->length; i++) {
        bool here = i + 1 < w->length && at[i] == left && at[i + 1] == right;
        at[length++] = here ? piece : at[i];
        i += here;
    }
    w->length = length;
    for (uint32_t i = 0; i + 1 < length; i++) {
        if (at[i] != piece && at[i + 1] != piece) {
            pair_of(m, at[i], at[i + 1])->count += w->times;
            continue;
        }
        pair_add(m, at[i], at[i + 1], word);
        memory_grow(&fresh->at, &fresh->capacity, fresh->count + 1, sizeof *fresh->at);
        fresh->at[fresh->count++] = (int32_t)(pair_of(m, at[i], at[i + 1]) - m->pairs);
    }
}

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

void merges_run(struct merges *m, size_t size, uint64_t least)
{
    for (size_t i = 0; i < m->pair_count; i++)
        queue_push(m, (uint32_t)i);
    struct int_array fresh = {0};
    while (m->pieces->count < size && m->queue_count > 0) {
        struct waiting best = queue_pop(m);
        uint64_t now = m->pairs[best.pair].count;
        if (now != best.count && now > 0)
            queue_push(m, best.pair);
        if (now != best.count || now == 0)
            continue;
        if (now < least)
            break;
        struct pair pair = m->pairs[best.pair]; /* a copy: the array may move */
        m->pairs[best.pair].words = NULL;
        m->pairs[best.pair].word_count = m->pairs[best.pair].word_capacity = 0;
        uint32_t piece = joined(m, pair.left, pair.right);
        fresh.count = 0;
        for (size_t i = 0; i < pair.word_count; i++)
            merge_word(m, pair.words[i], &pair, piece, &fresh);
        free(pair.words);
        if (fresh.count)
            qsort(fresh.at, fresh.count, sizeof *fresh.at, by_number);
        for (size_t i = 0; i < fresh.count; i++)
            if (i == 0 || fresh.at[i] != fresh.at[i - 1])
                queue_push(m, (uint32_t)fresh.at[i]);
    }
    free(fresh.at);
}
