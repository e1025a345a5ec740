#include "eval/label_text.h"

#include "base/terminal.h"

struct label_text label_text(struct slice text, const char *if_empty)
{
    struct label_text s = {.columns = LABEL_TEXT_WIDTH};
    size_t size = terminal_fit(s.text, sizeof s.text - 1, text.size ? text : slice_of(if_empty), &s.columns);
    s.text[size] = '\0';
    return s;
}

struct label_text label_text_of(const struct label *label)
{
    struct buffer text = {0};
    label_print(&text, label);
    struct label_text s = label_text((struct slice){text.at, text.size}, "(empty)");
    buffer_free(&text);
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
