#include "linear/thresholds.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct scored_record {
    double score;
    int truth;
};

/* A cut is the number of records, by ascending score, below a threshold; it is possible where the scores on
 * its two sides differ. */
struct search {
    struct scored_record *at; /* [n], ascending */
    size_t n;
    int K;
    size_t *cuts;                   /* [K-1], ascending */
    int64_t truth, truth2;          /* sum t, sum t^2 */
    int64_t guess, guess2, product; /* sum p, sum p^2, sum t p under the cuts at hand */
};

static int by_score(const void *a, const void *b)
{
    const struct scored_record *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (x->truth > y->truth) - (x->truth < y->truth);
}

static struct search search_new(int classes, const double *scores, const int *truth, size_t count)
{
    struct search s = {.n = count, .K = classes};
    s.at = memory_new(count, sizeof *s.at);
    s.cuts = memory_new((size_t)classes, sizeof *s.cuts);
    for (size_t i = 0; i < count; i++) {
        s.at[i] = (struct scored_record){scores[i], truth[i]};
        s.truth += truth[i];
        s.truth2 += (int64_t)truth[i] * truth[i];
    }
    qsort(s.at, count, sizeof *s.at, by_score);
    return s;
}

static void search_free(struct search *s)
{
    free(s->at);
    free(s->cuts);
}

/* Records below a threshold: those with a score of at most it. */
static size_t cut_of(const struct search *s, double threshold)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->at[middle].score <= threshold)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A threshold that makes the cut: the halfway point if it does; else midway between the scores beside it, or
 * just beyond the scores. */
static double threshold_of(const struct search *s, size_t cut, double halfway)
{
    if (cut_of(s, halfway) == cut)
        return halfway;
    if (cut == 0)
        return nextafter(s->at[0].score, -INFINITY);
    if (cut == s->n)
        return s->at[cut - 1].score;
    double low = s->at[cut - 1].score, high = s->at[cut].score, middle = low + (high - low) / 2;
    return middle < high ? middle : low;
}

/* Halfway between the classes' values [K]; NULL: 0 .. K-1. */
static void round_thresholds(const double *values, int classes, double *thresholds)
{
    for (int k = 0; k < classes - 1; k++)
        thresholds[k] = values ? values[k] + (values[k + 1] - values[k]) / 2 : k + 0.5;
}

/* The cut thresholds of a search, in the place of the halfway points that `thresholds` holds. */
static void place_thresholds(const struct search *s, double *thresholds)
{
    for (int k = 0; k < s->K - 1; k++) {
        thresholds[k] = threshold_of(s, s->cuts[k], thresholds[k]);
        if (k > 0)
            thresholds[k] = fmax(thresholds[k], thresholds[k - 1]);
    }
}

static void cut_by_prior(struct search *s)
{
    memset(s->cuts, 0, (size_t)s->K * sizeof *s->cuts);
    for (size_t i = 0; i < s->n; i++)
        s->cuts[s->at[i].truth]++;
    for (int k = 1; k < s->K; k++)
        s->cuts[k] += s->cuts[k - 1];
    /* Equal scores stay together, below the threshold. */
    for (int k = 0; k < s->K - 1; k++)
        if (s->cuts[k] > 0)
            s->cuts[k] = cut_of(s, s->at[s->cuts[k] - 1].score);
}

void thresholds_prior(const double *values, int classes, const double *scores, const int *truth, size_t count,
                      double *thresholds)
{
    struct search s = search_new(classes, scores, truth, count);
    round_thresholds(values, classes, thresholds);
    cut_by_prior(&s);
    place_thresholds(&s, thresholds);
    search_free(&s);
}

/* ---- Tuning ---- */

static void count_guesses(struct search *s)
{
    s->guess = s->guess2 = s->product = 0;
    int class = 0;
    for (size_t i = 0; i < s->n; i++) {
        while (class < s->K - 1 && s->cuts[class] <= i)
            class ++;
        s->guess += class;
        s->guess2 += (int64_t) class * class;
        s->product += (int64_t) class * s->at[i].truth;
    }
}

/* 1 - observed / expected disagreement, from sums: observed = sum (t - p)^2, expected =
 * sum_ij (t_i - p_j)^2 / n; -INFINITY where undefined. */
static double kappa(const struct search *s)
{
    double observed = (double)(s->truth2 + s->guess2 - 2 * s->product);
    double chance = (double)s->truth * (double)s->guess / (double)s->n;
    double expected = (double)(s->truth2 + s->guess2) - 2 * chance;
    return expected > 0 ? 1 - observed / expected : -INFINITY;
}

/* The record before or behind a cut changes between classes k and k+1. */
static void move_record(struct search *s, size_t record, int k, int sign)
{
    s->guess += sign;
    s->guess2 += sign * (2 * k + 1);
    s->product += sign * s->at[record].truth;
}

static size_t distance(size_t a, size_t b) { return a > b ? a - b : b - a; }

/* Moves threshold k to its best place between its neighbours; true if that gave a greater kappa. */
static bool move_threshold(struct search *s, int k, double *best)
{
    size_t low = k > 0 ? s->cuts[k - 1] : 0, high = k < s->K - 2 ? s->cuts[k + 1] : s->n;
    size_t from = s->cuts[k], place = from, cut = from;
    double start = *best;
    for (; cut > low; cut--)
        move_record(s, cut - 1, k, 1);
    for (;;) {
        bool possible = cut == 0 || cut == s->n || s->at[cut - 1].score < s->at[cut].score;
        double value = possible ? kappa(s) : -INFINITY;
        if (value > *best ||
            (value == *best && value > start && distance(cut, from) < distance(place, from))) {
            *best = value;
            place = cut;
        }
        if (cut == high)
            break;
        move_record(s, cut++, k, -1);
    }
    for (; cut > place; cut--)
        move_record(s, cut - 1, k, 1);
    s->cuts[k] = place;
    return *best > start;
}

static double climb(struct search *s)
{
    count_guesses(s);
    double best = kappa(s);
    for (bool moved = true; moved;) {
        moved = false;
        for (int k = 0; k < s->K - 1; k++)
            moved |= move_threshold(s, k, &best);
    }
    return best;
}

double thresholds_tuned(const double *values, int classes, const double *scores, const int *truth,
                        size_t count, double *thresholds)
{
    struct search s = search_new(classes, scores, truth, count);
    size_t *rounded = memory_new((size_t)classes, sizeof *rounded);
    round_thresholds(values, classes, thresholds);
    for (int k = 0; k < classes - 1; k++)
        s.cuts[k] = cut_of(&s, thresholds[k]);
    double from_round = climb(&s);
    memcpy(rounded, s.cuts, (size_t)classes * sizeof *rounded);
    cut_by_prior(&s);
    double best = climb(&s);
    if (from_round >= best) {
        best = from_round;
        memcpy(s.cuts, rounded, (size_t)classes * sizeof *rounded);
    }
    if (isfinite(best))
        place_thresholds(&s, thresholds);
    free(rounded);
    search_free(&s);
    return isfinite(best) ? best : NAN;
}
