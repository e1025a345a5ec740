/* Long texts: every policy at the lengths around the limit, with and without a prompt. */
#include "check.h"
#include "text/longtext.h"

static const struct special_ids special = {.unk = 100, .cls = 101, .sep = 102, .pad = 0, .mask = 103};

static void print(struct buffer *out, const struct int_array *values, const char *name)
{
    if (values->count == 0)
        return;
    buffer_text(out, name);
    for (size_t i = 0; i < values->count; i++)
        buffer_format(out, " %d", values->at[i]);
}

/* The sequence of the text 1 .. count, after the prompt 51 .. if there is one (-1: none). */
static const char *make(enum long_policy policy, int max_length, int stride, int prompt_count, int count)
{
    static struct sequence s;
    static struct buffer out;
    int32_t numbers[64], prompts[64];
    for (int i = 0; i < 64; i++) {
        numbers[i] = i + 1;
        prompts[i] = i + 51;
    }
    struct tokenizer_settings settings = {.long_policy = policy, .max_length = max_length, .stride = stride};
    struct int_array text = {numbers, (size_t)count, 64}, prompt = {prompts, (size_t)prompt_count, 64};
    out.size = 0;
    switch (sequence_make(&s, &settings, &special, prompt_count < 0 ? NULL : &prompt, &text)) {
    case SEQUENCE_GOOD:
        print(&out, &s.ids, "ids");
        print(&out, &s.types, "; types");
        print(&out, &s.win, "; win");
        buffer_format(&out, "; full %zu cut %zu", s.full, s.cut);
        break;
    case SEQUENCE_LONG:
        buffer_format(&out, "too long: %zu", s.full);
        break;
    case SEQUENCE_NOROOM:
        buffer_text(&out, "no room");
        break;
    case SEQUENCE_MANY:
        buffer_format(&out, "%zu windows of %zu", s.needed, s.allowed);
        break;
    }
    buffer_byte(&out, '\0');
    return out.at;
}

/* The result for a text of `count` tokens, and into `*s` what it made of it. */
static enum sequence_result try(struct sequence *s, int max_length, int stride, size_t prompt_count,
                                size_t count)
{
    struct tokenizer_settings settings = {
        .long_policy = LONG_WINDOWS, .max_length = max_length, .stride = stride};
    struct int_array text = {memory_zeroed(count, sizeof(int32_t)), count, count};
    struct int_array prompt = {memory_zeroed(prompt_count, sizeof(int32_t)), prompt_count, prompt_count};
    enum sequence_result result = sequence_make(s, &settings, &special, prompt_count ? &prompt : NULL, &text);
    free(text.at);
    free(prompt.at);
    return result;
}

/* What windows may take: four times the text with the largest stride, and a million tokens with any prompt.
 */
static void test_limit(void)
{
    struct sequence s = {0};
    for (int max_length = 3; max_length <= 600; max_length += max_length < 40 ? 1 : 70) {
        int most = sequence_most_stride(max_length);
        CHECK(most >= 0 && 4 * (max_length - 2 - most) >= max_length &&
              4 * (max_length - 3 - most) < max_length);
        CHECK(try(&s, max_length, most, 0, 300000) == SEQUENCE_GOOD);
        CHECK(s.ids.count <= 4 * 300000 && s.windows == s.needed && s.win.count == s.windows + 1);
    }
    CHECK(try(&s, 512, 509, 0, 20000) == SEQUENCE_MANY);
    CHECK(s.needed == 19491 && s.allowed == 2048);
    CHECK(try(&s, 512, 509, 0, 2000) == SEQUENCE_GOOD);
    CHECK(s.windows == 1491);
    CHECK(try(&s, 512, 0, 499, 20480) == SEQUENCE_GOOD);
    CHECK(s.windows == 2048);
    CHECK(try(&s, 512, 0, 499, 20481) == SEQUENCE_MANY);
    CHECK(try(&s, 512, 0, 0, 16700000) == SEQUENCE_GOOD);
    CHECK(try(&s, 512, 382, 0, 8400000) == SEQUENCE_MANY);
    CHECK(s.needed == 65623 && s.allowed == 32768);
    sequence_free(&s);
}

