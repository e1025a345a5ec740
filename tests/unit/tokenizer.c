/* WordPiece against ids and hashes that Hugging Face's library made (tests/parity/make_tokenizer_golden.py),
 * and the files of a directory. */
#include <inttypes.h>
#include <sha256.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "caught.h"
#include "check.h"
#include "scratch.h"
#include "base/utf8.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"

#define FIXTURES "tests/fixtures/tokenizer/"

static char place[64]; /* a directory of this run */

static void put_file(const char *name, const char *content)
{
    char *path = memory_format("%s/%s", place, name);
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(content, file) >= 0 && fclose(file) == 0);
    free(path);
}

static void remove_file(const char *name)
{
    char *path = memory_format("%s/%s", place, name);
    unlink(path);
    free(path);
}

/* The fixtures' vocabulary under the settings of a golden line. */
static struct tokenizer *open_as(bool lower, bool strip, bool chinese)
{
    struct file_view view = file_view(FIXTURES "vocab.txt", 1 << 20);
    char *pieces = slice_string((struct slice){view.at, view.size});
    put_file("vocab.txt", pieces);
    free(pieces);
    file_unview(&view);
    char *config = memory_format(
        "{\"do_lower_case\": %s, \"strip_accents\": %s, \"tokenize_chinese_chars\": %s}",
        lower ? "true" : "false", strip ? "true" : "false", chinese ? "true" : "false");
    put_file("tokenizer_config.json", config);
    free(config);
    return tokenizer_open(place);
}

/* The ids of a text, the same with an empty cache and with a full one, and wherever the text lies. */
static void check_ids(const struct tokenizer *t, struct tokenizer_cache *cache, struct slice text,
                      const json_t *want)
{
    struct int_array ids = {0};
    for (int again = 0; again < 2; again++) {
        ids.count = 0;
        tokenizer_encode(t, cache, text, &ids);
        bool same = ids.count == json_array_size(want);
        for (size_t i = 0; same && i < ids.count; i++)
            same = ids.at[i] == json_integer_value(json_array_get(want, i));
        if (!same)
            printf("ids of '%.*s' differ\n", (int)text.size, text.at);
        CHECK(same);
    }
    free(ids.at);
}

static void golden_ids(void)
{
    struct tokenizer *tokenizers[8] = {0};
    struct tokenizer_cache *caches[8] = {0};
    struct file_view view = file_view(FIXTURES "ids.jsonl", 1 << 24);
    size_t lines = 0;
    for (const char *at = view.at, *end = view.at + view.size; at < end; lines++) {
        const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        json_t *line = json_loadb(at, (size_t)(next - at), JSON_ALLOW_NUL, NULL);
        bool lower = json_is_true(json_object_get(line, "lower")),
             strip = json_is_true(json_object_get(line, "strip"));
        bool chinese = json_is_true(json_object_get(line, "chinese"));
        int which = lower * 4 + strip * 2 + chinese;
        if (!tokenizers[which]) {
            tokenizers[which] = open_as(lower, strip, chinese);
            caches[which] = tokenizer_cache_new(tokenizers[which]);
        }
        json_t *text = json_object_get(line, "text");
        struct slice bytes = {json_string_value(text), json_string_length(text)};
        check_ids(tokenizers[which], caches[which], bytes, json_object_get(line, "ids"));
        json_decref(line);
        at = next;
    }
    CHECK(lines > 1000);
    for (int i = 0; i < 8; i++) {
        CHECK(tokenizers[i] != NULL);
        tokenizer_cache_free(caches[i]);
        tokenizer_free(tokenizers[i]);
    }
    file_unview(&view);
}

/* The hash of the words of "aXb X" for every X of a block of code points. */
static void hash_block(char hex[65], uint32_t first, struct unicode_normal_form form)
{
    SHA2_CTX words;
    SHA256Init(&words);
    struct buffer text = {0}, normal = {0};
    for (uint32_t point = first; point < first + 4096; point++) {
        if (point >= 0xD800 && point < 0xE000)
            continue;
        text.size = normal.size = 0;
        buffer_byte(&text, 'a');
        utf8_write(&text, point);
        buffer_text(&text, "b ");
        utf8_write(&text, point);
        CHECK(utf8_invalid_at((struct slice){text.at, text.size}) == text.size);
        unicode_normalize(&normal, (struct slice){text.at, text.size}, form);
        struct slice word;
        for (size_t at = 0; unicode_next_word((struct slice){normal.at, normal.size}, &at, &word);) {
            SHA256Update(&words, (const uint8_t *)word.at, word.size);
            SHA256Update(&words, (const uint8_t *)"\n", 1);
        }
    }
    SHA256End(&words, hex);
    buffer_free(&text);
    buffer_free(&normal);
}

