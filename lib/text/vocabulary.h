/* The pieces of a WordPiece vocabulary: numbered strings, found by their bytes, and the longest one that
 * opens a run of bytes.  Read-only once closed with vocabulary_index. */
#ifndef RUBRIC_TEXT_VOCABULARY_H
#define RUBRIC_TEXT_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

enum {
    PIECE_LIMIT = 1024,         /* bytes a piece may have */
    VOCABULARY_LIMIT = 1 << 22, /* pieces */
};

struct vocabulary {
    struct buffer bytes; /* all pieces, one after another */
    uint32_t *start;     /* [count + 1], where each begins */
    size_t count, capacity;
    size_t matched;    /* pieces that words are made of: ids from here on are added tokens */
    uint64_t *slots;   /* open addressing: hash tag << 32 | id + 1; 0 is free */
    size_t mask;       /* slots - 1 */
    size_t longest[2]; /* bytes of the longest piece that opens a word; that continues one, "##" left out */
    char hash[65];     /* hex SHA-256 of the pieces in id order, each with a newline */
};

/* The pieces of a word after its first begin with this. */
#define PIECE_CONTINUES "##"

/* Appends a piece; its id is its number.  `where` is the file, for messages: a piece that is empty, too long
 * or not UTF-8 ends in STATUS_BROKEN. */
void vocabulary_add(struct vocabulary *v, struct slice piece, const char *where);

/* Pieces added from now on belong to no word, they only have ids; without this call there are none such. */
void vocabulary_end_of_pieces(struct vocabulary *v);

/* After the last piece.  STATUS_BROKEN when two are the same. */
void vocabulary_index(struct vocabulary *v, const char *where);
void vocabulary_free(struct vocabulary *v);

struct slice vocabulary_piece(const struct vocabulary *v, size_t id);

/* Id of a piece, -1 if there is none. */
int32_t vocabulary_find(const struct vocabulary *v, struct slice piece);

/* Id of the longest piece that `word` begins with, and its bytes into `*size`; -1 if there is none.  With
 * `continues`, of the pieces written with "##" ("##" is not counted in `*size`). */
int32_t vocabulary_longest(const struct vocabulary *v, struct slice word, bool continues, size_t *size);

#endif
