/* Labels: types from the first rows, classes, what fits and what is said when it does not. */
#include "caught.h"
#include "check.h"
#include "text/labels.h"

static enum label_type decide(const char *const *texts)
{
    struct labels l;
    labels_init(&l, LABEL_WISH_AUTO, NULL);
    for (; *texts; texts++)
        labels_observe(&l, slice_of(*texts));
    labels_decide(&l);
    enum label_type type = l.classes.type;
    labels_free(&l);
    return type;
}
#define DECIDE(...) decide((const char *const[]){__VA_ARGS__, NULL})

static void test_types(void)
{
    CHECK(DECIDE("1", "2", "-3", " 4 ", "") == LABEL_INTEGER);
    CHECK(DECIDE("1", "2.5") == LABEL_NUMBER);
    CHECK(DECIDE("1.0", "2.0", "1e3") == LABEL_NUMBER);
    CHECK(DECIDE("3,5", "2,0") == LABEL_NUMBER); /* and then each is a bad row that says why */
    CHECK(DECIDE("low", "mid", "1") == LABEL_STRING);
    CHECK(DECIDE("1", "2", "3", "4", "5", "1", "2", "3", "4", "absent") == LABEL_INTEGER);
    CHECK(DECIDE("1", "2", "3", "4", "5", "1", "2", "3", "absent") == LABEL_STRING);
    CHECK(DECIDE("", "  ") == LABEL_NONE);
    CHECK(DECIDE("nan", "inf", "0x10") == LABEL_STRING);
    CHECK(DECIDE("99999999999999999999") == LABEL_NUMBER); /* beyond 64 bits */
}

/* "integer 3", "number 2.5", "string low", "missing", or what is said of a misfit. */
static const char *parse(int wish, const char *classes, const char *text)
{
    static char result[1400];
    char why[1200];
    struct labels l;
    struct label label;
    struct buffer printed = {0};
    labels_init(&l, wish, classes);
    if (wish == LABEL_WISH_AUTO && !classes) {
        labels_observe(&l, slice_of("1"));
        labels_decide(&l);
    }
    switch (labels_parse(&l, slice_of(text), "score", &label, why, sizeof why)) {
    case LABEL_FITS:
        label_print(&printed, &label);
        snprintf(result, sizeof result, "%s %.*s", label_type_name(label.type), (int)printed.size,
                 printed.at);
        break;
    case LABEL_MISSING:
        snprintf(result, sizeof result, "missing");
        break;
    case LABEL_MISFIT:
        snprintf(result, sizeof result, "%s", why);
        break;
    }
    buffer_free(&printed);
    labels_free(&l);
    return result;
}

static void test_parsing(void)
{
    CHECK_TEXT(parse(LABEL_WISH_INTEGER, NULL, " 3 "), "integer 3");
    CHECK_TEXT(parse(LABEL_WISH_INTEGER, NULL, "3.0"), "integer 3");
    CHECK_TEXT(parse(LABEL_WISH_INTEGER, NULL, "+7"), "integer 7");
    CHECK_TEXT(parse(LABEL_WISH_INTEGER, NULL, "9223372036854775807"), "integer 9223372036854775807");
    CHECK_TEXT(parse(LABEL_WISH_NUMBER, NULL, "2.50"), "number 2.5");
    CHECK_TEXT(parse(LABEL_WISH_STRING, NULL, "3,5"), "string 3,5");
    CHECK_TEXT(parse(LABEL_WISH_INTEGER, NULL, ""), "missing");
    CHECK_TEXT(parse(LABEL_WISH_NONE, NULL, "3"), "missing");
    CHECK_TEXT(
        parse(LABEL_WISH_INTEGER, NULL, "3.5"),
        "field 'score' is \"3.5\": expected a whole number (use --label-type string to keep labels as text)");
    CHECK_TEXT(
        parse(LABEL_WISH_AUTO, NULL, "absent"),
        "field 'score' is \"absent\": expected a whole number, as in most rows (use --label-type string to "
        "keep labels as text)");
    CHECK_TEXT(
        parse(LABEL_WISH_NUMBER, NULL, "3,5"),
        "field 'score' is \"3,5\": expected a number with a decimal point, 3.5 (--label-type string keeps "
        "labels as text)");
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "1..5", "5"), "integer 5");
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "1..5", "6"),
               "field 'score' is \"6\": expected one of --classes: 1, 2, 3, 4, 5");
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "-1..1", "0"), "integer 0");
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "1,1.5,2", "1.50"), "number 1.5");
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "low,mid,high", "mid"), "string mid");
    CHECK_TEXT(parse(LABEL_WISH_STRING, "1,2", "1"), "string 1");
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "400..1600", "1600"), "integer 1600");
    CHECK(strstr(parse(LABEL_WISH_AUTO, "400..1600", "399"), "460, 461, 462, 463 and 1137 more"));
}