static void golden_code_points(void)
{
    FILE *file = fopen(FIXTURES "code_points.txt", "r");
    CHECK(file != NULL);
    char form[4], want[65], got[65];
    uint32_t first;
    int lines = 0;
    for (; file && fscanf(file, "%3s %" SCNx32 " %64s", form, &first, want) == 3; lines++) {
        hash_block(got, first, (struct unicode_normal_form){form[0] == '1', form[1] == '1', form[2] == '1'});
        if (strcmp(got, want) != 0)
            printf("U+%04X..: form %s differs\n", (unsigned)first, form);
        CHECK_TEXT(got, want);
    }
    CHECK(lines == 4 * 272);
    if (file)
        fclose(file);
}

#define PIECES "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##b\nA\n\xC3\xA9\n"
#define MODEL                                                                                                \
    "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"[PAD]\": 0, \"[UNK]\": 1, \"[CLS]\": 2, \"[SEP]\": " \
    "3, \"a\": 4}}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, "

static void open_place(void *unused)
{
    (void)unused;
    tokenizer_free(tokenizer_open(place));
}

static void refused(const char *want)
{
    CHECK(caught(open_place, NULL) == STATUS_BROKEN);
    if (!strstr(caught_message, want))
        printf("expected '%s' in: %s\n", want, caught_message);
    CHECK(strstr(caught_message, want) != NULL);
}

static void refused_files(void)
{
    remove_file("vocab.txt");
    remove_file("tokenizer_config.json");
    refused("--vocab FILE [--cased]");
    put_file("vocab.txt", PIECES "a\n");
    refused("'a' is both piece 5 and piece 10");
    put_file("vocab.txt", "[PAD]\n[UNK]\n[CLS]\na\n");
    refused("piece '[SEP]' (sep_token) is missing");
    put_file("vocab.txt", "[PAD]\n\n");
    refused("piece 1 is empty");
    put_file("vocab.txt", "[PAD]\n\xFF\n");
    refused("piece 1 is not UTF-8");
    put_file("vocab.txt", "");
    refused("no pieces");
    put_file("vocab.txt", PIECES);
    put_file("tokenizer_config.json", "{\"tokenizer_class\": \"RobertaTokenizer\"}");
    refused("'RobertaTokenizer': only BERT's WordPiece");
    put_file("tokenizer_config.json", "{\"do_lower_case\": 1}");
    refused("do_lower_case is not true, false or null");
    put_file("tokenizer_config.json", "{\"rubric\": {\"long\": \"middle\"}}");
    refused("rubric.long is 'middle'");
    put_file("tokenizer_config.json", "{\"added_tokens_decoder\": {\"12\": {\"content\": \"x\"}}}");
    refused("beyond the vocabulary's end");
    put_file("tokenizer_config.json", "{");
    refused("tokenizer_config.json:");
    put_file("tokenizer_config.json", "{}");
    put_file("tokenizer.json", "{\"model\": {\"type\": \"BPE\"}}");
    refused("the model is BPE: only WordPiece");
    put_file("tokenizer.json", "{" MODEL "\"normalizer\": {\"type\": \"NFC\"}}");
    refused("the normalizer is NFC");
    put_file("tokenizer.json", "{" MODEL "\"normalizer\": {\"type\": \"BertNormalizer\"}}");
    refused("piece 4 is 'a' in tokenizer.json and '[MASK]' in vocab.txt");
    remove_file("tokenizer.json");
}

static void check_text(const char *text, const char *want)
{
    struct tokenizer *t = tokenizer_open(place);
    struct tokenizer_cache *cache = tokenizer_cache_new(t);
    struct int_array ids = {0};
    struct buffer got = {0};
    tokenizer_encode(t, cache, slice_of(text), &ids);
    for (size_t i = 0; i < ids.count; i++)
        buffer_format(&got, "%s%d", i ? " " : "", ids.at[i]);
    buffer_byte(&got, '\0');
    CHECK_TEXT(got.at, want);
    buffer_free(&got);
    free(ids.at);
    tokenizer_cache_free(cache);
    tokenizer_free(t);
}

