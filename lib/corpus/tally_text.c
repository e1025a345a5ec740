/* The tally for a person. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/terminal.h"
#include "eval/label_text.h"
#include "corpus/tally.h"

static unsigned long long number(uint64_t n) { return n; }

static double percent(uint64_t part, uint64_t all) { return all ? 100 * (double)part / (double)all : 0; }

/* A bar of `width` columns at full length, in eighths of a column where the terminal has colour (and so is
 * taken to draw blocks), else of signs; with `pad`, blanks up to the width. */
static void put_bar(FILE *to, double share, int width, bool colour, bool pad)
{
    static const char *const eighths[8] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int steps = colour ? 8 : 1, length = (int)lround(share * width * steps);
    fputs(colour ? "\033[34m" : "", to);
    for (int i = 0; i < length / steps; i++)
        fputs(colour ? "█" : "#", to);
    fprintf(to, "%s%s", eighths[length % steps], colour ? "\033[0m" : "");
    if (pad)
        fprintf(to, "%*s", width - (length + steps - 1) / steps, "");
}

static void put_majority(const struct tally *t, ptrdiff_t part, FILE *to)
{
    size_t class = 0;
    double share = tally_majority(t, part, &class);
    if (isnan(share))
        fprintf(to, "%10s", "-");
    else
        fprintf(to, "%8.1f %%", 100 * share);
}

static void put_classes(const struct tally *t, FILE *to, int columns, bool colour)
{
    enum { SHOWN = 60 };
    size_t parts = tally_parts(t), k = t->labels.count;
    bool apart = parts > 1;
    int width = 10, used;
    uint64_t labelled = t->n - tally_unlabelled(t), largest = 0;
    for (size_t c = 0; c < k; c++) {
        struct label_text name = label_text_of(&t->labels.labels[c]);
        width = name.columns > width ? name.columns : width;
        largest = tally_class_total(t, c) > largest ? tally_class_total(t, c) : largest;
    }
    fprintf(to, "\n  %-*s", width, "class");
    for (size_t p = 0; apart && p < parts; p++) {
        struct label_text name = label_text(tally_part(t, p), "(none)");
        label_text_right(to, &name, 10);
    }
    fprintf(to, "%10s   share\n", "all");
    used = 2 + width + 10 * (int)(apart ? parts + 1 : 1) + 11;
    for (size_t c = 0; c < k && c < SHOWN; c++) {
        struct label_text name = label_text_of(&t->labels.labels[c]);
        uint64_t total = tally_class_total(t, c);
        fputs("  ", to);
        label_text_left(to, &name, width);
        for (size_t p = 0; apart && p < parts; p++)
            fprintf(to, "%10llu", number(tally_count(t, c, p)));
        fprintf(to, "%10llu %5.1f %%  ", number(total), percent(total, labelled));
        put_bar(to, largest ? (double)total / (double)largest : 0, columns - used > 12 ? columns - used : 12,
                colour, false);
        fputc('\n', to);
    }
    if (k > SHOWN)
        fprintf(to, "  ... and %zu more classes (--csv has all)\n", k - SHOWN);
    fprintf(to, "  %-*s", width, "no label");
    for (size_t p = 0; apart && p < parts; p++)
        fprintf(to, "%10llu", number(t->unlabelled[p]));
    fprintf(to, "%10llu\n  %-*s", number(tally_unlabelled(t)), width, "records");
    for (size_t p = 0; apart && p < parts; p++)
        fprintf(to, "%10llu", number(t->totals[p]));
    fprintf(to, "%10llu\n", number(t->n));
    size_t class = 0;
    if (isnan(tally_majority(t, -1, &class)))
        return;
    struct label_text name = label_text_of(&t->labels.labels[class]);
    fprintf(to, "  %-*s", width, "baseline");
    for (size_t p = 0; apart && p < parts; p++)
        put_majority(t, (ptrdiff_t)p, to);
    put_majority(t, -1, to);
    fprintf(to, "   accuracy of always guessing %s\n", apart ? "the largest class" : name.text);
}

static void put_values(const struct tally *t, FILE *to)
{
    const struct moments *m = &t->values;
    double deviation = m->n > 1 ? sqrt(m->aa / (double)(m->n - 1)) : NAN;
    fprintf(to,
            "\n  labels: a measure, %g to %g, mean %.4g, standard deviation %.4g; %llu records have none\n",
            t->least, t->most, m->mean_a, deviation, number(tally_unlabelled(t)));
}

static void put_quantiles(const struct tally *t, FILE *to)
{
    static const char *const names[TALLY_QUANTILES] = {"least", "5 %",  "25 %", "median",
                                                       "75 %",  "95 %", "most"};
    fprintf(to, "\n  %-10s%10s%10s\n", "length", "words", "tokens");
    for (int q = 0; q < TALLY_QUANTILES; q++) {
        fprintf(to, "  %-10s", names[q]);
        if (t->words.n)
            fprintf(to, "%10llu", number(lengths_quantile(&t->words, tally_quantiles[q])));
        else
            fprintf(to, "%10s", "-");
        fprintf(to, "%10llu\n", number(lengths_quantile(&t->tokens, tally_quantiles[q])));
    }
    fprintf(to, "  %-10s", "mean");
    if (t->words.n)
        fprintf(to, "%10.1f%10.1f\n", lengths_mean(&t->words), lengths_mean(&t->tokens));
    else
        fprintf(to, "%10s%10.1f\n", "-", lengths_mean(&t->tokens));
}

