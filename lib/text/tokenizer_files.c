/* Reading a tokenizer from its files, as Hugging Face's libraries write them.
 *
 * Several files may say the same thing.  What counts:
 *   pieces          tokenizer.json, else vocab.txt; where both are there they must agree
 *   casing etc.     tokenizer_config.json, else tokenizer.json's normalizer, else BERT's defaults, key by key
 *   special tokens  tokenizer_config.json, else special_tokens_map.json, else BERT's names
 *   added tokens    tokenizer.json and tokenizer_config.json, the latter winning
 *   maximum length  config.json's max_position_embeddings, else 512
 *   word limit      tokenizer_config.json's rubric.word_limit, else tokenizer.json, else 100 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "text/tokenizer_parts.h"

enum { FILE_LIMIT = 64 << 20, WORD_CHARACTERS_LIMIT = 1000, POSITIONS = 512 };

struct files {
    const char *directory;
    json_t *tokenizer; /* tokenizer.json; NULL where absent, as the others */
    json_t *config;    /* tokenizer_config.json */
    json_t *special;   /* special_tokens_map.json */
    char *tokenizer_path, *config_path, *vocabulary_path;
};

/* Whole numbers come as reals: a model without a maximum length has one of 10^30, too big for an integer. */
static json_t *read_object(const char *path)
{
    return file_exists(path) ? json_read_object(path, JSON_DECODE_INT_AS_REAL) : NULL;
}

