#include "text/added_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void added_tokens_add(struct added_tokens *tokens, struct slice content, int32_t id, bool single_word,
                      bool normalized, bool special)
{
    if (content.size == 0)
        return;
    struct added_token token = {slice_string(content), content.size, id, single_word, normalized, special};
    for (size_t i = 0; i < tokens->count; i++) {
        if (tokens->at[i].id == id) {
            free(tokens->at[i].content);
            tokens->at[i] = token;
            return;
        }
    }
    memory_grow(&tokens->at, &tokens->capacity, tokens->count + 1, sizeof *tokens->at);
    tokens->at[tokens->count++] = token;
}

bool added_tokens_has(const struct added_tokens *tokens, int32_t id)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (tokens->at[i].id == id)
            return true;
    return false;
}

static int longest_first(const void *a, const void *b)
{
    const struct added_token *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void ready(struct added_tokens *tokens)
{
    int different = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        uint8_t first = (uint8_t)tokens->at[i].content[0];
        different += !tokens->opens[first];
        tokens->opens[first] = true;
        tokens->only = first;
    }
    if (different != 1)
        tokens->only = -1;
    if (tokens->count)
        qsort(tokens->at, tokens->count, sizeof *tokens->at, longest_first);
}

void added_tokens_ready(struct added_tokens *tokens, struct added_tokens *normalized,
                        struct unicode_normal_form form)
{
    size_t kept = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        struct added_token *token = &tokens->at[i];
        if (!token->normalized) {
            tokens->at[kept++] = *token;
            continue;
        }
        struct buffer changed = {0};
        unicode_normalize(&changed, (struct slice){token->content, token->size}, form);
        added_tokens_add(normalized, (struct slice){changed.at, changed.size}, token->id, token->single_word,
                         true, token->special);
        buffer_free(&changed);
        free(token->content);
    }
    tokens->count = kept;
    ready(tokens);
    ready(normalized);
}

void added_tokens_free(struct added_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        free(tokens->at[i].content);
    free(tokens->at);
    *tokens = (struct added_tokens){0};
}

static const struct added_token *token_at(const struct added_tokens *tokens, struct slice text, size_t at)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct added_token *token = &tokens->at[i];
        if (token->size <= text.size - at && memcmp(token->content, text.at + at, token->size) == 0)
            return token;
    }
    return NULL;
}

static bool word_before(struct slice text, size_t at)
{
    if (at == 0)
        return false;
    do
        at--;
    while (at > 0 && !utf8_begins(text.at[at]));
    size_t size;
    return unicode_flags(utf8_read(text.at + at, &size)) & UNICODE_WORD;
}

static bool word_after(struct slice text, size_t at)
{
    size_t size;
    return at < text.size && (unicode_flags(utf8_read(text.at + at, &size)) & UNICODE_WORD);
}

/* The next byte that opens a token, text.size if there is none. */
static size_t candidate(const struct added_tokens *tokens, struct slice text, size_t from)
{
    if (tokens->only >= 0) {
        const char *hit = memchr(text.at + from, tokens->only, text.size - from);
        return hit ? (size_t)(hit - text.at) : text.size;
    }
    while (from < text.size && !tokens->opens[(uint8_t)text.at[from]])
        from++;
    return from;
}

const struct added_token *added_tokens_next(const struct added_tokens *tokens, struct slice text, size_t from,
                                            size_t *at)
{
    if (tokens->count == 0 || from >= text.size)
        return NULL;
    for (size_t i = from; (i = candidate(tokens, text, i)) < text.size;) {
        const struct added_token *token = token_at(tokens, text, i);
        if (!token) {
            i++;
        } else if (token->single_word && (word_before(text, i) || word_after(text, i + token->size))) {
            i += token->size; /* a match, but not a word of its own: nothing inside it is looked at again */
        } else {
            *at = i;
            return token;
        }
    }
    return NULL;
}
