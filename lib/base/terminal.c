#include "base/terminal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

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

size_t utf8_length(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
               : p[0] >= 0xE0 && p[0] < 0xF0 ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
        (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return n;
}

size_t terminal_escape(char *to, size_t room, const char *text, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = (const unsigned char *)text;
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        size_t n = utf8_length(p + i, size - i);
        bool control = (n == 1 && (p[i] < 0x20 || p[i] == 0x7F)) ||
                       (n == 2 && p[i] == 0xC2 && p[i + 1] < 0xA0);
        if (n == 0 || control) {
            if (used + 4 > room)
                break;
            memcpy(to + used, (char[]){'\\', 'x', hex[p[i] >> 4], hex[p[i] & 15]}, 4);
            used += 4;
            i++;
        } else {
            if (used + n > room)
                break;
            memcpy(to + used, p + i, n);
            used += n;
            i += n;
        }
    }
    return used;
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

void duration_format(char *to, size_t room, double seconds)
{
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s < 60)
        snprintf(to, room, "%lus", s);
    else if (s < 3600)
        snprintf(to, room, "%lum%02lus", s / 60, s % 60);
    else
        snprintf(to, room, "%luh%02lum", s / 3600, s / 60 % 60);
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