/* A text that sequence_may_refuse lets pass is never refused. */
static void test_may_refuse(void)
{
    struct sequence s = {0};
    struct tokenizer_settings settings = {.long_policy = LONG_WINDOWS};
    int refused = 0, passed = 0;
    for (settings.max_length = 3; settings.max_length < 1000; settings.max_length += 7)
        for (settings.stride = 0; settings.stride < settings.max_length; settings.stride += 13)
            for (size_t count = 1; count < 40000; count = 3 * count + 1) {
                bool may = sequence_may_refuse(&settings, count);
                bool good = try(&s, settings.max_length, settings.stride, 0, count) == SEQUENCE_GOOD;
                CHECK(may || good);
                refused += !good;
                passed += !may;
            }
    CHECK(refused > 100 && passed > 10000);
    settings = (struct tokenizer_settings){.long_policy = LONG_FAIL, .max_length = 8};
    CHECK(!sequence_may_refuse(&settings, 6) && sequence_may_refuse(&settings, 7));
    settings.long_policy = LONG_ENDS;
    CHECK(!sequence_may_refuse(&settings, 1 << 24));
    sequence_free(&s);
}

int main(void)
{
    enum long_policy all[] = {LONG_HEAD, LONG_TAIL, LONG_ENDS, LONG_WINDOWS, LONG_FAIL};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK_TEXT(make(all[i], 8, 2, -1, 0), "ids 101 102; full 2 cut 0");
        CHECK_TEXT(make(all[i], 8, 2, -1, 6), "ids 101 1 2 3 4 5 6 102; full 8 cut 0");
        CHECK_TEXT(make(all[i], 8, 2, 2, 1), "ids 101 51 52 102 1 102; types 0 0 0 0 1 1; full 6 cut 0");
        CHECK_TEXT(make(all[i], 8, 2, 0, 1), "ids 101 102 1 102; types 0 0 1 1; full 4 cut 0");
    }
    CHECK_TEXT(make(LONG_HEAD, 8, 2, -1, 7), "ids 101 1 2 3 4 5 6 102; full 9 cut 1");
    CHECK_TEXT(make(LONG_TAIL, 8, 2, -1, 9), "ids 101 4 5 6 7 8 9 102; full 11 cut 3");
    CHECK_TEXT(make(LONG_ENDS, 8, 2, -1, 9), "ids 101 1 2 6 7 8 9 102; full 11 cut 3");
    CHECK_TEXT(make(LONG_FAIL, 8, 2, -1, 7), "too long: 9");
    CHECK_TEXT(make(LONG_WINDOWS, 8, 2, -1, 7),
               "ids 101 1 2 3 4 5 6 102 101 5 6 7 102; win 0 8 13; full 9 cut 0");
    CHECK_TEXT(make(LONG_WINDOWS, 8, 0, -1, 12),
               "ids 101 1 2 3 4 5 6 102 101 7 8 9 10 11 12 102; win 0 8 16; full 14 cut 0");
    CHECK_TEXT(make(LONG_WINDOWS, 8, 2, -1, 10),
               "ids 101 1 2 3 4 5 6 102 101 5 6 7 8 9 10 102; win 0 8 16; full 12 cut 0");
    CHECK_TEXT(make(LONG_WINDOWS, 8, 6, -1, 10), "no room");
    CHECK_TEXT(make(LONG_HEAD, 8, 2, 2, 9),
               "ids 101 51 52 102 1 2 3 102; types 0 0 0 0 1 1 1 1; full 14 cut 6");
    CHECK_TEXT(make(LONG_TAIL, 8, 2, 2, 9),
               "ids 101 51 52 102 7 8 9 102; types 0 0 0 0 1 1 1 1; full 14 cut 6");
    CHECK_TEXT(make(LONG_ENDS, 8, 2, 4, 9),
               "ids 101 51 52 53 54 102 1 102; types 0 0 0 0 0 0 1 1; full 16 cut 8");
    CHECK_TEXT(
        make(LONG_WINDOWS, 8, 1, 2, 4),
        "ids 101 51 52 102 1 2 3 102 101 51 52 102 3 4 102; types 0 0 0 0 1 1 1 1 0 0 0 0 1 1 1; win 0 8 15; "
        "full 9 cut 0");
    CHECK_TEXT(make(LONG_HEAD, 8, 2, 5, 1), "no room");
    CHECK_TEXT(make(LONG_HEAD, 8, 2, 5, 0),
               "ids 101 51 52 53 54 55 102 102; types 0 0 0 0 0 0 0 1; full 8 cut 0");
    test_limit();
    test_may_refuse();
    return check_report("longtext");
}
