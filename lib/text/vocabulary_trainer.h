/* Trains a WordPiece vocabulary: byte-pair merges over word counts.
 *
 * Words (cleaned, cased as asked, cut as WordPiece cuts them) begin as characters, those after the first
 * written with "##".  The pair of neighbours that occurs most often, each word counting as often as it
 * occurs, becomes a new piece everywhere, and again, until the vocabulary is full (Sennrich, Haddow and Birch
 * 2016, algorithm 1; pieces marked inside words as in Schuster and Nakajima 2012).  Equal counts go to the
 * pair whose pieces are older. The result depends on the words' counts alone: not on their order, nor on the
 * machine.
 *
 * Order of the pieces: [PAD] [UNK] [CLS] [SEP] [MASK]; the characters; the merges, best first.
 *
 * Memory grows with the number of different words, not with the text. */
#ifndef RUBRIC_TEXT_VOCABULARY_TRAINER_H
#define RUBRIC_TEXT_VOCABULARY_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "text/vocabulary.h"

struct trainer_options {
    size_t size; /* pieces wanted, specials included; at least TRAINER_SMALLEST */
    uint64_t
        min_frequency;  /* a pair seen less often is not merged, a character seen less often is left out */
    uint64_t min_texts; /* a word that stands in fewer texts takes no part */
    bool cased;         /* keep case and accents */
};
enum { TRAINER_SMALLEST = 200 };

struct trainer;
struct trainer *trainer_new(const struct trainer_options *options);
void trainer_free(struct trainer *t);

/* Counts the words of a text (valid UTF-8). */
void trainer_add(struct trainer *t, struct slice text);

/* Words counted, and different ones. */
uint64_t trainer_words(const struct trainer *t);
size_t trainer_different(const struct trainer *t);

/* Merges; fills `*v` (zeroed before, indexed after), with fewer than `size` pieces where the words do not
 * give more. Characters take at most a quarter of `size`, the most frequent first; ASCII letters, digits and
 * punctuation are always there.  Returns the occurrences of words that hold a character left out ([UNK]
 * later).  Once only. */
uint64_t trainer_finish(struct trainer *t, struct vocabulary *v);

#endif