/* Which file counts where several speak. */
static void settings_of_files(void)
{
    put_file("vocab.txt", PIECES);
    remove_file("tokenizer_config.json");
    check_text("A ab", "5 5 7");
    put_file("tokenizer_config.json", "{\"do_lower_case\": false, \"unk_token\": {\"content\": \"b\"}}");
    check_text("A \xC3\xA9 b z", "8 9 6 6");
    put_file("tokenizer_config.json", "{\"do_lower_case\": true, \"strip_accents\": false}");
    check_text("A \xC3\x89", "5 9");
    put_file("vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\na");
    put_file("tokenizer.json",
             "{" MODEL "\"normalizer\": {\"type\": \"BertNormalizer\", \"lowercase\": false}, "
             "\"added_tokens\": [{\"id\": 5, \"content\": \"<x>\", \"special\": true}]}");
    put_file("tokenizer_config.json", "{}");
    check_text("a A<x>[SEP]", "4 1 5 3");
    put_file("tokenizer_config.json", "{\"do_lower_case\": true}");
    check_text("a A<x>[MASK]", "4 4 5 1 1 1");
    put_file("config.json", "{\"max_position_embeddings\": 40}");
    put_file("tokenizer_config.json",
             "{\"rubric\": {\"placeholders\": \"keep\", \"long\": \"ends\", \"stride\": 7}}");
    struct tokenizer *t = tokenizer_open(place);
    struct tokenizer_settings *s = tokenizer_settings(t);
    CHECK(s->max_length == 40 && s->placeholders == PLACEHOLDERS_KEEP && s->long_policy == LONG_ENDS &&
          s->stride == 7);
    CHECK(tokenizer_special(t).mask == -1 && tokenizer_special(t).sep == 3 && tokenizer_size(t) == 6);
    CHECK(slice_is(tokenizer_piece(t, 5), "<x>"));
    CHECK(tokenizer_piece(t, 6).size == 0 && tokenizer_piece(t, -1).size == 0);
    tokenizer_free(t);
    remove_file("config.json");
    remove_file("tokenizer.json");
}

/* Many more words than the cache holds, all alike in length and in their first half: it must not take one for
 * another. */
static void crowded_cache(void)
{
    struct tokenizer *t = open_as(true, true, true);
    struct tokenizer_cache *cache = tokenizer_cache_new(t);
    struct int_array ids = {0};
    int wrong = 0;
    for (uint32_t n = 0; n < 1 << 17; n++) {
        char word[] = "students.... and what follows it here";
        for (uint32_t i = 0, rest = n; i < 4; i++, rest /= 20)
            word[8 + i] = (char)('a' + rest % 20);
        int32_t want[16];
        size_t count = wordpiece_word(t, (struct slice){word, 12}, want);
        ids.count = 0;
        tokenizer_encode(t, cache, slice_of(word), &ids);
        wrong += ids.count <= count || memcmp(ids.at, want, count * sizeof *want) != 0;
    }
    CHECK(wrong == 0);
    free(ids.at);
    tokenizer_cache_free(cache);
    tokenizer_free(t);
}

static void words_and_decoding(void)
{
    put_file("vocab.txt", PIECES);
    put_file("tokenizer_config.json", "{}");
    struct tokenizer *t = tokenizer_open(place);
    struct tokenizer_cache *cache = tokenizer_cache_new(t);
    struct int_array ids = {0};
    CHECK(tokenizer_encode(t, cache, slice_of(""), &ids) == 0 && ids.count == 0);
    CHECK(tokenizer_encode(t, cache, slice_of("  ab a,b\n[SEP]x\t\xC3\xA9 "), &ids) == 4);
    CHECK(tokenizer_encode(t, cache, slice_of("a-b-a abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb b a b a b a."),
                           &ids) == 8);
    CHECK(tokenizer_encode(t, cache, slice_of("a, b. a b, a. b a, b.  a, b  a b, a. b a, b. a, b"), &ids) ==
          18);
    ids.count = 0;
    tokenizer_encode(t, cache, slice_of("abb [MASK] a"), &ids);
    struct buffer text = {0};
    tokenizer_decode(t, ids.at, ids.count, &text);
    buffer_byte(&text, '\0');
    CHECK_TEXT(text.at, "abb [MASK] a");
    buffer_free(&text);
    free(ids.at);
    tokenizer_cache_free(cache);
    tokenizer_free(t);
}

int main(void)
{
    error_set_program("tokenizer");
    snprintf(place, sizeof place, "/tmp/rubric-tokenizer-XXXXXX");
    if (!mkdtemp(place))
        return 1;
    golden_ids();
    golden_code_points();
    refused_files();
    settings_of_files();
    words_and_decoding();
    crowded_cache();
    scratch_remove(place);
    return check_report("tokenizer");
}
