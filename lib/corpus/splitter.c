#include "corpus/splitter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/interner.h"
#include "base/options.h"
#include "base/random.h"

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static struct split_shares reduce(const uint64_t *whole, int parts, const char *text)
{
    uint64_t divisor = 0, period = 0;
    for (int p = 0; p < parts; p++)
        divisor = common_divisor(whole[p], divisor);
    struct split_shares shares = {.parts = parts};
    for (int p = 0; p < parts; p++) {
        shares.share[p] = (uint32_t)(whole[p] / divisor);
        period += whole[p] / divisor;
    }
    if (period > SPLIT_MAX_PERIOD)
        die(STATUS_USAGE, "ratio '%s': too fine, it repeats only after %llu records (at most %d)", text,
            (unsigned long long)period, SPLIT_MAX_PERIOD);
    shares.period = (uint32_t)period;
    return shares;
}

struct split_shares split_shares_parse(const char *text)
{
    uint64_t whole[SPLIT_MAX_PARTS];
    int parts = 0;
    char *copy = memory_string(text), *rest = copy;
    for (char *item; (item = strsep(&rest, ":"));) {
        double share;
        if (parts == SPLIT_MAX_PARTS || !parse_number(item, 1e-4, 1e6, &share))
            die(STATUS_USAGE, "ratio '%s': expected shares such as 80:20 or 70:15:15, each above 0", text);
        whole[parts++] = (uint64_t)llround(share * 10000); /* four decimals count */
    }
    free(copy);
    if (parts < 2)
        die(STATUS_USAGE, "ratio '%s': expected at least two shares, such as 80:20", text);
    return reduce(whole, parts, text);
}

struct split_shares split_shares_equal(int parts)
{
    struct split_shares shares = {.parts = parts, .period = (uint32_t)parts};
    for (int p = 0; p < parts; p++)
        shares.share[p] = 1;
    return shares;
}

static uint64_t key_hash(uint64_t seed, struct slice key)
{
    return random_hash(key.size ? key.at : "", key.size, seed, RANDOM_SPLIT);
}

/* A stratum: its place in the current period, and what each part has got of it. */
struct stratum {
    uint64_t key; /* its share of the random numbers' key */
    uint64_t period_number;
    uint32_t position;             /* records in this period */
    uint32_t got[SPLIT_MAX_PARTS]; /* in this period */
};

struct splitter {
    struct split_shares shares;
    uint64_t seed;
    struct interner names;
    struct stratum *strata; /* [names.count] */
    size_t capacity;
};

struct splitter *splitter_new(const struct split_shares *shares, uint64_t seed)
{
    struct splitter *s = memory_zeroed(1, sizeof *s);
    s->shares = *shares;
    s->seed = seed;
    return s;
}

void splitter_free(struct splitter *s)
{
    if (!s)
        return;
    interner_free(&s->names);
    free(s->strata);
    free(s);
}

static struct stratum *stratum_of(struct splitter *s, struct slice name)
{
    bool added;
    size_t number = interner_add(&s->names, name, &added);
    if (added) {
        if (number == SPLIT_MAX_STRATA)
            die(STATUS_INPUT, "more than %d different labels to stratify by (use --bins N for numbers)",
                SPLIT_MAX_STRATA);
        memory_grow(&s->strata, &s->capacity, number + 1, sizeof *s->strata);
        s->strata[number] = (struct stratum){.key = key_hash(s->seed, name)};
    }
    return &s->strata[number];
}

/* Whether part p may take position n (from 1): its next record's window is open. */
static bool window_open(const struct split_shares *shares, const struct stratum *st, int p, uint32_t n)
{
    uint32_t ceiling = (n * shares->share[p] + shares->period - 1) / shares->period;
    return st->got[p] + 1 <= ceiling;
}

/* Whether every window that closes in this period can still be met once position n is taken (Hall's
 * condition: no run of positions is owed more records than it has). */
static bool can_go_on(const struct split_shares *shares, const struct stratum *st, uint32_t n)
{
    for (uint32_t t = n + 1; t <= shares->period; t++) {
        uint32_t owed = 0;
        for (int p = 0; p < shares->parts; p++) {
            uint32_t due = t * shares->share[p] / shares->period;
            owed += due > st->got[p] ? due - st->got[p] : 0;
        }
        if (owed > t - n)
            return false;
    }
    /* What is due at n itself. */
    for (int p = 0; p < shares->parts; p++)
        if (n * shares->share[p] / shares->period > st->got[p])
            return false;
    return true;
}

/* Draws among the parts that may take position n, each with the weight of what it still owes in this
 * period; those that would leave a window unmet are set aside. */
static int draw_part(const struct splitter *s, struct stratum *st, uint32_t n)
{
    const struct split_shares *shares = &s->shares;
    bool aside[SPLIT_MAX_PARTS] = {false};
    for (uint64_t attempt = 0;; attempt++) {
        uint32_t weights = 0;
        for (int p = 0; p < shares->parts; p++)
            if (!aside[p] && window_open(shares, st, p, n))
                weights += shares->share[p] - st->got[p];
        uint64_t draw = random_below(weights, st->key, RANDOM_SPLIT, st->period_number,
                                     (uint64_t)n * SPLIT_MAX_PARTS + attempt);
        int p = 0;
        for (;; p++) {
            if (aside[p] || !window_open(shares, st, p, n))
                continue;
            uint32_t weight = shares->share[p] - st->got[p];
            if (draw < weight)
                break;
            draw -= weight;
        }
        st->got[p]++;
        if (can_go_on(shares, st, n))
            return p;
        st->got[p]--;
        aside[p] = true;
    }
}

int splitter_assign(struct splitter *s, struct slice name)
{
    struct stratum *st = stratum_of(s, name);
    int part = draw_part(s, st, ++st->position);
    if (st->position == s->shares.period) {
        st->position = 0;
        st->period_number++;
        memset(st->got, 0, sizeof st->got);
    }
    return part;
}

/* The part whose stretch of [0, 1) holds `u`. */
static int part_at(const struct split_shares *shares, uint64_t bits)
{
    uint64_t u = (bits >> 32) * shares->period >> 32;
    int p = 0;
    for (uint64_t upto = shares->share[0]; u >= upto; upto += shares->share[++p])
        ;
    return p;
}

int splitter_by_key(const struct split_shares *shares, uint64_t seed, struct slice key)
{
    return part_at(shares, key_hash(seed, key));
}

int splitter_at_random(const struct split_shares *shares, uint64_t seed, uint64_t n)
{
    return part_at(shares, random_bits(seed, RANDOM_SPLIT, 0, n));
}