/* A member that is there and not null. */
static json_t *member(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

/* true, false, or `otherwise` where the key is absent or null. */
static bool boolean(const json_t *object, const char *key, bool otherwise, const char *path)
{
    const json_t *value = member(object, key);
    if (!value)
        return otherwise;
    if (!json_is_boolean(value))
        die(STATUS_BROKEN, "%s: %s is not true, false or null", path, key);
    return json_is_true(value);
}

static bool is_whole(const json_t *value, double minimum, double maximum)
{
    double number = json_real_value(value);
    return json_is_real(value) && number >= minimum && number <= maximum && number == floor(number);
}

static int whole(const json_t *value, int minimum, int maximum, const char *key, const char *path)
{
    if (!is_whole(value, minimum, maximum))
        die(STATUS_BROKEN, "%s: %s: expected a whole number from %d to %d", path, key, minimum, maximum);
    return (int)json_real_value(value);
}

static const char *type_of(const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    return type ? type : "nothing";
}

/* --- what is not WordPiece --- */

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void check_class(const struct files *f)
{
    static const char *const wordpiece[] = {"Bert",     "DistilBert",  "Electra",    "MobileBert",
                                            "ConvBert", "SqueezeBert", "PreTrained", "TokenizersBackend"};
    const char *class = json_string_value(member(f->config, "tokenizer_class"));
    bool good = !class || (f->tokenizer && !begins_with(class, "BertJapanese"));
    for (size_t i = 0; !good && i < sizeof wordpiece / sizeof *wordpiece; i++)
        good = begins_with(class, wordpiece[i]) && strstr(class + strlen(wordpiece[i]), "Japanese") == NULL;
    if (!good)
        die(STATUS_BROKEN, "%s: tokenizer_class is '%s': only BERT's WordPiece is read", f->config_path,
            class);
    if (!boolean(f->config, "do_basic_tokenize", true, f->config_path))
        die(STATUS_BROKEN,
            "%s: do_basic_tokenize is false: WordPiece without splitting at punctuation is not read",
            f->config_path);
}

static void check_tokenizer(const struct files *f)
{
    const char *path = f->tokenizer_path;
    const json_t *model = json_object_get(f->tokenizer, "model");
    const json_t *normalizer = json_object_get(f->tokenizer, "normalizer");
    const json_t *splitter = json_object_get(f->tokenizer, "pre_tokenizer");
    if (strcmp(type_of(model), "WordPiece") != 0)
        die(STATUS_BROKEN, "%s: the model is %s: only WordPiece is read", path, type_of(model));
    if (strcmp(type_of(normalizer), "BertNormalizer") != 0)
        die(STATUS_BROKEN, "%s: the normalizer is %s: only BertNormalizer is read", path,
            type_of(normalizer));
    if (strcmp(type_of(splitter), "BertPreTokenizer") != 0)
        die(STATUS_BROKEN, "%s: the pre_tokenizer is %s: only BertPreTokenizer is read", path,
            type_of(splitter));
    if (!boolean(normalizer, "clean_text", true, path))
        die(STATUS_BROKEN, "%s: clean_text is false: text is always cleaned here", path);
    const json_t *prefix = member(model, "continuing_subword_prefix");
    if (prefix && (!json_is_string(prefix) || strcmp(json_string_value(prefix), PIECE_CONTINUES) != 0))
        die(STATUS_BROKEN, "%s: continuing_subword_prefix is not \"" PIECE_CONTINUES "\": no other is read",
            path);
}

/* --- pieces --- */

static void read_vocabulary(struct vocabulary *v, const char *path, struct file_view view)
{
    const char *end = view.at + view.size;
    for (const char *at = view.at; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *next = line_end ? line_end + 1 : end;
        size_t size = (size_t)((line_end ? line_end : end) - at);
        if (size > 0 && at[size - 1] == '\r')
            size--;
        vocabulary_add(v, (struct slice){at, size}, path);
        at = next;
    }
    file_unview(&view);
}

static void read_json_vocabulary(struct vocabulary *v, const json_t *tokenizer, const char *path)
{
    json_t *pieces = json_object_get(json_object_get(tokenizer, "model"), "vocab");
    if (!json_is_object(pieces))
        die(STATUS_BROKEN, "%s: model.vocab is no object of pieces and ids", path);
    size_t count = json_object_size(pieces);
    const char **by_id = memory_zeroed(count, sizeof *by_id);
    const char *piece;
    json_t *number;
    json_object_foreach(pieces, piece, number)
    {
        if (!is_whole(number, 0, (double)count - 1))
            die(STATUS_BROKEN, "%s: piece '%s': expected an id from 0 to %zu", path, piece, count - 1);
        size_t id = (size_t)json_real_value(number);
        if (by_id[id])
            die(STATUS_BROKEN, "%s: '%s' and '%s' have one id", path, piece, by_id[id]);
        by_id[id] = piece;
    }
    for (size_t i = 0; i < count; i++)
        vocabulary_add(v, slice_of(by_id[i]), path);
    free(by_id);
}

/* vocab.txt beside tokenizer.json: every piece both have must be the same. */
static void check_agreement(const struct vocabulary *v, const struct files *f)
{
    struct vocabulary other = {0};
    read_vocabulary(&other, f->vocabulary_path, file_view_regular(f->vocabulary_path, FILE_LIMIT));
    size_t both = other.count < v->count ? other.count : v->count;
    for (size_t id = 0; id < both; id++) {
        struct slice a = vocabulary_piece(v, id), b = vocabulary_piece(&other, id);
        if (!slice_equal(a, b))
            die(STATUS_BROKEN,
                "%s: piece %zu is '%.*s' in tokenizer.json and '%.*s' in vocab.txt: "
                "remove the file that is wrong",
                f->directory, id, (int)a.size, a.at, (int)b.size, b.at);
    }
    vocabulary_free(&other);
}

static void read_pieces(struct tokenizer *t, const struct files *f)
{
    bool listed = file_exists(f->vocabulary_path);
    if (f->tokenizer) {
        read_json_vocabulary(&t->vocabulary, f->tokenizer, f->tokenizer_path);
        if (listed)
            check_agreement(&t->vocabulary, f);
    } else if (listed) {
        read_vocabulary(&t->vocabulary, f->vocabulary_path,
                        file_view_regular(f->vocabulary_path, FILE_LIMIT));
    } else {
        die(STATUS_BROKEN,
            "%s: no vocabulary there: neither vocab.txt nor tokenizer.json "
            "(name one with --vocab FILE [--cased])",
            f->directory);
    }
    t->path = memory_string(listed ? f->vocabulary_path : f->tokenizer_path);
}

/* --- added and special tokens --- */

struct token_flags {
    bool single_word, normalized;
};

static struct token_flags token_flags(const json_t *token, bool normalized, const char *path)
{
    return (struct token_flags){boolean(token, "single_word", false, path),
                                boolean(token, "normalized", normalized, path)};
}

/* A token with its id from a file: one just behind the vocabulary extends it. */
static void add_token(struct tokenizer *t, const json_t *token, int id, const char *path)
{
    const char *content = json_string_value(json_object_get(token, "content"));
    if (!content || !*content)
        die(STATUS_BROKEN, "%s: added token %d has no content", path, id);
    if ((size_t)id == t->vocabulary.count)
        vocabulary_add(&t->vocabulary, slice_of(content), path);
    if ((size_t)id > t->vocabulary.count || !slice_is(vocabulary_piece(&t->vocabulary, (size_t)id), content))
        die(STATUS_BROKEN, "%s: added token '%s' has id %d, which is %s", path, content, id,
            (size_t)id > t->vocabulary.count ? "beyond the vocabulary's end"
                                             : "another piece in the vocabulary");
    bool special = boolean(token, "special", false, path);
    struct token_flags flags = token_flags(token, !special, path);
    added_tokens_add(&t->added, slice_of(content), id, flags.single_word, flags.normalized, special);
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* tokenizer_config.json's added_tokens_decoder: an object from ids to tokens. */
static void add_decoder(struct tokenizer *t, const json_t *decoder, const char *path)
{
    size_t count = json_object_size(decoder), n = 0;
    int *ids = memory_new(count, sizeof *ids);
    const char *key;
    json_t *token;
    json_object_foreach((json_t *)(uintptr_t)decoder, key, token)
    {
        char *end;
        long id = strtol(key, &end, 10);
        if (*key < '0' || *key > '9' || *end || id >= VOCABULARY_LIMIT)
            die(STATUS_BROKEN, "%s: added_tokens_decoder: '%s' is no id", path, key);
        ids[n++] = (int)id;
    }
    qsort(ids, n, sizeof *ids, by_number);
    for (size_t i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", ids[i]);
        add_token(t, json_object_get(decoder, name), ids[i], path);
    }
    free(ids);
}

/* added_tokens.json, as older libraries wrote it, has no flags: it is good when the other files have the
 * tokens. */
static void check_old_added(const struct tokenizer *t, const struct files *f)
{
    char *path = memory_format("%s/added_tokens.json", f->directory);
    json_t *old = read_object(path), *id;
    const char *content;
    json_object_foreach(old, content, id)
    {
        int number = whole(id, 0, VOCABULARY_LIMIT, "id of an added token", path);
        if ((size_t)number >= t->vocabulary.count ||
            !slice_is(vocabulary_piece(&t->vocabulary, (size_t)number), content))
            die(STATUS_BROKEN,
                "%s: '%s' is in neither the vocabulary nor tokenizer_config.json: "
                "save the tokenizer anew with a current library",
                path, content);
    }
    json_decref(old);
    free(path);
}

static void add_tokens(struct tokenizer *t, const struct files *f)
{
    const json_t *listed = member(f->tokenizer, "added_tokens"),
                 *decoder = member(f->config, "added_tokens_decoder");
    if (listed && !json_is_array(listed))
        die(STATUS_BROKEN, "%s: added_tokens is no array", f->tokenizer_path);
    for (size_t i = 0; i < json_array_size(listed); i++) {
        const json_t *token = json_array_get(listed, i);
        int id = whole(json_object_get(token, "id"), 0, VOCABULARY_LIMIT, "id of an added token",
                       f->tokenizer_path);
        add_token(t, token, id, f->tokenizer_path);
    }
    if (decoder && !json_is_object(decoder))
        die(STATUS_BROKEN, "%s: added_tokens_decoder is no object", f->config_path);
    if (decoder)
        add_decoder(t, decoder, f->config_path);
}

/* A token that a file names in some role: a string, or an object with "content"; NULL: `usual`.  Returns its
 * id; -1 where the vocabulary lacks it and it may be absent. */
static int32_t special(struct tokenizer *t, const json_t *token, const char *role, const char *usual,
                       bool needed, const char *path)
{
    const char *name = usual;
    if (token)
        name = json_string_value(json_is_object(token) ? json_object_get(token, "content") : token);
    if (!name)
        die(STATUS_BROKEN, "%s: %s: expected a string", path, role);
    int32_t id = vocabulary_find(&t->vocabulary, slice_of(name));
    if (id < 0 && needed)
        die(STATUS_BROKEN, "%s: piece '%s' (%s) is missing", t->path, name, role);
    if (id >= 0 && (json_is_object(token) || !added_tokens_has(&t->added, id))) {
        struct token_flags flags = token_flags(json_is_object(token) ? token : NULL, false, path);
        added_tokens_add(&t->added, slice_of(name), id, flags.single_word, flags.normalized, true);
    }
    return id;
}

static int32_t special_role(struct tokenizer *t, const struct files *f, const char *role, const char *usual,
                            bool needed)
{
    json_t *token = member(f->config, role);
    return special(t, token ? token : member(f->special, role), role, usual, needed, f->config_path);
}

/* Further special tokens: a list, or an object from roles to tokens. */
static void special_list(struct tokenizer *t, const struct files *f, const char *key)
{
    json_t *all = member(f->config, key), *token;
    const char *role;
    size_t i;
    if (!all)
        all = member(f->special, key);
    if (json_is_array(all)) {
        json_array_foreach(all, i, token) special(t, token, key, NULL, true, f->config_path);
    } else if (json_is_object(all)) {
        json_object_foreach(all, role, token) special(t, token, role, NULL, true, f->config_path);
    } else if (all) {
        die(STATUS_BROKEN, "%s: %s: expected a list", f->config_path, key);
    }
}

static void read_special(struct tokenizer *t, const struct files *f)
{
    special_list(t, f, "additional_special_tokens");
    special_list(t, f, "extra_special_tokens");
    t->special.unk = special_role(t, f, "unk_token", "[UNK]", true);
    t->special.cls = special_role(t, f, "cls_token", "[CLS]", true);
    t->special.sep = special_role(t, f, "sep_token", "[SEP]", true);
    t->special.pad = special_role(t, f, "pad_token", "[PAD]", true);
    t->special.mask = special_role(t, f, "mask_token", "[MASK]", false);
}

/* --- settings --- */

static const struct tokenizer_settings usual_settings = {
    .lower_case = true,
    .strip_accents = true,
    .split_chinese = true,
    .placeholders = PLACEHOLDERS_DROP,
    .long_policy = LONG_HEAD,
    .max_length = POSITIONS,
    .stride = 128,
    .word_limit = WORD_CHARACTERS,
};

static void read_own_settings(struct tokenizer_settings *s, const json_t *own, const char *path)
{
    const char *placeholders = json_string_value(member(own, "placeholders"));
    const char *policy = json_string_value(member(own, "long"));
    if (placeholders && !placeholders_find(placeholders, &s->placeholders))
        die(STATUS_BROKEN, "%s: rubric.placeholders is '%s': expected drop, mask or keep", path,
            placeholders);
    if (policy && !long_policy_find(policy, &s->long_policy))
        die(STATUS_BROKEN, "%s: rubric.long is '%s': expected head, tail, ends, windows or fail", path,
            policy);
    if (member(own, "max_length"))
        s->max_length = whole(member(own, "max_length"), 2, s->max_length, "rubric.max_length", path);
    if (member(own, "stride"))
        s->stride = whole(member(own, "stride"), 0, INT_MAX, "rubric.stride", path);
    if (member(own, "word_limit"))
        s->word_limit = whole(member(own, "word_limit"), 1, WORD_CHARACTERS_LIMIT, "rubric.word_limit", path);
}

static void read_settings(struct tokenizer *t, const struct files *f)
{
    struct tokenizer_settings *s = &t->settings;
    *s = usual_settings;
    const json_t *normalizer = json_object_get(f->tokenizer, "normalizer");
    s->lower_case = boolean(normalizer, "lowercase", s->lower_case, f->tokenizer_path);
    s->lower_case = boolean(f->config, "do_lower_case", s->lower_case, f->config_path);
    s->split_chinese = boolean(normalizer, "handle_chinese_chars", s->split_chinese, f->tokenizer_path);
    s->split_chinese = boolean(f->config, "tokenize_chinese_chars", s->split_chinese, f->config_path);
    /* null is an answer here: as lower_case */
    if (json_object_get(f->config, "strip_accents"))
        s->strip_accents = boolean(f->config, "strip_accents", s->lower_case, f->config_path);
    else
        s->strip_accents = boolean(normalizer, "strip_accents", s->lower_case, f->tokenizer_path);

    char *path = memory_format("%s/config.json", f->directory);
    json_t *model = read_object(path);
    const json_t *positions = member(model, "max_position_embeddings");
    if (positions)
        s->max_length = whole(positions, 2, 1 << 24, "max_position_embeddings", path);
    json_decref(model);
    free(path);

    const json_t *limit = member(json_object_get(f->tokenizer, "model"), "max_input_chars_per_word");
    if (limit)
        s->word_limit = whole(limit, 1, WORD_CHARACTERS_LIMIT, "max_input_chars_per_word", f->tokenizer_path);
    read_own_settings(s, member(f->config, "rubric"), f->config_path);
}

void tokenizer_read_directory(struct tokenizer *t, const char *directory)
{
    struct files f = {
        .directory = directory,
        .tokenizer_path = memory_format("%s/tokenizer.json", directory),
        .config_path = memory_format("%s/tokenizer_config.json", directory),
        .vocabulary_path = memory_format("%s/vocab.txt", directory),
    };
    char *special_path = memory_format("%s/special_tokens_map.json", directory);
    f.tokenizer = read_object(f.tokenizer_path);
    f.config = read_object(f.config_path);
    f.special = read_object(special_path);
    check_class(&f);
    if (f.tokenizer)
        check_tokenizer(&f);
    read_pieces(t, &f);
    vocabulary_end_of_pieces(&t->vocabulary);
    add_tokens(t, &f);
    check_old_added(t, &f);
    vocabulary_index(&t->vocabulary, t->path);
    read_special(t, &f);
    read_settings(t, &f);
    json_decref(f.tokenizer);
    json_decref(f.config);
    json_decref(f.special);
    free(special_path);
    free(f.tokenizer_path);
    free(f.config_path);
    free(f.vocabulary_path);
}

void tokenizer_read_bare(struct tokenizer *t, const char *path, bool cased)
{
    struct files f = {.config_path = (char *)(uintptr_t)path};
    t->path = memory_string(path);
    read_vocabulary(&t->vocabulary, path, file_view(path, FILE_LIMIT));
    vocabulary_index(&t->vocabulary, path);
    read_special(t, &f);
    t->settings = usual_settings;
    t->settings.lower_case = t->settings.strip_accents = !cased;
}
