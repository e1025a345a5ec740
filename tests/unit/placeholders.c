/* Placeholders: what is one, what clings to it, what is counted. */
#include "check.h"
#include "text/placeholders.h"

static uint64_t counts[PLACEHOLDER_NAMES];
static struct buffer store;

static const char *apply(enum placeholders policy, const char *text)
{
    static char result[512];
    memset(counts, 0, sizeof counts);
    struct slice got = placeholders_apply(policy, slice_of(text), &store, counts);
    snprintf(result, sizeof result, "%.*s", (int)got.size, got.at);
    return result;
}

/* The text without what placeholder_end finds. */
static const char *without(const char *text)
{
    static char result[512];
    struct slice all = slice_of(text);
    size_t size = 0, before = 0;
    for (size_t at = 0, end; at < all.size; at = end) {
        end = text[at] == '@' ? placeholder_end(all, at, before) : 0;
        if (end) {
            before = end;
        } else {
            result[size++] = text[at];
            end = at + 1;
        }
    }
    result[size] = '\0';
    return result;
}

static uint64_t total(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < PLACEHOLDER_NAMES; i++)
        sum += counts[i];
    return sum;
}

int main(void)
{
    static const struct {
        const char *text, *dropped, *masked;
        uint64_t count;
    } cases[] = {
        {"", "", "", 0},
        {"no such thing", "no such thing", "no such thing", 0},
        {"@PERSON1", "", "[MASK]", 1},
        {"Dear @CAPS1 @CAPS2, I", "Dear  , I", "Dear [MASK] [MASK], I", 2},
        {"@PERSON1's dog", " dog", "[MASK]'s dog", 1},
        {"@PERSON1\xe2\x80\x99s dog", " dog", "[MASK]\xe2\x80\x99s dog", 1},
        {"I @CAPS3't go", "I  go", "I [MASK]'t go", 1},
        {"'@CAPS1' is", "'' is", "'[MASK]' is", 1},
        {"@NUM1k and @NUM2-year", " and -year", "[MASK]k and [MASK]-year", 2},
        {"@DATE.", ".", "[MASK].", 1},
        {"@LOCATION1@NUM1", "", "[MASK][MASK]", 2},
        {"@LOCATION@NUM", "", "[MASK][MASK]", 2},
        {"the@CAPS1 end", "the end", "the[MASK] end", 1},
        {"(@ORGANIZATION12)", "()", "([MASK])", 1},
        {"@TIMES @CAPSLOCK @NUMBER @caps1 @Person1 @", "@TIMES @CAPSLOCK @NUMBER @caps1 @Person1 @",
         "@TIMES @CAPSLOCK @NUMBER @caps1 @Person1 @", 0},
        {"@DR_WHO @CAPS1_x", "@DR_WHO @CAPS1_x", "@DR_WHO @CAPS1_x", 0},
        {"bob@CITY.com ann@mail.org @handle", "bob@CITY.com ann@mail.org @handle",
         "bob@CITY.com ann@mail.org @handle", 0},
        {"@@CAPS1", "@", "@[MASK]", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_TEXT(without(cases[i].text), cases[i].dropped);
        CHECK_TEXT(apply(PLACEHOLDERS_DROP, cases[i].text), cases[i].dropped);
        CHECK(total() == cases[i].count);
        CHECK_TEXT(apply(PLACEHOLDERS_MASK, cases[i].text), cases[i].masked);
        CHECK_TEXT(apply(PLACEHOLDERS_KEEP, cases[i].text), cases[i].text);
        CHECK(total() == cases[i].count);
    }
    /* Every published name, with and without digits, is known and counted under its own name. */
    for (int i = 0; i < PLACEHOLDER_NAMES; i++) {
        char text[64];
        snprintf(text, sizeof text, "x @%s y @%s17 z", placeholder_name(i), placeholder_name(i));
        CHECK_TEXT(apply(PLACEHOLDERS_DROP, text), "x  y  z");
        CHECK(counts[i] == 2 && total() == 2);
    }
    buffer_free(&store);
    return check_report("placeholders");
}
