/* Features of texts, counted by hand and by a slow twin (tests/parity/make_features.py). */
#include <jansson.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "text/features.h"

static double got[FEATURE_COUNT];

static void measure(const char *text) { features_measure(slice_of(text), NULL, NULL, 0, got); }

/* Words, types, sentences and placeholders, from the features that tell them. */
static void check_counts(const char *text, double words, double types, double sentences, double placeholders)
{
    measure(text);
    CHECK_NEAR(expm1(got[FEATURE_WORDS]), words, 1e-9, 0);
    CHECK_NEAR(pow(got[FEATURE_WORDS_ROOT], 4), words, 1e-9, 0);
    CHECK_NEAR(expm1(got[FEATURE_TYPES]), types, 1e-9, 0);
    CHECK_NEAR(expm1(got[FEATURE_SENTENCE_LENGTH]), sentences > 0 ? words / sentences : 0, 1e-9, 0);
    CHECK_NEAR(got[FEATURE_PLACEHOLDERS], words > 0 ? placeholders / words : 0, 1e-9, 0);
}

static void by_hand_counts(void)
{
    check_counts("", 0, 0, 0, 0);
    check_counts(" .,! '\"", 0, 0, 0, 0);
    check_counts("One", 1, 1, 1, 0);
    check_counts("I can't. I can\xe2\x80\x99t! 'I' CAN'T", 6, 2, 3, 0); /* either apostrophe, any case */
    check_counts("o''clock 'tis 90's", 4, 4, 1, 0);                     /* one between two, no more */
    check_counts("well-known snake_case", 3, 3, 1, 0);                  /* hyphens part, connectors do not */
    check_counts("It is 3.14. So...? Yes", 6, 6, 3, 0);                 /* no end in a number or of nothing */
    check_counts("end.Next. a.1 1.a", 6, 4, 5, 0);                      /* no blank is needed */
    check_counts("co\xc2\xadop coop", 2, 1, 1, 0);                      /* soft hyphen */
    check_counts("\xe6\x88\x91\xe5\xa5\xbd\xe3\x80\x82you", 3, 3, 2, 0); /* Chinese: each its own word */
    check_counts("@CAPS1's @CAPS1 bob@CITY.com @DR_W", 6, 4, 2, 2);      /* not in an address or a handle */
    check_counts("@DATE1@CAPS1. x@NUM2", 4, 1, 2, 3);
}

static void by_hand_words(void)
{
    /* 8 words of 1 2 3 4 5 6 7 8 characters, and "I" again; squares sum to 205, mean 37/9 */
    measure("I am the best among school friends tomorrow, I.");
    CHECK_NEAR(got[FEATURE_WORD_LENGTH], 37.0 / 9, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_WORD_LENGTH_DEVIATION], sqrt(205.0 / 9 - 37.0 * 37 / 81), 1e-12, 0);
    CHECK_NEAR(got[FEATURE_TYPE_LENGTH], 36.0 / 8, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_TYPES_ROOT], 8 / 3.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_TYPES_LOG], log(9) / log(10), 1e-12, 0);
    CHECK_NEAR(got[FEATURE_LONG_WORDS], sqrt(2), 1e-12, 0);
    CHECK_NEAR(got[FEATURE_SINGLE_CHARACTERS], 2.0 / 9, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_INNER_CAPITALS], 0, 0, 0); /* I is one character */
    /* neither accents put on nor apostrophes make a word longer */
    measure("cafe\xcc\x81 don't");
    CHECK_NEAR(got[FEATURE_WORD_LENGTH], 4, 0, 0);
    CHECK_NEAR(got[FEATURE_WORD_LENGTH_DEVIATION], 0, 0, 0);
    /* placeholders have no spelling */
    measure("@CAPS1 sees Paris in 1999 and the 20th");
    CHECK_NEAR(got[FEATURE_WORD_LENGTH], (4 + 5 + 2 + 4 + 3 + 3 + 4) / 7.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_NUMBERS], 2 / 8.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_INNER_CAPITALS], 1 / 8.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_LOWER_STARTS], 0, 0, 0);
}

static void by_hand_sentences(void)
{
    /* 6, 5 and 1 words: mean 4, squares 62 */
    measure("One two three four five six. one two three four five! 6");
    CHECK_NEAR(got[FEATURE_SENTENCE_DEVIATION], sqrt(62 / 3.0 - 16), 1e-12, 0);
    CHECK_NEAR(got[FEATURE_SHORT_SENTENCES], 2 / 3.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_LOWER_STARTS], 1 / 3.0, 1e-12, 0);
}

