/* Labels, parts and ids as a report shows them: safe for a terminal, cut at a width. */
#ifndef RUBRIC_EVAL_LABEL_TEXT_H
#define RUBRIC_EVAL_LABEL_TEXT_H

#include <stdio.h>

#include "stream/label.h"

enum { LABEL_TEXT_WIDTH = 24 };

struct label_text {
    char text[4 * LABEL_TEXT_WIDTH + 8]; /* terminated */
    int columns;                         /* of a terminal */
};

/* A text in at most LABEL_TEXT_WIDTH columns, escaped as terminal_fit does. */
struct label_text label_text(struct slice text, const char *if_empty);

/* The same of a label. */
struct label_text label_text_of(const struct label *label);

/* Prints it in a column of at least `width`. */
void label_text_left(FILE *to, const struct label_text *label, int width);
void label_text_right(FILE *to, const struct label_text *label, int width);

#endif
