/* What a person sees: terminals, colour, escaping, the progress line. */
#ifndef RUBRIC_BASE_TERMINAL_H
#define RUBRIC_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* Whether descriptor `fd` is a terminal. */
bool terminal_is(int fd);

/* Whether to colour what goes to `fd`: a terminal, TERM not "dumb", NO_COLOR unset or empty. */
bool terminal_colour(int fd);

/* Columns of the terminal `fd`, from the terminal, else $COLUMNS, else 80. */
int terminal_columns(int fd);

/* Text that is safe to print, in at most `capacity` bytes at `to` (no terminator; what does not fit is left
 * out whole): characters that act on a terminal or cannot be seen (utf8_hidden) are written as \xNN, \uNNNN
 * or \UNNNNNNNN, newline and tab too, and bytes that are not UTF-8 as \xNN.  Returns the bytes written, at
 * most TERMINAL_ESCAPE for each of the text's. */
enum { TERMINAL_ESCAPE = 4 };
size_t terminal_escape(char *to, size_t capacity, struct slice text);

/* The same for a table: in at most `*columns` columns (at least 1), with '~' at the end of a text that was
 * cut.  Sets `*columns` to those it takes. */
size_t terminal_fit(char *to, size_t capacity, struct slice text, int *columns);

/* Appends the whole text, escaped. */
void terminal_put(struct buffer *out, struct slice text);

/* Seconds as a person writes them, rounded: 45s, 3m05s, 2h10m.  32 bytes always suffice. */
void duration_format(char *to, size_t capacity, double seconds);

/* A progress line on stderr: bar, share, rate, time left.  Draws only when stderr is a terminal, a
 * few times a second, and clears itself when a message is printed. */
struct progress {
    const char *label;
    const char *unit; /* "essays", "tokens" */
    uint64_t total;   /* 0: not known, no bar */
    double started;   /* seconds, monotonic */
    double drawn;
    bool active;
};
void progress_start(struct progress *p, const char *label, const char *unit, uint64_t total);
void progress_update(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

/* Erases a progress line that is on the screen (called before any message). */
void progress_line_clear(void);

/* Seconds on the monotonic clock. */
double monotonic_seconds(void);

#endif
