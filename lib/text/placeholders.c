#include "text/placeholders.h"

#include <stdbool.h>
#include <string.h>

static const char *const names[PLACEHOLDER_NAMES] = {
    "PERSON", "ORGANIZATION", "LOCATION", "DATE", "TIME", "MONEY", "PERCENT",
    "MONTH",  "EMAIL",        "NUM",      "CAPS", "DR",   "CITY",  "STATE",
};

const char *placeholder_name(int index) { return names[index]; }

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* What may stand before the "@" of an e-mail address. */
static bool is_address(char c) { return is_letter(c) || is_digit(c) || (c != '\0' && strchr("._+-", c)); }

/* End of the placeholder whose "@" is at text.at[at], without what clings to it; 0 if that is none.  `fresh`
 * is where the last one ended: what came before it does not make this one an address. */
static size_t name_end(struct slice text, size_t at, size_t fresh, int *name)
{
    const char *rest = text.at + at + 1;
    size_t left = text.size - at - 1;
    for (int i = 0; i < PLACEHOLDER_NAMES; i++) {
        size_t size = strlen(names[i]);
        if (size > left || memcmp(rest, names[i], size) != 0)
            continue;
        size_t end = size;
        while (end < left && is_digit(rest[end]))
            end++;
        char after = end < left ? rest[end] : ' ';
        bool digits = end > size;
        if (after == '_' || (!digits && (is_letter(after) || (at > fresh && is_address(text.at[at - 1])))))
            return 0;
        *name = i;
        return at + 1 + end;
    }
    return 0;
}

/* Bytes of the apostrophe at `at`, 0 if there is none. */
static size_t apostrophe(struct slice text, size_t at)
{
    if (at < text.size && text.at[at] == '\'')
        return 1;
    return text.size - at >= 3 && memcmp(text.at + at, "\xe2\x80\x99", 3) == 0 ? 3 : 0;
}

static size_t letters_end(struct slice text, size_t at)
{
    while (at < text.size && is_letter(text.at[at]))
        at++;
    return at;
}

/* End of what clings to a placeholder that ends at `at`. */
static size_t clinging_end(struct slice text, size_t at)
{
    at = letters_end(text, at);
    size_t mark = apostrophe(text, at);
    size_t end = letters_end(text, at + mark);
    return mark && end > at + mark ? end : at;
}

size_t placeholder_end(struct slice text, size_t at, size_t before)
{
    int name;
    size_t end = name_end(text, at, before, &name);
    return end ? clinging_end(text, end) : 0;
}

struct slice placeholders_apply(enum placeholders policy, struct slice text, struct buffer *store,
                                uint64_t *counts)
{
    size_t copied = 0, fresh = 0;
    store->size = 0;
    for (size_t at = 0; at < text.size;) {
        const char *found = memchr(text.at + at, '@', text.size - at);
        if (!found)
            break;
        at = (size_t)(found - text.at);
        int name;
        size_t end = name_end(text, at, fresh, &name);
        if (end == 0) {
            at++;
            continue;
        }
        counts[name]++;
        if (policy != PLACEHOLDERS_KEEP) {
            buffer_append(store, text.at + copied, at - copied);
            if (policy == PLACEHOLDERS_MASK)
                buffer_text(store, "[MASK]");
            else
                end = clinging_end(text, end);
            copied = end;
        }
        at = fresh = end;
    }
    if (copied == 0)
        return text;
    buffer_append(store, text.at + copied, text.size - copied);
    return (struct slice){store->at, store->size};
}
