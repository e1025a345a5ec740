/* Classes: numbers as labels are met, the order at the end, the limit, and what is a measure. */
#include "stream/classes.h"

#include "caught.h"
#include "check.h"

static struct label integer(int64_t value)
{
    return (struct label){.type = LABEL_INTEGER, .integer = value, .number = (double)value};
}

static struct label number(double value) { return (struct label){.type = LABEL_NUMBER, .number = value}; }

static struct label string(const char *text)
{
    return (struct label){.type = LABEL_STRING, .string = slice_of(text)};
}

static struct classes integers(int64_t first, int64_t last)
{
    struct classes list = {.type = LABEL_INTEGER, .ordered = true};
    for (int64_t value = first; value <= last; value++)
        classes_add(&list, &(struct label){.type = LABEL_INTEGER, .integer = value, .number = (double)value});
    return list;
}

/* Letters, each the name of a class. */
static struct classes letters(const char *text, bool ordered)
{
    struct classes list = {.type = LABEL_STRING, .ordered = ordered};
    for (; *text; text++)
        classes_add(&list, &(struct label){.type = LABEL_STRING, .string = {text, 1}});
    return list;
}

static void declare_letters(struct classes *classes, const char *text, bool ordered)
{
    struct classes list = letters(text, ordered);
    classes_declare(classes, &list);
    classes_free(&list);
}

static void meet_letters(struct classes *classes, const char *text)
{
    for (; *text; text++)
        classes_meet(classes, &(struct label){.type = LABEL_STRING, .string = {text, 1}});
}

/* The classes in order, and "<" behind them where that means something. */
static const char *settled(struct classes *classes)
{
    static char text[64];
    size_t size = 0;
    classes_settle(classes);
    for (size_t i = 0; i < classes->count; i++)
        text[size++] = classes->labels[i].string.at[0];
    text[size++] = classes->ordered ? '<' : '\0';
    text[size] = '\0';
    for (size_t i = 0; i < classes->count; i++)
        CHECK(classes_find(classes, &classes->labels[i]) == (ptrdiff_t)i);
    classes_free(classes);
    return text;
}

static void test_numbers(void)
{
    struct classes declared = integers(2, 2), classes = {0};
    struct label four = integer(4), none = {0};
    classes_add(&declared, &four);
    CHECK(!classes_add(&declared, &four) && declared.count == 2);
    classes_declare(&classes, &declared);
    const int64_t met[] = {4, 3, 3, 1, 4};
    const ptrdiff_t numbers[] = {0, 1, 1, 2, 0};
    for (int i = 0; i < 5; i++) {
        struct label label = integer(met[i]);
        CHECK(classes_meet(&classes, &label) == numbers[i]);
    }
    struct label two = integer(2);
    CHECK(classes_find(&classes, &two) == -1); /* declared, but not met yet */
    classes_settle(&classes);
    CHECK(classes.count == 4 && classes.ordered && classes.type == LABEL_INTEGER);
    for (int i = 0; i < 4; i++) {
        struct label label = integer(i + 1);
        CHECK(classes.labels[i].integer == i + 1 && classes_find(&classes, &label) == i);
        CHECK(classes_value(&classes, (size_t)i) == i + 1);
    }
    CHECK(classes.places[0] == 3 && classes.places[1] == 2 && classes.places[2] == 0);
    CHECK(classes_find(&classes, &none) == -1);
    struct label text = string("1");
    CHECK(classes_find(&classes, &text) == -1);
    struct classes copy = classes_copy(&classes);
    CHECK(copy.count == 4 && copy.ordered && copy.type == LABEL_INTEGER && classes_find(&copy, &two) == 1);
    classes_free(&copy);
    classes_free(&classes);
    classes_free(&declared);
}

