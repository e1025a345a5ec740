#include "base/shell.h"

#include <string.h>

#include "base/utf8.h"

static bool is_safe(struct slice word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    for (size_t i = 0; i < word.size; i++)
        if (!word.at[i] || !strchr(safe, word.at[i]))
            return false;
    return word.size > 0;
}

/* Whether what stands at `i`, `*size` bytes, is a character that can be seen. */
static bool is_visible(struct slice word, size_t i, size_t *size)
{
    size_t length = utf8_length(word.at + i, word.size - i);
    *size = length ? length : 1;
    return length && !utf8_hidden(utf8_read(word.at + i, size));
}

static bool all_visible(struct slice word)
{
    for (size_t i = 0, size; i < word.size; i += size)
        if (!is_visible(word, i, &size))
            return false;
    return true;
}

static void quote(struct buffer *out, struct slice word)
{
    buffer_byte(out, '\'');
    for (size_t i = 0; i < word.size; i++) {
        if (word.at[i] == '\'')
            buffer_text(out, "'\\''");
        else
            buffer_byte(out, word.at[i]);
    }
    buffer_byte(out, '\'');
}

static void quote_visibly(struct buffer *out, struct slice word)
{
    buffer_text(out, "$'");
    for (size_t i = 0, size; i < word.size; i += size) {
        bool visible = is_visible(word, i, &size);
        if (word.at[i] == '\'' || word.at[i] == '\\')
            buffer_byte(out, '\\');
        if (visible)
            buffer_append(out, word.at + i, size);
        for (size_t k = 0; k < size && !visible; k++)
            buffer_format(out, "\\%03o", (unsigned)(uint8_t)word.at[i + k]);
    }
    buffer_byte(out, '\'');
}

void shell_quote(struct buffer *out, struct slice word, bool visible)
{
    if (is_safe(word))
        buffer_append(out, word.at, word.size);
    else if (visible && !all_visible(word))
        quote_visibly(out, word);
    else
        quote(out, word);
}