static void by_hand_marks(void)
{
    measure(
        "Ah, yes; no: \"so\" \xe2\x80\x9cthey\xe2\x80\x9d say?! \xe4\xb8\xad\xef\xbc\x8c end"); /* 8 words */
    CHECK_NEAR(got[FEATURE_COMMAS], 2 / 8.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_COLONS], 2 / 8.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_QUOTES], 4 / 8.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_QUESTIONS], 2 / 8.0, 1e-12, 0);
    CHECK_NEAR(got[FEATURE_MISSING_BLANKS], 0, 0, 0);
    /* behind each of seven marks, a comma with a soft hyphen behind it, a full stop before a placeholder; not
     * in 1,000 and 10:30, before a quote, or behind a Chinese comma */
    measure("a.b,c;d:e!f?g\xe2\x80\xa6h 1,000 10:30 i.\" j,\xc2\xad"
            "k l.@CAPS1 \xe4\xb8\xad\xef\xbc\x8c\xe4\xb8\xad");
    CHECK_NEAR(got[FEATURE_MISSING_BLANKS], 9 / 19.0, 1e-12, 0);
}

/* A vocabulary of single letters and a few longer pieces. */
static void by_hand_entries(void)
{
    char path[] = "/tmp/rubric-features-XXXXXX";
    int file = mkstemp(path);
    const char pieces[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nlibr\n##ary\n##x\n1\n##st\n.\n##\n";
    CHECK(file >= 0 && write(file, pieces, sizeof pieces - 1) == sizeof pieces - 1 && close(file) == 0);
    struct tokenizer *tokenizer = tokenizer_open_vocabulary(path, false);
    static const struct {
        int32_t ids[12];
        size_t count;
        double broken, pieces;
    } cases[] = {
        {{0}, 0, 0, 0},
        {{5, 6, 7, 11}, 4, 1 / 2.0, 3 / 2.0},      /* the library . */
        {{5, 5, 6, 7, 6, 7}, 6, 1 / 2.0, 3 / 2.0}, /* each once */
        {{6, 7, 8, 6, 7, 6}, 6, 2 / 3.0, 6 / 3.0}, /* libraryx library libr */
        {{9, 10, 1, 11, 7, 8}, 6, 0, 0},           /* 1st [UNK] . and what follows no word */
        {{5, 1, 7, 12, 7, 5}, 6, 0, 1},            /* "##" alone is a mark */
        {{5, 12, 5}, 3, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        features_measure(SLICE(""), tokenizer, cases[i].ids, cases[i].count, got);
        CHECK_NEAR(got[FEATURE_BROKEN_ENTRIES], cases[i].broken, 1e-12, 0);
        CHECK_NEAR(got[FEATURE_ENTRY_PIECES], cases[i].pieces, 1e-12, 0);
    }
    tokenizer_free(tokenizer);
    unlink(path);
}

static void check_twin_line(const struct tokenizer *tokenizer, const json_t *line)
{
    const json_t *text = json_object_get(line, "text"), *ids = json_object_get(line, "ids");
    const json_t *features = json_object_get(line, "features");
    struct int_array numbers = {0};
    memory_grow(&numbers.at, &numbers.capacity, json_array_size(ids) + 1, sizeof *numbers.at);
    for (; numbers.count < json_array_size(ids); numbers.count++)
        numbers.at[numbers.count] = (int32_t)json_integer_value(json_array_get(ids, numbers.count));
    struct slice bytes = {json_string_value(text), json_string_length(text)};
    features_measure(bytes, tokenizer, numbers.at, numbers.count, got);
    CHECK(json_array_size(features) == FEATURE_COUNT);
    for (size_t i = 0; i < FEATURE_COUNT; i++) {
        double want = json_number_value(json_array_get(features, i));
        if (!(fabs(got[i] - want) <= 1e-9))
            printf("%s of '%.*s':\n", feature_name((enum feature)i), (int)bytes.size, bytes.at);
        CHECK_NEAR(got[i], want, 1e-9, 0);
    }
    free(numbers.at);
}

static void by_twin(void)
{
    struct tokenizer *tokenizer = tokenizer_open_vocabulary("tests/fixtures/tokenizer/vocab.txt", false);
    struct file_view view = file_view("tests/fixtures/features.jsonl", 1 << 24);
    size_t lines = 0;
    for (const char *at = view.at, *end = view.at + view.size; at < end; lines++) {
        const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        json_t *line = json_loadb(at, (size_t)(next - at), JSON_ALLOW_NUL, NULL);
        if (lines > 0) {
            check_twin_line(tokenizer, line);
        } else {
            const json_t *names = json_object_get(line, "names");
            CHECK(json_integer_value(json_object_get(line, "version")) == FEATURES_VERSION);
            CHECK(json_array_size(names) == FEATURE_COUNT);
            for (size_t i = 0; i < FEATURE_COUNT; i++)
                CHECK_TEXT(feature_name((enum feature)i), json_string_value(json_array_get(names, i)));
        }
        json_decref(line);
        at = next;
    }
    CHECK(lines > 100);
    file_unview(&view);
    tokenizer_free(tokenizer);
}

int main(void)
{
    by_hand_counts();
    by_hand_words();
    by_hand_sentences();
    by_hand_marks();
    by_hand_entries();
    by_twin();
    return check_report("features");
}