/* Beyond 2^53, where a double rounds. */
static void test_large_integers(void)
{
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "9007199254740992,9007199254740993", "9007199254740993"),
               "integer 9007199254740993");
    CHECK_TEXT(parse(LABEL_WISH_AUTO, "9007199254740992,9007199254740994", "9007199254740993"),
               "field 'score' is \"9007199254740993\": expected one of --classes: 9007199254740992, "
               "9007199254740994");
    CHECK_TEXT(parse(LABEL_WISH_INTEGER, NULL, "9007199254740991.0"), "integer 9007199254740991");
    CHECK(strstr(parse(LABEL_WISH_INTEGER, NULL, "9007199254740993.0"), "expected a whole number"));
}

static void init(void *classes)
{
    struct labels l;
    labels_init(&l, LABEL_WISH_AUTO, classes);
}

/* The status that --classes LIST ends with, and its message in caught_message. */
static enum status refused(const char *classes) { return caught(init, (void *)(uintptr_t)classes); }

static void test_lists(void)
{
    CHECK(refused("1,2,2.0") == STATUS_USAGE);
    CHECK_TEXT(caught_message, "--classes is '1,2,2.0': '2.0' stands in it twice");
    CHECK(refused("low,mid,low") == STATUS_USAGE);
    CHECK(refused("1,,2") == STATUS_USAGE);
    CHECK(refused("low") == STATUS_USAGE);
    CHECK(refused("1..10000") == STATUS_GOOD);
    CHECK(refused("1..10001") == STATUS_USAGE);
    CHECK_TEXT(caught_message, "--classes is '1..10001': expected a range upwards, of at most 10000 classes");
    CHECK(refused("-9223372036854775808..9223372036854775807") == STATUS_USAGE);
    CHECK(refused("9223372036854775806..9223372036854775807") == STATUS_GOOD);
    struct buffer list = {0};
    for (int i = 0; i < 10000; i++)
        buffer_format(&list, "%sc%d", i ? "," : "", i);
    buffer_byte(&list, '\0');
    CHECK(refused(list.at) == STATUS_GOOD);
    list.size--;
    buffer_text(&list, ",other");
    buffer_byte(&list, '\0');
    CHECK(refused(list.at) == STATUS_USAGE);
    CHECK_TEXT(caught_message, "--classes names 10001 classes: expected at most 10000");
    buffer_free(&list);
}

static const char *classes_of(const char *const *texts)
{
    static char result[1200];
    struct labels l;
    struct buffer line = {0};
    labels_init(&l, LABEL_WISH_AUTO, NULL);
    for (const char *const *t = texts; *t; t++)
        labels_observe(&l, slice_of(*t));
    labels_decide(&l);
    for (const char *const *t = texts; *t; t++)
        labels_see_class(&l, slice_of(*t));
    labels_end_classes(&l);
    labels_describe(&l, &line);
    snprintf(result, sizeof result, "%s: %.*s", l.classes.ordered ? "ordered" : "unordered", (int)line.size,
             line.at);
    buffer_free(&line);
    labels_free(&l);
    return result;
}
#define CLASSES(...) classes_of((const char *const[]){__VA_ARGS__, NULL})

static void test_classes(void)
{
    CHECK_TEXT(CLASSES("10", "2", "2", "", "-1"), "ordered: integer labels -1, 2, 10");
    CHECK_TEXT(CLASSES("b", "a", "ab", "b"), "unordered: string labels a, ab, b");
    CHECK_TEXT(CLASSES("1.5", "1", "1.50"), "ordered: number labels 1, 1.5");
    CHECK_TEXT(CLASSES(""), "unordered: no labels");
    CHECK_TEXT(CLASSES("9007199254740993", "9007199254740992"),
               "ordered: integer labels 9007199254740992, 9007199254740993");
    char numbers[100][16];
    const char *texts[101] = {0};
    for (int i = 0; i < 100; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%d.5", i);
        texts[i] = numbers[i];
    }
    CHECK_TEXT(classes_of(texts), "ordered: number labels"); /* too many to be classes */
    for (int i = 0; i < 100; i++)
        snprintf(numbers[i], sizeof numbers[i], "%d", i);
    CHECK_TEXT(classes_of(texts), "ordered: integer labels 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 88 more");
}

int main(void)
{
    test_types();
    test_parsing();
    test_large_integers();
    test_lists();
    test_classes();
    return check_report("labels");
}
