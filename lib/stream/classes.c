#include "stream/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- Labels as keys ---- */

/* Whether a numeric label is a whole number of 64 bits, and which. */
static bool whole(const struct label *label, int64_t *integer)
{
    double number = label->number;
    if (label->type == LABEL_INTEGER) {
        *integer = label->integer;
        return true;
    }
    if (!(number >= -0x1p63 && number < 0x1p63 && number == trunc(number)))
        return false;
    *integer = (int64_t)number;
    return true;
}

enum { NUMBER_KEY = 1 + sizeof(int64_t) };

/* What a label is known by: equal for equal labels only, among labels of one kind.  A number's is written to
 * `bytes`. */
static struct slice key_of(const struct label *label, char bytes[NUMBER_KEY])
{
    int64_t integer;
    if (label->type == LABEL_STRING)
        return label->string;
    bytes[0] = whole(label, &integer);
    memcpy(bytes + 1, bytes[0] ? (const void *)&integer : &label->number, sizeof integer);
    return (struct slice){bytes, NUMBER_KEY};
}

/* A list holds strings or numbers, never both. */
static bool same_kind(const struct classes *classes, const struct label *label)
{
    return classes->count == 0 || (classes->labels[0].type == LABEL_STRING) == (label->type == LABEL_STRING);
}

static int compare_labels(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    if (x->type == LABEL_STRING) {
        size_t shorter = x->string.size < y->string.size ? x->string.size : y->string.size;
        int order = shorter ? memcmp(x->string.at, y->string.at, shorter) : 0;
        return order ? order : (x->string.size > y->string.size) - (x->string.size < y->string.size);
    }
    int64_t i, j;
    if (whole(x, &i) && whole(y, &j))
        return (i > j) - (i < j);
    return (x->number > y->number) - (x->number < y->number);
}

/* ---- Lists ---- */

ptrdiff_t classes_find(const struct classes *classes, const struct label *label)
{
    char bytes[NUMBER_KEY];
    if (label->type == LABEL_NONE || classes->count == 0 || !same_kind(classes, label))
        return -1;
    size_t number = interner_find(&classes->names, key_of(label, bytes));
    if (number == INTERNER_NONE)
        return -1;
    return classes->places ? (ptrdiff_t)classes->places[number] : (ptrdiff_t)number;
}

bool classes_add(struct classes *classes, const struct label *label)
{
    char bytes[NUMBER_KEY];
    bool fresh;
    size_t number = interner_add(&classes->names, key_of(label, bytes), &fresh);
    if (!fresh)
        return false;
    memory_grow(&classes->labels, &classes->capacity, number + 1, sizeof *classes->labels);
    classes->labels[number] = *label;
    if (label->type == LABEL_STRING)
        classes->labels[number].string = classes->names.at[number];
    classes->count = number + 1;
    return true;
}

struct classes classes_copy(const struct classes *classes)
{
    struct classes copy = {.type = classes->type, .ordered = classes->ordered, .measure = classes->measure};
    for (size_t i = 0; i < classes->count; i++)
        classes_add(&copy, &classes->labels[i]);
    return copy;
}

void classes_free(struct classes *classes)
{
    if (classes->declared)
        classes_free(classes->declared);
    free(classes->declared);
    interner_free(&classes->names);
    free(classes->labels);
    free(classes->places);
    *classes = (struct classes){0};
}

double classes_value(const struct classes *classes, size_t place)
{
    const struct label *label = &classes->labels[place];
    return label->type == LABEL_STRING ? (double)place : label->number;
}

static bool is_numeric(const struct classes *classes)
{
    return classes->type == LABEL_INTEGER || classes->type == LABEL_NUMBER;
}

/* Of so many labels. */
static void check_limit(struct classes *classes, size_t count)
{
    if (count <= CLASSES_LIMIT)
        return;
    if (!is_numeric(classes))
        die(STATUS_INPUT,
            "more than %d different labels, which are strings: expected classes "
            "(tok --label-type number reads them as scores)",
            CLASSES_LIMIT);
    classes->measure = true;
}

/* ---- What is declared ---- */

/* Appends the labels of `list` from `i` up to the next that the older list has, whose ranks say so. */
static void add_run(struct classes *to, const struct classes *list, const ptrdiff_t *ranks, size_t i)
{
    for (; i < list->count && ranks[i] < 0; i++)
        classes_add(to, &list->labels[i]);
}

