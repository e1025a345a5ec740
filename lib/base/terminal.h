/* What a person sees: terminals, colour, escaping, the progress line. */
#ifndef RUBRIC_BASE_TERMINAL_H
#define RUBRIC_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether descriptor `fd` is a terminal. */
bool terminal_is(int fd);

/* Whether to colour what goes to `fd`: a terminal, TERM not "dumb", NO_COLOR unset or empty. */
bool terminal_colour(int fd);

/* Columns of the terminal `fd`, from the terminal, else $COLUMNS, else 80. */
int terminal_columns(int fd);

/* Length of the well-formed UTF-8 sequence at `p`, 0 if there is none within `left` bytes (at least 1). */
size_t utf8_length(const unsigned char *p, size_t left);

/* Copies `size` bytes of `text` to `to` (at most `room` bytes, no terminator) with C0 and C1 control
 * characters and DEL written as \xNN; newline and tab are escaped too.  Valid UTF-8 is kept, other
 * bytes are written as \xNN.  Never cuts an escape or a character in two.  Returns the bytes written. */
size_t terminal_escape(char *to, size_t room, const char *text, size_t size);

/* Seconds as a person writes them, rounded: 45s, 3m05s, 2h10m.  32 bytes always suffice. */
void duration_format(char *to, size_t room, double seconds);

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
