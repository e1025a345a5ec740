#include "base/terminal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

static atomic_bool line_on_screen;

bool terminal_is(int fd)
{
    int kept = errno;
    bool yes = isatty(fd);
    errno = kept;
    return yes;
}

bool terminal_colour(int fd)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no_colour && *no_colour)
        return false;
    return terminal_is(fd) && term && strcmp(term, "dumb") != 0;
}

int terminal_columns(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    long n = columns ? strtol(columns, NULL, 10) : 0;
    return n >= 20 && n <= 1000 ? (int)n : 80;
}

/* One character or stray byte of `text`, escaped if it must be, to `to` (at least 12 bytes).  Moves `*i`
 * behind it. */
static size_t escape_one(char *to, struct slice text, size_t *i)
{
    size_t size = utf8_length(text.at + *i, text.size - *i), read;
    uint32_t point = size ? utf8_read(text.at + *i, &read) : (uint8_t)text.at[*i];
    const char *from = text.at + *i;
    *i += size ? size : 1;
    if (size == 0 || (size == 1 && utf8_hidden(point)))
        return (size_t)sprintf(to, "\\x%02x", (unsigned)point);
    if (size > 1 && utf8_hidden(point))
        return (size_t)sprintf(to, point < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)point);
    memcpy(to, from, size);
    return size;
}

size_t terminal_escape(char *to, size_t capacity, struct slice text)
{
    size_t used = 0;
    for (size_t i = 0; i < text.size;) {
        char one[12];
        size_t size = escape_one(one, text, &i);
        if (used + size > capacity)
            break;
        memcpy(to + used, one, size);
        used += size;
    }
    return used;
}

size_t terminal_fit(char *to, size_t capacity, struct slice text, int *columns)
{
    /* `fits`: what can be kept if the text turns out to be longer, with '~' behind it. */
    size_t used = 0, fits = 0;
    int width = 0, fits_width = 0;
    for (size_t i = 0; i < text.size;) {
        char one[12];
        size_t size = escape_one(one, text, &i), read;
        int wide = size == 1 || one[0] == '\\' ? (int)size : utf8_width(utf8_read(one, &read));
        if (width + wide > *columns || used + size > capacity) {
            to[fits++] = '~';
            *columns = fits_width + 1;
            return fits;
        }
        memcpy(to + used, one, size);
        used += size;
        width += wide;
        if (width < *columns && used < capacity) {
            fits = used;
            fits_width = width;
        }
    }
    *columns = width;
    return used;
}

void terminal_put(struct buffer *out, struct slice text)
{
    size_t capacity = TERMINAL_ESCAPE * text.size;
    out->size += terminal_escape(buffer_reserve(out, capacity), capacity, text);
}

double monotonic_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(struct progress *p, const char *label, const char *unit, uint64_t total)
{
    *p = (struct progress){.label = label, .unit = unit, .total = total};
    p->started = p->drawn = monotonic_seconds();
    p->active = terminal_is(STDERR_FILENO);
}

void duration_format(char *to, size_t capacity, double seconds)
{
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s < 60)
        snprintf(to, capacity, "%lus", s);
    else if (s < 3600)
        snprintf(to, capacity, "%lum%02lus", s / 60, s % 60);
    else
        snprintf(to, capacity, "%luh%02lum", s / 3600, s / 60 % 60);
}

void progress_update(struct progress *p, uint64_t done)
{
    double now = p->active ? monotonic_seconds() : 0;
    if (!p->active || now - p->drawn < 0.2)
        return;
    p->drawn = now;
    double elapsed = now - p->started, rate = (double)done / elapsed;
    char line[256], left[32];
    int used = 0;
    if (p->total) {
        double share = (double)done / (double)p->total;
        int filled = (int)(20 * (share < 1 ? share : 1));
        duration_format(left, sizeof left, rate > 0 ? (double)(p->total - done) / rate : 0);
        used = snprintf(line, sizeof line, "\r%s [%.*s%.*s] %3.0f%%  %.4g %s/s  %s left", p->label, filled,
                        "####################", 20 - filled, "....................", 100 * share, rate,
                        p->unit, left);
    } else {
        used = snprintf(line, sizeof line, "\r%s %llu %s  %.4g/s", p->label, (unsigned long long)done,
                        p->unit, rate);
    }
    if (used <= 0)
        return;
    int width = terminal_columns(STDERR_FILENO);
    size_t shown = strnlen(line, sizeof line - 1);
    if (shown > (size_t)width)
        shown = (size_t)width;
    fwrite(line, 1, shown, stderr);
    fputs("\033[K", stderr);
    fflush(stderr);
    atomic_store(&line_on_screen, true);
}

void progress_end(struct progress *p)
{
    if (p->active)
        progress_line_clear();
    p->active = false;
}

void progress_line_clear(void)
{
    if (atomic_exchange(&line_on_screen, false)) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}
