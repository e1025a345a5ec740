#include "text/longtext.h"

#include <stdlib.h>
#include <string.h>

/* Tokens that the windows of a text of `tokens` may have together. */
enum { SPREAD = 4, ALWAYS = 1 << 20, NEVER = 1 << 24 };
static size_t token_limit(size_t tokens)
{
    size_t most = SPREAD * tokens;
    return most < ALWAYS ? ALWAYS : most > NEVER ? NEVER : most;
}

int sequence_most_stride(int max_length) { return max_length - 2 - (max_length + SPREAD - 1) / SPREAD; }

/* Windows of `room` that a longer text takes, one each `step`. */
static size_t windows_needed(size_t tokens, size_t room, size_t step)
{
    return 1 + (tokens - room + step - 1) / step;
}

bool sequence_may_refuse(const struct tokenizer_settings *settings, size_t tokens)
{
    size_t max_length = (size_t)settings->max_length, room = max_length - 2,
           stride = (size_t)settings->stride;
    if (tokens <= room)
        return false;
    if (settings->long_policy != LONG_WINDOWS)
        return settings->long_policy == LONG_FAIL;
    return stride >= room || windows_needed(tokens, room, room - stride) > ALWAYS / max_length;
}

static void append(struct int_array *to, const int32_t *values, size_t count)
{
    if (count == 0)
        return;
    memory_grow(&to->at, &to->capacity, to->count + count, sizeof *to->at);
    memcpy(to->at + to->count, values, count * sizeof *values);
    to->count += count;
}

static void append_types(struct int_array *to, int32_t type, size_t count)
{
    memory_grow(&to->at, &to->capacity, to->count + count, sizeof *to->at);
    for (size_t i = 0; i < count; i++)
        to->at[to->count++] = type;
}

static void begin_window(struct sequence *s, const struct special_ids *special,
                         const struct int_array *prompt)
{
    append(&s->ids, &special->cls, 1);
    if (!prompt)
        return;
    append(&s->ids, prompt->at, prompt->count);
    append(&s->ids, &special->sep, 1);
    append_types(&s->types, 0, prompt->count + 2);
}

static void end_window(struct sequence *s, const struct special_ids *special, const struct int_array *prompt)
{
    append(&s->ids, &special->sep, 1);
    if (prompt)
        append_types(&s->types, 1, s->ids.count - s->types.count);
    s->windows++;
}

/* A text of which `head` tokens at its beginning and `tail` at its end are kept. */
static void one_window(struct sequence *s, const struct special_ids *special, const struct int_array *prompt,
                       const struct int_array *text, size_t head, size_t tail)
{
    begin_window(s, special, prompt);
    append(&s->ids, text->at, head);
    if (tail > 0)
        append(&s->ids, text->at + text->count - tail, tail);
    end_window(s, special, prompt);
    s->cut = text->count - head - tail;
}

static void many_windows(struct sequence *s, const struct special_ids *special,
                         const struct int_array *prompt, const struct int_array *text, size_t room,
                         size_t step)
{
    for (size_t at = 0;; at += step) {
        int32_t offset = (int32_t)s->ids.count;
        size_t left = text->count - at, size = left < room ? left : room;
        append(&s->win, &offset, 1);
        begin_window(s, special, prompt);
        append(&s->ids, text->at + at, size);
        end_window(s, special, prompt);
        if (size == left)
            break;
    }
    int32_t end = (int32_t)s->ids.count;
    append(&s->win, &end, 1);
}

enum sequence_result sequence_make(struct sequence *s, const struct tokenizer_settings *settings,
                                   const struct special_ids *special, const struct int_array *prompt,
                                   const struct int_array *text)
{
    s->ids.count = s->types.count = s->win.count = 0;
    s->cut = s->windows = 0;
    size_t around = prompt ? prompt->count + 3 : 2, max_length = (size_t)settings->max_length;
    s->full = text->count + around;
    if (s->full <= max_length) {
        one_window(s, special, prompt, text, text->count, 0);
        return SEQUENCE_GOOD;
    }
    if (settings->long_policy == LONG_FAIL)
        return SEQUENCE_LONG;
    if (around >= max_length)
        return SEQUENCE_NOROOM;
    size_t room = max_length - around, head = max_length / 4, stride = (size_t)settings->stride;
    switch (settings->long_policy) {
    case LONG_TAIL:
        one_window(s, special, prompt, text, 0, room);
        break;
    case LONG_ENDS:
        if (head > room)
            head = room;
        one_window(s, special, prompt, text, head, room - head);
        break;
    case LONG_WINDOWS:
        if (stride >= room)
            return SEQUENCE_NOROOM;
        s->needed = windows_needed(text->count, room, room - stride);
        s->allowed = token_limit(text->count) / max_length;
        if (s->needed > s->allowed)
            return SEQUENCE_MANY;
        many_windows(s, special, prompt, text, room, room - stride);
        break;
    default:
        one_window(s, special, prompt, text, room, 0);
        break;
    }
    return SEQUENCE_GOOD;
}

void sequence_free(struct sequence *s)
{
    free(s->ids.at);
    free(s->types.at);
    free(s->win.at);
    *s = (struct sequence){0};
}
