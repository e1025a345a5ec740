/* UTF-8: what is well-formed, characters read and written, what a terminal shows of them. */
#include "base/terminal.h"
#include "base/utf8.h"
#include "check.h"

static void test_invalid(void)
{
    static const struct {
        const char *text;
        size_t invalid;
    } cases[] = {
        {"", 0},
        {"abc", 3},
        {"a\xc3\xa9", 3},
        {"\xe2\x82\xac", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xc2\x80", 2},
        {"a\x80", 1},
        {"\xc3", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"ab\xe2\x82", 2},
        {"12345678\xe2\x82x", 8},
        {"\xe2(\xa1", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(utf8_invalid_at(slice_of(cases[i].text)) == cases[i].invalid);
}

/* Every code point, at every distance from the end of what is at hand. */
static void test_round_trip(void)
{
    int wrong = 0;
    for (uint32_t point = 0; point < 0x110000; point++) {
        struct buffer text = {0};
        size_t size;
        utf8_write(&text, point);
        bool surrogate = point >= 0xD800 && point < 0xE000;
        wrong += utf8_length(text.at, text.size) != (surrogate ? 0 : text.size);
        wrong += utf8_length(text.at, text.size - 1 ? text.size - 1 : 1) != (point < 0x80);
        wrong += utf8_read(text.at, &size) != point || size != text.size;
        buffer_free(&text);
    }
    CHECK(wrong == 0);
}

/* A stray byte among ASCII is found wherever it stands among the eight that are looked at together. */
static void test_stray_byte(void)
{
    char text[40];
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, 'x', sizeof text);
        for (size_t at = 0; at < size; at++) {
            text[at] = (char)0x8A;
            CHECK(utf8_invalid_at((struct slice){text, size}) == at);
            text[at] = 'x';
        }
    }
}

static void test_cut(void)
{
    struct slice text = SLICE("a\xC3\xA9\xE2\x82\xAC");
    const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6};
    for (size_t limit = 0; limit < sizeof want / sizeof *want; limit++)
        CHECK(utf8_cut(text, limit).size == want[limit]);
    CHECK(utf8_count(text) == 3);
}

static void test_hidden(void)
{
    static const uint32_t hidden[] = {0,      7,      0x1B,   0x7F,   0x9B,   0xAD,   0x200B, 0x200D,
                                      0x200E, 0x2028, 0x202E, 0x2066, 0xFE0F, 0xFEFF, 0xE0001};
    static const uint32_t shown[] = {' ',    '~',    0xA0,   0xE9,   0x301,  0x2010,
                                     0x202F, 0x3000, 0x4E00, 0xFFFD, 0x1F600};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        CHECK(utf8_hidden(hidden[i]));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        CHECK(!utf8_hidden(shown[i]));
}

static void test_width(void)
{
    CHECK(utf8_width('a') == 1 && utf8_width(0xE9) == 1 && utf8_width(0x416) == 1);
    CHECK(utf8_width(0x301) == 0);
    CHECK(utf8_width(0x65E5) == 2 && utf8_width(0xAC00) == 2 && utf8_width(0x1F600) == 2);
}

static void check_escaped(struct slice text, const char *want)
{
    struct buffer out = {0};
    terminal_put(&out, text);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, want);
    buffer_free(&out);
}

static void test_escape(void)
{
    check_escaped(SLICE("a\033[1m\n\xC3\xA9\xC2\x9B\xFFz"), "a\\x1b[1m\\x0a\xC3\xA9\\u009b\\xffz");
    check_escaped(SLICE("id\xE2\x80\xAEtxt.exe\xE2\x80\x8B"), "id\\u202etxt.exe\\u200b");
    check_escaped(SLICE("\xF3\xA0\x80\x81"), "\\U000e0001");
    check_escaped(SLICE(""), "");
    char to[8];
    CHECK(terminal_escape(to, 3, SLICE("\xE2\x82\xACx")) == 3); /* all of the character or nothing */
    CHECK(terminal_escape(to, 2, SLICE("\xE2\x82\xACx")) == 0);
    CHECK(terminal_escape(to, 4, SLICE("ab\nc")) == 2);
}

static void check_fit(struct slice text, int columns, const char *want, int taken)
{
    char to[64];
    to[terminal_fit(to, sizeof to - 1, text, &columns)] = '\0';
    CHECK_TEXT(to, want);
    CHECK(columns == taken);
}

static void test_fit(void)
{
    check_fit(SLICE("four"), 4, "four", 4);
    check_fit(SLICE("fours"), 4, "fou~", 4);
    check_fit(SLICE("Gr\xC3\xB6\xC3\x9F"
                    "e"),
              5,
              "Gr\xC3\xB6\xC3\x9F"
              "e",
              5);
    check_fit(SLICE("\xE6\x97\xA5\xE6\x9C\xAC"), 4, "\xE6\x97\xA5\xE6\x9C\xAC", 4);
    check_fit(SLICE("\xE6\x97\xA5\xE6\x9C\xAC"), 3, "\xE6\x97\xA5~", 3);
    check_fit(SLICE("\xE6\x97\xA5\xE6\x9C\xAC"), 2, "~", 1);
    check_fit(SLICE("e\xCC\x81t\xC3\xA9"), 3, "e\xCC\x81t\xC3\xA9", 3);
    check_fit(SLICE("ab\n"), 5, "ab~", 3);
    check_fit(SLICE(""), 5, "", 0);
    char to[8]; /* marks take no columns, but bytes */
    int columns = 4;
    CHECK(terminal_fit(to, 8, SLICE("e\xCC\x81\xCC\x81\xCC\x81\xCC\x81"), &columns) == 8 && to[7] == '~');
}

int main(void)
{
    test_invalid();
    test_round_trip();
    test_stray_byte();
    test_cut();
    test_hidden();
    test_width();
    test_escape();
    test_fit();
    return check_report("utf8");
}