/* 2^53 and its neighbours are one double. */
static void test_whole_numbers_are_exact(void)
{
    const int64_t at = INT64_C(1) << 53;
    struct classes classes = {.type = LABEL_INTEGER};
    struct label label[] = {integer(at + 1), integer(at), number(0x1p53), integer(-at - 1), number(-0x1p53)};
    const ptrdiff_t numbers[] = {0, 1, 1, 2, 3};
    for (int i = 0; i < 5; i++)
        CHECK(classes_meet(&classes, &label[i]) == numbers[i]);
    struct label limits[] = {integer(INT64_MIN), integer(INT64_MAX), integer(INT64_MAX - 1)};
    for (int i = 0; i < 3; i++)
        CHECK(classes_meet(&classes, &limits[i]) == 4 + i);
    classes_settle(&classes);
    CHECK(classes.count == 7 && classes.labels[0].integer == INT64_MIN);
    CHECK(classes.labels[1].integer == -at - 1 && classes.labels[2].number == -0x1p53);
    CHECK(classes.labels[3].integer == at && classes.labels[4].integer == at + 1);
    CHECK(classes.labels[5].integer == INT64_MAX - 1 && classes.labels[6].integer == INT64_MAX);
    classes_free(&classes);

    struct classes numeric = {.type = LABEL_NUMBER};
    struct label mixed[] = {number(1), integer(1),     number(1.5),   number(-0.0),
                            number(0), number(0x1p63), number(5e-324)};
    const ptrdiff_t kinds[] = {0, 0, 1, 2, 2, 3, 4};
    for (int i = 0; i < 7; i++)
        CHECK(classes_meet(&numeric, &mixed[i]) == kinds[i]);
    classes_free(&numeric);
}

static void test_order_of_strings(void)
{
    struct classes classes = {.type = LABEL_STRING};
    meet_letters(&classes, "pafp");
    CHECK_TEXT(settled(&classes), "afp");

    declare_letters(&classes, "zma", true);
    meet_letters(&classes, "az");
    CHECK_TEXT(settled(&classes), "zma<"); /* m has its place though nobody met it */

    declare_letters(&classes, "zma", true);
    meet_letters(&classes, "yazb");
    CHECK_TEXT(settled(&classes), "zmaby"); /* what nobody declared has no place in the order */

    declare_letters(&classes, "zma", false);
    meet_letters(&classes, "a");
    CHECK_TEXT(settled(&classes), "zma");

    struct label parts[] = {string("b"), string(""), string("ab"), string("a")};
    classes.type = LABEL_STRING;
    for (int i = 0; i < 4; i++)
        classes_meet(&classes, &parts[i]);
    classes_settle(&classes);
    const char *const want[] = {"", "a", "ab", "b"};
    for (int i = 0; i < 4; i++)
        CHECK(slice_is(classes.labels[i].string, want[i]) && classes_value(&classes, (size_t)i) == i);
    classes_free(&classes);
}

static void test_segments(void)
{
    struct classes classes = {0};
    declare_letters(&classes, "bdf", true);
    declare_letters(&classes, "abcdef", true); /* each new one behind the one before it */
    CHECK_TEXT(settled(&classes), "abcdef<");

    declare_letters(&classes, "bd", true);
    declare_letters(&classes, "dxbyz", true); /* against the first: no order, but a place for each */
    CHECK_TEXT(settled(&classes), "byzdx");

    declare_letters(&classes, "ab", true);
    declare_letters(&classes, "ba", true);
    CHECK_TEXT(settled(&classes), "ab");

    declare_letters(&classes, "ab", true);
    declare_letters(&classes, "", false); /* a segment that knows of no classes */
    CHECK_TEXT(settled(&classes), "ab");

    struct classes scale = integers(1, 3), later = integers(0, 2);
    classes_declare(&classes, &scale);
    classes_declare(&classes, &later);
    classes_settle(&classes);
    CHECK(classes.count == 4 && classes.ordered && classes.labels[0].integer == 0 &&
          classes.labels[3].integer == 3);
    classes_free(&classes);
    classes_free(&scale);
    classes_free(&later);
}

static void declare_another_type(void *classes) { declare_letters(classes, "a", true); }

static void test_types_of_segments(void)
{
    struct classes classes = {0}, scale = integers(1, 3);
    classes_declare(&classes, &scale);
    CHECK(caught(declare_another_type, &classes) == STATUS_BROKEN);
    CHECK_TEXT(caught_message, "labels are integer in one segment and string in another");
    classes_free(&classes);
    classes_free(&scale);
}

