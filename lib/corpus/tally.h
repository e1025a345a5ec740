/* What `tally` counts of a stream: classes, lengths, truncation, unknown tokens, missing labels, duplicates.
 *
 *     struct tally *tally = tally_new(true);
 *     tally_segment(tally, &header, unk);         // once for each segment, before its records
 *     tally_add(tally, record);
 *     tally_settle(tally);                        // after the last record, before any output
 *
 * Memory grows with the classes and parts; and with the different texts when duplicates are looked for. */
#ifndef RUBRIC_CORPUS_TALLY_H
#define RUBRIC_CORPUS_TALLY_H

#include <stdio.h>

#include "base/csv_writer.h"
#include "corpus/duplicates.h"
#include "corpus/lengths.h"
#include "eval/moments.h"
#include "stream/stream.h"

enum { TALLY_PARTS = 64 }; /* more parts than that are counted as one */

struct tally {
    bool find_duplicates;
    enum stream_kind kind;
    struct classes labels;
    struct interner parts; /* part, or "fold N", or empty */
    uint64_t *counts;      /* [labels, TALLY_PARTS] by number, after tally_settle by place */
    size_t counts_capacity, label_rows;
    uint64_t totals[TALLY_PARTS], unlabelled[TALLY_PARTS];
    uint64_t n;
    struct moments values;        /* of numeric labels */
    double least, most;           /* of them */
    struct lengths words, tokens; /* tokens before the long-text policy */
    uint64_t kept;                /* tokens after it */
    uint64_t over, cut;           /* records longer than the positions, tokens that were cut */
    uint64_t empty;               /* records with no token but the special ones */
    uint64_t without_payload;     /* records that could not be tokenized */
    int64_t positions;            /* tokens a text may have; 0: not known */
    char *policy;                 /* of long texts; NULL: not known */
    bool counts_unknown;          /* whether every segment's [UNK] was known */
    int32_t unk;
    uint64_t unknown;
    struct duplicates duplicates;
    struct int_array ids;
    struct buffer text;
};

struct tally *tally_new(bool find_duplicates);
void tally_free(struct tally *tally);

/* `unk` is the id of [UNK] in this segment's vocabulary, -1 when it is not known. */
void tally_segment(struct tally *tally, const struct header *header, int32_t unk);
void tally_add(struct tally *tally, const struct record *record);
void tally_settle(struct tally *tally);

/* After tally_settle: the parts shown (at most TALLY_PARTS), and counts of a class by its place. */
size_t tally_parts(const struct tally *tally);
struct slice tally_part(const struct tally *tally, size_t part);
uint64_t tally_count(const struct tally *tally, size_t class, size_t part);
uint64_t tally_class_total(const struct tally *tally, size_t class);
uint64_t tally_unlabelled(const struct tally *tally);
/* The largest class of a part, or of all (part -1); the accuracy of always guessing it; NAN without any. */
double tally_majority(const struct tally *tally, ptrdiff_t part, size_t *class);

/* Quantiles that every output shows. */
enum { TALLY_QUANTILES = 7 };
extern const double tally_quantiles[TALLY_QUANTILES];
/* The width of the histogram's bins: 1, 2 or 5 times a power of ten, so that TALLY_BINS hold 999 of 1,000
 * lengths. */
enum { TALLY_BINS = 20 };
uint64_t tally_bin_width(const struct tally *tally);

void tally_text(const struct tally *tally, FILE *to, int columns, bool colour);
/* what,part,name,value; appends to `out`. */
void tally_csv(const struct tally *tally, struct csv_writer *csv, struct buffer *out);
json_t *tally_json(const struct tally *tally); /* the caller owns it */

#endif
