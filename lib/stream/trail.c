#include "stream/trail.h"

#include <string.h>

#include "base/json.h"
#include "base/shell.h"

/* How many arguments from `index` on say where the output goes: "-o FILE", "-oFILE", "--output FILE". */
static size_t output_words(const json_t *args, size_t index)
{
    struct slice word = json_slice(json_array_get(args, index));
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
    bool keep_output = last || slice_is(json_slice(command), "fit");
    shell_quote(out, json_slice(command), true);
    for (size_t i = 0; i < count; i++) {
        size_t skipped = keep_output ? 0 : output_words(args, i);
        if (skipped) {
            i += skipped - 1;
            continue;
        }
        buffer_byte(out, ' ');
        shell_quote(out, json_slice(json_array_get(args, i)), true);
    }
}

/* Whether an entry is one that a filter of rubric writes: a trail that comes from elsewhere may hold
 * anything. */
static bool is_command(const json_t *entry)
{
    static const char *const signing[] = {"tok", "split", "embed", "fit", "predict", "show"};
    size_t index;
    const json_t *word;
    json_array_foreach(json_object_get(entry, "args"), index, word) if (!json_is_string(word)) return false;
    for (size_t i = 0; i < sizeof signing / sizeof *signing; i++)
        if (slice_is(json_slice(json_object_get(entry, "cmd")), signing[i]))
            return true;
    return false;
}

size_t trail_put_pipeline(struct buffer *out, const json_t *trail)
{
    size_t index, last = 0;
    const json_t *entry;
    bool first = true;
    size_t left_out = json_array_size(trail);
    json_array_foreach(trail, index, entry)
    {
        if (!is_command(entry))
            continue;
        last = index;
        left_out--;
    }
    json_array_foreach(trail, index, entry)
    {
        if (!is_command(entry))
            continue;
        if (!first)
            buffer_text(out, " | ");
        put_command(out, entry, first, index == last);
        first = false;
    }
    return left_out;
}