/* How many classes are left of numbers that were met, `step` apart, under a declared scale from 0. */
static size_t left_of(enum label_type type, int64_t met, double step, int64_t declared)
{
    struct classes classes = {.type = type}, scale = integers(0, declared - 1);
    scale.type = type;
    if (declared)
        classes_declare(&classes, &scale);
    for (int64_t i = 0; i < met; i++) {
        struct label label = type == LABEL_INTEGER ? integer(i * (int64_t)step) : number((double)i * step);
        classes_meet(&classes, &label);
    }
    classes_settle(&classes);
    size_t count = classes.count;
    CHECK(classes.ordered && classes.measure == (count == 0) && (count > 0 || !classes.places));
    struct label zero = integer(0);
    CHECK(classes_find(&classes, &zero) == (count ? 0 : -1));
    classes_free(&classes);
    classes_free(&scale);
    return count;
}

static void test_measures(void)
{
    CHECK(left_of(LABEL_INTEGER, CLASSES_FOUND, 1, 0) == CLASSES_FOUND);
    CHECK(left_of(LABEL_INTEGER, CLASSES_FOUND + 1, 1, 0) == 0);
    CHECK(left_of(LABEL_NUMBER, CLASSES_FOUND_DECIMALS, 0.25, 0) == CLASSES_FOUND_DECIMALS);
    CHECK(left_of(LABEL_NUMBER, CLASSES_FOUND_DECIMALS + 1, 0.25, 0) == 0);
    /* A declared scale is one of classes, whatever its length. */
    CHECK(left_of(LABEL_INTEGER, 40, 1, 1201) == 1201);
    CHECK(left_of(LABEL_INTEGER, 1201, 1, 1201) == 1201);
    CHECK(left_of(LABEL_NUMBER, 300, 1, CLASSES_LIMIT) == CLASSES_LIMIT);
    CHECK(left_of(LABEL_INTEGER, CLASSES_LIMIT, 1, CLASSES_LIMIT) == CLASSES_LIMIT);
    CHECK(left_of(LABEL_INTEGER, 10, 500, 1201) == 1208); /* with labels outside it, too */
    /* A list as tok finds it in the first rows is none that was declared. */
    CHECK(left_of(LABEL_INTEGER, CLASSES_FOUND + 1, 1, 64) == 0);
    CHECK(left_of(LABEL_INTEGER, CLASSES_FOUND, 2, 64) == 0); /* together they are more */
    CHECK(left_of(LABEL_NUMBER, 100, 0.5, 64) == 114);
    /* Beyond the limit of a list nothing is. */
    CHECK(left_of(LABEL_INTEGER, CLASSES_LIMIT, 2, CLASSES_LIMIT) == 0);
}

/* Numbers keep the labels that have one when others get none any more. */
static void test_numbers_of_a_measure(void)
{
    struct classes classes = {.type = LABEL_INTEGER};
    for (int64_t i = 0; i < CLASSES_FOUND; i++) {
        struct label label = integer(10 * i);
        CHECK(classes_meet(&classes, &label) == i);
    }
    struct label next = integer(5), known = integer(20);
    CHECK(!classes.measure && classes_meet(&classes, &next) == -1 && classes.measure);
    CHECK(classes_meet(&classes, &next) == -1 && classes_meet(&classes, &known) == 2);
    classes_free(&classes);
}

static void meet_strings(void *context)
{
    struct classes *classes = context;
    for (int i = 0; i <= CLASSES_LIMIT; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        struct label label = string(text);
        classes_meet(classes, &label);
    }
}

static void test_too_many_strings(void)
{
    struct classes classes = {.type = LABEL_STRING};
    CHECK(caught(meet_strings, &classes) == STATUS_INPUT && classes.count == CLASSES_LIMIT);
    CHECK_TEXT(caught_message, "more than 10000 different labels, which are strings: expected classes "
                               "(tok --label-type number reads them as scores)");
    classes_free(&classes);
}

int main(void)
{
    error_set_program("classes");
    test_numbers();
    test_whole_numbers_are_exact();
    test_order_of_strings();
    test_segments();
    test_types_of_segments();
    test_measures();
    test_numbers_of_a_measure();
    test_too_many_strings();
    return check_report("classes");
}
