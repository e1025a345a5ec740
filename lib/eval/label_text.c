#include "eval/label_text.h"

#include <stdbool.h>

#include "base/terminal.h"

static bool starts_character(char byte) { return ((unsigned char)byte & 0xC0) != 0x80; }

struct label_text label_text(struct slice text, const char *if_empty)
{
    struct label_text s = {.columns = 0};
    struct slice from = text.size ? text : slice_of(if_empty);
    char escaped[4 * LABEL_TEXT_WIDTH + 4];
    size_t size = terminal_escape(escaped, sizeof escaped, from.at, from.size), used = 0;
    bool cut = false;
    for (size_t i = 0; i < size && !cut; i++) {
        cut = starts_character(escaped[i]) && s.columns == LABEL_TEXT_WIDTH;
        if (!cut) {
            s.columns += starts_character(escaped[i]);
            s.text[used++] = escaped[i];
        }
    }
    if (cut) {
        while (!starts_character(s.text[--used]))
            ;
        s.text[used++] = '~';
    }
    s.text[used] = 0;
    return s;
}

void label_text_left(FILE *to, const struct label_text *s, int width)
{
    fprintf(to, "%s%*s", s->text, width > s->columns ? width - s->columns : 0, "");
}

void label_text_right(FILE *to, const struct label_text *s, int width)
{
    fprintf(to, "%*s%s", width > s->columns ? width - s->columns : 0, "", s->text);
}