static uint64_t largest_bin(const struct lengths *lengths, uint64_t width)
{
    uint64_t largest = 1;
    for (uint64_t from = 0; lengths->n && from <= lengths->most && from < LENGTHS_LIMIT; from += width) {
        uint64_t count = lengths_between(lengths, from, from + width);
        largest = count > largest ? count : largest;
    }
    return largest;
}

/* "0 to 19", "380 and more". */
static void put_range(FILE *to, uint64_t from, uint64_t width, bool open)
{
    char range[48];
    if (open)
        snprintf(range, sizeof range, "%llu and more", number(from));
    else if (width == 1)
        snprintf(range, sizeof range, "%llu", number(from));
    else
        snprintf(range, sizeof range, "%llu to %llu", number(from), number(from + width - 1));
    fprintf(to, "  %-15s", range);
}

static void put_histogram(const struct tally *t, FILE *to, int columns, bool colour)
{
    uint64_t width = tally_bin_width(t);
    uint64_t words = largest_bin(&t->words, width), tokens = largest_bin(&t->tokens, width);
    uint64_t longest = t->words.most > t->tokens.most ? t->words.most : t->tokens.most;
    uint64_t last = longest / width < TALLY_BINS ? longest / width : TALLY_BINS - 1;
    int bar = (columns - 2 - 15 - 2 * 12) / 2;
    bar = bar < 8 ? 8 : bar > 40 ? 40 : bar;
    fprintf(to, "\n  %-15s%8s   %-*s%9s\n", "histogram", "words", bar, "", "tokens");
    uint64_t shortest = t->words.n && t->words.least < t->tokens.least ? t->words.least : t->tokens.least;
    uint64_t first = shortest / width;
    for (uint64_t bin = first < last ? first : last; bin <= last; bin++) {
        uint64_t from = bin * width;
        bool open = bin == last && longest >= from + width;
        uint64_t upto = open ? (uint64_t)LENGTHS_LIMIT + 1 : from + width;
        uint64_t w = lengths_between(&t->words, from, upto), k = lengths_between(&t->tokens, from, upto);
        put_range(to, from, width, open);
        fprintf(to, "%8llu  ", number(w));
        put_bar(to, fmin((double)w / (double)words, 1), bar, colour, true);
        fprintf(to, "%10llu  ", number(k));
        put_bar(to, fmin((double)k / (double)tokens, 1), bar, colour, false);
        fputc('\n', to);
    }
}

static void put_truncation(const struct tally *t, FILE *to)
{
    double all = t->tokens.sum;
    fputc('\n', to);
    if (t->positions > 0)
        fprintf(to, "  longer than %lld tokens: %llu of %llu records (%.1f %%)\n", (long long)t->positions,
                number(t->over), number(t->tokens.n), percent(t->over, t->tokens.n));
    if (t->cut > 0)
        fprintf(to, "  cut%s%s: %llu of %.0f tokens (%.1f %%)\n", t->policy ? " by --long " : "",
                t->policy ? t->policy : "", number(t->cut), all, 100 * (double)t->cut / all);
    else
        fputs("  cut: nothing\n", to);
    if (t->counts_unknown)
        fprintf(to, "  [UNK]: %llu of %llu tokens (%.3f %%)\n", number(t->unknown), number(t->kept),
                percent(t->unknown, t->kept));
    else
        fputs("  [UNK]: not counted, no vocabulary with this stream's hash is at hand (-m DIR names one)\n",
              to);
    if (t->empty)
        fprintf(to, "  empty: %llu records\n", number(t->empty));
}

static void put_duplicates(const struct tally *t, FILE *to)
{
    const struct duplicates *d = &t->duplicates;
    if (t->without_payload)
        fprintf(to, "  without text: %llu records\n", number(t->without_payload));
    if (!t->find_duplicates)
        return;
    fprintf(to, "  duplicates: %llu records repeat an earlier text\n", number(d->repeats));
    if (tally_parts(t) > 1 && d->across_parts)
        fprintf(to, "  LEAK: %llu texts stand in more than one part\n", number(d->across_parts));
    else if (tally_parts(t) > 1)
        fputs("  no text stands in more than one part\n", to);
    if (d->conflicts)
        fprintf(to, "  conflicts: %llu texts stand there with different labels\n", number(d->conflicts));
    double memory = (double)duplicates_memory(d);
    fprintf(to, "  (duplicates were looked for in %.1f %s of memory)\n",
            memory < 0x1p20 ? memory / 0x1p10 : memory / 0x1p20, memory < 0x1p20 ? "KiB" : "MiB");
}

void tally_text(const struct tally *t, FILE *to, int columns, bool colour)
{
    fprintf(to, "%llu records of %s, labels: %s\n", number(t->n), stream_kind_name(t->kind),
            label_type_name(t->labels.type));
    if (t->labels.measure && t->values.n)
        put_values(t, to);
    else
        put_classes(t, to, columns, colour);
    if (t->tokens.n) {
        put_quantiles(t, to);
        put_histogram(t, to, columns, colour);
        put_truncation(t, to);
    }
    if (t->kind != KIND_PREDICTIONS) {
        if (!t->tokens.n)
            fputc('\n', to);
        put_duplicates(t, to);
    }
}
