#include "text/tokenizer.h"

#include <sha256.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "text/tokenizer_parts.h"

/* --- added tokens as a file has them --- */

static int by_id(const void *a, const void *b)
{
    int32_t x = ((const struct added_token *)a)->id, y = ((const struct added_token *)b)->id;
    return (x > y) - (x < y);
}

/* Whether the names of the special tokens and vocab.txt already say all of it. */
static bool needs_no_saying(const struct tokenizer *t, const struct added_token *token)
{
    const struct special_ids s = t->special;
    int32_t id = token->id;
    bool named = id == s.unk || id == s.cls || id == s.sep || id == s.pad || id == s.mask;
    return named && !token->single_word && !token->normalized && (size_t)id < t->vocabulary.matched;
}

static void describe_added(struct tokenizer *t)
{
    json_t *all = json_object();
    if (t->added.count)
        qsort(t->added.at, t->added.count, sizeof *t->added.at, by_id);
    for (size_t i = 0; i < t->added.count; i++) {
        const struct added_token *token = &t->added.at[i];
        if (needs_no_saying(t, token))
            continue;
        char key[16];
        snprintf(key, sizeof key, "%d", token->id);
        json_t *said = json_pack("{s:s, s:b, s:b, s:b}", "content", token->content, "single_word",
                                 token->single_word, "normalized", token->normalized, "special",
                                 token->special);
        json_set(all, key, said);
    }
    if (json_object_size(all) == 0) {
        json_decref(all);
        return;
    }
    char *text = json_dumps(all, JSON_COMPACT);
    SHA256Data((const uint8_t *)text, strlen(text), t->settings.added);
    free(text);
    t->added_json = all;
}

/* What follows from vocabulary and settings. */
static struct tokenizer *finish(struct tokenizer *t)
{
    t->form = (struct unicode_normal_form){t->settings.lower_case, t->settings.strip_accents,
                                           t->settings.split_chinese};
    describe_added(t); /* before they are parted and brought into normal form */
    added_tokens_ready(&t->added, &t->added_normalized, t->form);
    for (int c = '!'; c < 127; c++) {
        char mark = (char)c;
        if (unicode_flags((uint32_t)c) & UNICODE_PUNCTUATION)
            wordpiece_word(t, (struct slice){&mark, 1}, &t->punctuation[c]);
    }
    return t;
}

struct tokenizer *tokenizer_open(const char *directory)
{
    struct tokenizer *t = memory_zeroed(1, sizeof *t);
    tokenizer_read_directory(t, directory);
    return finish(t);
}

struct tokenizer *tokenizer_open_vocabulary(const char *path, bool cased)
{
    struct tokenizer *t = memory_zeroed(1, sizeof *t);
    tokenizer_read_bare(t, path, cased);
    return finish(t);
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    vocabulary_free(&t->vocabulary);
    added_tokens_free(&t->added);
    added_tokens_free(&t->added_normalized);
    json_decref(t->added_json);
    free(t->path);
    free(t);
}

struct tokenizer_settings *tokenizer_settings(struct tokenizer *t) { return &t->settings; }
size_t tokenizer_size(const struct tokenizer *t) { return t->vocabulary.count; }
const char *tokenizer_hash(const struct tokenizer *t) { return t->vocabulary.hash; }
const char *tokenizer_vocabulary_path(const struct tokenizer *t) { return t->path; }
struct special_ids tokenizer_special(const struct tokenizer *t) { return t->special; }
size_t tokenizer_word_pieces(const struct tokenizer *t) { return t->vocabulary.matched; }
json_t *tokenizer_added(const struct tokenizer *t) { return t->added_json; }

struct slice tokenizer_piece(const struct tokenizer *t, int32_t id)
{
    if (id < 0 || (size_t)id >= t->vocabulary.count)
        return (struct slice){"", 0};
    return vocabulary_piece(&t->vocabulary, (size_t)id);
}

void tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        struct slice piece = tokenizer_piece(t, ids[i]);
        bool inner = piece.size > 2 && memcmp(piece.at, PIECE_CONTINUES, 2) == 0;
        if (i > 0 && !inner)
            buffer_byte(out, ' ');
        size_t skip = inner && i > 0 ? 2 : 0;
        buffer_append(out, piece.at + skip, piece.size - skip);
    }
}