/* Puts a list into an older one: each new label behind the one before it. */
static void merge(struct classes *older, const struct classes *list)
{
    ptrdiff_t *ranks = memory_new(list->count, sizeof *ranks), last = -1; /* in the older list; -1: new */
    size_t *behind = memory_zeroed(older->count, sizeof *behind); /* where the list goes on; 0: not there */
    bool news = false;
    for (size_t i = 0; i < list->count; i++) {
        ranks[i] = classes_find(older, &list->labels[i]);
        if (ranks[i] < 0) {
            news = true;
            continue;
        }
        older->ordered &= ranks[i] > last;
        last = ranks[i];
        behind[last] = i + 1;
    }
    if (news) {
        struct classes merged = {.type = older->type, .ordered = older->ordered};
        add_run(&merged, list, ranks, 0);
        for (size_t rank = 0; rank < older->count; rank++) {
            classes_add(&merged, &older->labels[rank]);
            if (behind[rank])
                add_run(&merged, list, ranks, behind[rank]);
        }
        classes_free(older);
        *older = merged;
    }
    free(ranks);
    free(behind);
}

void classes_declare(struct classes *classes, const struct classes *list)
{
    if (classes->declared && classes->type != list->type)
        die(STATUS_BROKEN, "labels are %s in one segment and %s in another", label_type_name(classes->type),
            label_type_name(list->type));
    classes->type = list->type;
    if (!classes->declared) {
        classes->declared = memory_new(1, sizeof *classes->declared);
        *classes->declared = classes_copy(list);
    } else if (!classes->measure) {
        merge(classes->declared, list);
    }
    classes->declared->ordered &= list->ordered && list->count > 0;
    check_limit(classes, classes->declared->count);
}

/* ---- Meeting, and the end of it ---- */

static size_t count_declared(const struct classes *classes)
{
    return classes->declared ? classes->declared->count : 0;
}

/* The most numbers that may be met before they are a measure. */
static size_t most_numbers(const struct classes *classes)
{
    return count_declared(classes) > CLASSES_FOUND ? CLASSES_LIMIT : CLASSES_FOUND;
}

ptrdiff_t classes_meet(struct classes *classes, const struct label *label)
{
    ptrdiff_t known = classes_find(classes, label);
    if (known >= 0)
        return known;
    check_limit(classes, classes->count + 1);
    if (is_numeric(classes) && classes->count >= most_numbers(classes))
        classes->measure = true;
    if (classes->measure)
        return -1;
    classes_add(classes, label);
    return (ptrdiff_t)classes->count - 1;
}

/* Of all labels, met and declared. */
static bool is_measure(const struct classes *classes)
{
    bool decimals = classes->type == LABEL_NUMBER && count_declared(classes) == 0;
    return classes->measure || (is_numeric(classes) && classes->count > most_numbers(classes)) ||
           (decimals && classes->count > CLASSES_FOUND_DECIMALS);
}

/* A label on its way to its place. */
struct mover {
    struct label label;
    size_t rank; /* in the declared order; that of all numbers is 0 */
    uint32_t number;
};

static int compare_movers(const void *a, const void *b)
{
    const struct mover *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return compare_labels(&x->label, &y->label);
}

static size_t rank_of(const struct classes *classes, const struct label *label)
{
    if (label->type != LABEL_STRING)
        return 0;
    ptrdiff_t declared = classes->declared ? classes_find(classes->declared, label) : -1;
    return declared < 0 ? SIZE_MAX : (size_t)declared;
}

static void put_in_order(struct classes *classes)
{
    struct mover *movers = memory_new(classes->count, sizeof *movers);
    for (size_t i = 0; i < classes->count; i++)
        movers[i] = (struct mover){classes->labels[i], rank_of(classes, &classes->labels[i]), (uint32_t)i};
    qsort(movers, classes->count, sizeof *movers, compare_movers);
    classes->places = memory_new(classes->count, sizeof *classes->places);
    for (size_t place = 0; place < classes->count; place++) {
        classes->labels[place] = movers[place].label;
        classes->places[movers[place].number] = (uint32_t)place;
    }
    free(movers);
}

void classes_settle(struct classes *classes)
{
    size_t declared = count_declared(classes);
    for (size_t i = 0; i < declared; i++)
        classes_add(classes, &classes->declared->labels[i]);
    check_limit(classes, classes->count);
    classes->measure = is_measure(classes);
    bool as_declared = declared > 0 && classes->declared->ordered && classes->count == declared;
    classes->ordered = is_numeric(classes) || as_declared;
    if (classes->measure)
        classes->count = 0;
    else
        put_in_order(classes);
}
