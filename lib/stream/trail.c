#include "stream/trail.h"

#include <string.h>

#include "base/terminal.h"

void shell_quote(struct buffer *out, struct slice word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    size_t length = 0, n;
    const unsigned char *at = (const unsigned char *)word.at;
    while (length < word.size && word.at[length] && strchr(safe, word.at[length]))
        length++;
    if (length == word.size && word.size > 0) {
        buffer_append(out, word.at, word.size);
        return;
    }
    bool control = false;
    for (size_t i = 0; i < word.size; i += n) {
        n = utf8_length(at + i, word.size - i);
        control |= n == 0 || at[i] < ' ' || at[i] == 0x7f || (n == 2 && at[i] == 0xc2 && at[i + 1] < 0xa0);
        n += n == 0;
    }
    buffer_text(out, control ? "$'" : "'");
    for (size_t i = 0; i < word.size; i += n) {
        n = utf8_length(at + i, word.size - i);
        bool bare = n > 0 && at[i] >= ' ' && at[i] != 0x7f && !(n == 2 && at[i] == 0xc2 && at[i + 1] < 0xa0);
        if (bare && at[i] == '\'')
            buffer_text(out, control ? "\\'" : "'\\''");
        else if (bare && at[i] == '\\' && control)
            buffer_text(out, "\\\\");
        else if (bare)
            buffer_append(out, word.at + i, n);
        else
            for (size_t k = 0; k < (n ? n : 1); k++)
                buffer_format(out, "\\%03o", (unsigned)at[i + k]);
        n += n == 0;
    }
    buffer_byte(out, '\'');
}

static struct slice text_of(const json_t *value)
{
    return (struct slice){json_string_value(value), json_string_length(value)};
}

/* How many arguments from `index` on say where the output goes: "-o FILE", "-oFILE", "--output FILE". */
static size_t output_words(const json_t *args, size_t index)
{
    struct slice word = text_of(json_array_get(args, index));
    if (slice_is(word, "-o") || slice_is(word, "--output"))
        return 2;
    bool joined = (word.size > 2 && memcmp(word.at, "-o", 2) == 0) ||
                  (word.size > 9 && memcmp(word.at, "--output=", 9) == 0);
    return joined;
}

static void put_command(struct buffer *out, const json_t *entry, bool first, bool last)
{
    const json_t *command = json_object_get(entry, "cmd"), *args = json_object_get(entry, "args");
    const json_t *operands = json_object_get(entry, "operands");
    size_t count = json_array_size(args), files = 0;
    if (!first && json_is_integer(operands) && json_integer_value(operands) > 0)
        files = (size_t)json_integer_value(operands);
    count -= files < count ? files : count;
    bool keep_output = last || slice_is(text_of(command), "fit");
    shell_quote(out, text_of(command));
    for (size_t i = 0; i < count; i++) {
        size_t skipped = keep_output ? 0 : output_words(args, i);
        if (skipped) {
            i += skipped - 1;
            continue;
        }
        buffer_byte(out, ' ');
        shell_quote(out, text_of(json_array_get(args, i)));
    }
}

/* Whether an entry is as rubric writes it. */
static bool is_command(const json_t *entry)
{
    size_t index;
    const json_t *word;
    json_array_foreach(json_object_get(entry, "args"), index, word) if (!json_is_string(word)) return false;
    return json_is_string(json_object_get(entry, "cmd"));
}

void trail_put_pipeline(struct buffer *out, const json_t *trail)
{
    size_t index, last = 0;
    const json_t *entry;
    bool first = true;
    json_array_foreach(trail, index, entry) if (is_command(entry)) last = index;
    json_array_foreach(trail, index, entry)
    {
        if (!is_command(entry))
            continue;
        if (!first)
            buffer_text(out, " | ");
        put_command(out, entry, first, index == last);
        first = false;
    }
}
