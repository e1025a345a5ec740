#include "text/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "base/utf8.h"

enum { LONGEST_NUMBER = 63, QUOTED = 40, MOST_CLASSES = 10000 };

struct slice label_trim(struct slice text)
{
    while (text.size > 0 && strchr(" \t\r\n", text.at[0]))
        text.at++, text.size--;
    while (text.size > 0 && strchr(" \t\r\n", text.at[text.size - 1]))
        text.size--;
    return text;
}

static bool integer_of(struct slice text, int64_t *out)
{
    char copy[LONGEST_NUMBER + 1];
    if (text.size == 0 || text.size > LONGEST_NUMBER)
        return false;
    if (text.at[0] == '+')
        text.at++, text.size--;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    return parse_integer(copy, INT64_MIN, INT64_MAX, out);
}

bool label_number(struct slice text, double *out)
{
    char copy[LONGEST_NUMBER + 1];
    if (text.size == 0 || text.size > LONGEST_NUMBER)
        return false;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    return parse_number(copy, -HUGE_VAL, HUGE_VAL, out);
}

/* "3,5", written "3.5" elsewhere; `copy` gets that. */
static bool has_decimal_comma(struct slice text, char copy[LONGEST_NUMBER + 1])
{
    double value;
    if (text.size < 3 || text.size > LONGEST_NUMBER)
        return false;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    char *comma = strchr(copy, ',');
    if (!comma || comma == copy || !comma[1])
        return false;
    *comma = '.';
    return label_number((struct slice){copy, text.size}, &value);
}

/* ---- Classes ---- */

static int compare_labels(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    if (x->type == LABEL_STRING) {
        size_t size = x->string.size < y->string.size ? x->string.size : y->string.size;
        int order = size ? memcmp(x->string.at, y->string.at, size) : 0;
        return order ? order : (x->string.size > y->string.size) - (x->string.size < y->string.size);
    }
    return (x->number > y->number) - (x->number < y->number);
}

static bool has_class(const struct class_list *list, const struct label *label)
{
    for (size_t i = 0; i < list->count; i++)
        if (compare_labels(&list->at[i], label) == 0)
            return true;
    return false;
}

static void push(struct class_list *list, struct label label)
{
    memory_grow(&list->at, &list->capacity, list->count + 1, sizeof *list->at);
    if (label.type == LABEL_STRING)
        label.string.at = slice_string(label.string);
    list->at[list->count++] = label;
}

/* "1..5" */
static bool parse_range(struct labels *l, const char *text)
{
    const char *dots = strstr(text, "..");
    int64_t low, high;
    if (!dots || !integer_of((struct slice){text, (size_t)(dots - text)}, &low) ||
        !integer_of(slice_of(dots + 2), &high))
        return false;
    if (low >= high || (uint64_t)high - (uint64_t)low >= MOST_CLASSES)
        die(STATUS_USAGE, "--classes is '%s': expected a range upwards, of at most %d classes", text,
            MOST_CLASSES);
    for (int64_t value = low; value <= high; value++)
        push(&l->classes, (struct label){.type = LABEL_INTEGER, .integer = value, .number = (double)value});
    return true;
}

/* The type that every item of a list has. */
static enum label_type type_of_items(const char *text)
{
    enum label_type type = LABEL_INTEGER;
    for (size_t size; type != LABEL_STRING; text += size + 1) {
        size = strcspn(text, ",");
        struct slice item = label_trim((struct slice){text, size});
        int64_t integer;
        double number;
        if (!label_number(item, &number))
            type = LABEL_STRING;
        else if (!integer_of(item, &integer))
            type = LABEL_NUMBER;
        if (!text[size])
            break;
    }
    return type;
}

static void parse_list(struct labels *l, const char *text)
{
    for (const char *at = text;;) {
        size_t size = strcspn(at, ",");
        struct slice item = label_trim((struct slice){at, size});
        struct label label = {.type = l->type, .string = item};
        bool good = item.size > 0;
        if (good && l->type == LABEL_INTEGER) {
            good = integer_of(item, &label.integer);
            label.number = (double)label.integer;
        } else if (good && l->type == LABEL_NUMBER) {
            good = label_number(item, &label.number);
        }
        if (!good)
            die(STATUS_USAGE, "--classes is '%s': '%.*s' is no %s", text, (int)item.size, item.at,
                l->type == LABEL_STRING ? "name" : label_type_name(l->type));
        if (has_class(&l->classes, &label))
            die(STATUS_USAGE, "--classes is '%s': '%.*s' stands in it twice", text, (int)item.size, item.at);
        push(&l->classes, label);
        if (!at[size])
            break;
        at += size + 1;
    }
    if (l->classes.count < 2)
        die(STATUS_USAGE, "--classes is '%s': expected at least two classes, such as 1..5 or low,mid,high",
            text);
}

void labels_init(struct labels *l, int wish, const char *classes)
{
    static const enum label_type types[] = {LABEL_NONE, LABEL_INTEGER, LABEL_NUMBER, LABEL_STRING,
                                            LABEL_NONE};
    *l = (struct labels){.type = types[wish], .given = wish != LABEL_WISH_AUTO};
    if (!classes)
        return;
    if (wish == LABEL_WISH_NONE)
        die(STATUS_USAGE, "--classes and --label-type none: there can be no classes without labels");
    l->declared = true;
    if (wish == LABEL_WISH_AUTO || wish == LABEL_WISH_INTEGER) {
        l->given = true;
        l->type = LABEL_INTEGER;
        if (parse_range(l, classes))
            return;
        l->type = wish == LABEL_WISH_AUTO ? type_of_items(classes) : LABEL_INTEGER;
    }
    parse_list(l, classes);
}

void labels_free(struct labels *l)
{
    for (size_t i = 0; i < l->classes.count; i++)
        if (l->classes.at[i].type == LABEL_STRING)
            free((void *)(uintptr_t)l->classes.at[i].string.at);
    free(l->classes.at);
    *l = (struct labels){0};
}

/* ---- Types ---- */

void labels_observe(struct labels *l, struct slice text)
{
    char copy[LONGEST_NUMBER + 1];
    int64_t integer;
    double number;
    text = label_trim(text);
    if (text.size == 0)
        return;
    l->total++;
    if (integer_of(text, &integer))
        l->integers++;
    else if (label_number(text, &number))
        l->numbers++;
    else if (has_decimal_comma(text, copy))
        l->commas++;
}

void labels_decide(struct labels *l)
{
    if (l->given)
        return;
    uint64_t numeric = l->integers + l->numbers + l->commas;
    if (l->total == 0)
        l->type = LABEL_NONE;
    else if (10 * numeric < 9 * l->total)
        l->type = LABEL_STRING;
    else
        l->type = l->numbers + l->commas ? LABEL_NUMBER : LABEL_INTEGER;
}

/* ---- One label ---- */

/* The beginning of a text, for a message. */
static const char *quoted(struct slice text, char *to, size_t room)
{
    struct slice shown = utf8_cut(text, QUOTED);
    snprintf(to, room, "\"%.*s%s\"", (int)shown.size, shown.at, shown.size < text.size ? "..." : "");
    return to;
}

static void say_misfit(const struct labels *l, struct slice text, const char *column, char *why, size_t room)
{
    char value[QUOTED + 16], pointed[LONGEST_NUMBER + 1];
    quoted(text, value, sizeof value);
    if (has_decimal_comma(text, pointed))
        snprintf(why, room,
                 "field '%s' is %s: expected a number with a decimal point, %s "
                 "(--label-type string keeps labels as text)",
                 column, value, pointed);
    else
        snprintf(why, room,
                 "field '%s' is %s: expected %s%s (use --label-type string to keep labels as text)", column,
                 value, l->type == LABEL_INTEGER ? "a whole number" : "a number",
                 l->given ? "" : ", as in most rows");
}

static void say_no_class(const struct labels *l, struct slice text, const char *column, char *why,
                         size_t room)
{
    char value[QUOTED + 16];
    struct buffer list = {0};
    for (size_t i = 0; i < l->classes.count && i < LABEL_CLASSES_LISTED; i++) {
        buffer_text(&list, i ? ", " : "");
        label_print(&list, &l->classes.at[i]);
    }
    buffer_byte(&list, '\0');
    snprintf(why, room, "field '%s' is %s: expected one of --classes: %s", column,
             quoted(text, value, sizeof value), list.at);
    buffer_free(&list);
}

/* The text as a label of the type; a whole number may be written 3.0. */
static bool convert(enum label_type type, struct slice text, struct label *label)
{
    *label = (struct label){.type = type, .string = text};
    if (type == LABEL_STRING)
        return true;
    label->string = (struct slice){0};
    if (type == LABEL_NUMBER)
        return label_number(text, &label->number);
    if (!integer_of(text, &label->integer)) {
        double number;
        if (!label_number(text, &number) || number != floor(number) || fabs(number) > 0x1p53)
            return false;
        label->integer = (int64_t)number;
    }
    label->number = (double)label->integer;
    return true;
}

enum label_fit labels_parse(const struct labels *l, struct slice text, const char *column,
                            struct label *label, char *why, size_t room)
{
    *label = (struct label){.type = LABEL_NONE};
    text = label_trim(text);
    if (text.size == 0 || (l->given && l->type == LABEL_NONE))
        return LABEL_MISSING;
    if (l->type == LABEL_NONE) {
        char value[QUOTED + 16];
        snprintf(why, room,
                 "field '%s' is %s, and no earlier row has a label: say its type with --label-type", column,
                 quoted(text, value, sizeof value));
        return LABEL_MISFIT;
    }
    if (!convert(l->type, text, label)) {
        say_misfit(l, text, column, why, room);
        return LABEL_MISFIT;
    }
    if (l->declared && !has_class(&l->classes, label)) {
        say_no_class(l, text, column, why, room);
        return LABEL_MISFIT;
    }
    return LABEL_FITS;
}

/* ---- Classes that were seen ---- */

void labels_see_class(struct labels *l, struct slice text)
{
    struct label label;
    text = label_trim(text);
    if (l->declared || l->type == LABEL_NONE || text.size == 0 || !convert(l->type, text, &label))
        return;
    if (!has_class(&l->classes, &label))
        push(&l->classes, label);
}

void labels_end_classes(struct labels *l)
{
    if (l->declared || l->classes.count == 0)
        return;
    qsort(l->classes.at, l->classes.count, sizeof *l->classes.at, compare_labels);
    if (l->type != LABEL_STRING && l->classes.count > LABEL_CLASSES_LISTED)
        l->classes.count = 0;
}

bool labels_ordered(const struct labels *l)
{
    return l->declared || l->type == LABEL_INTEGER || l->type == LABEL_NUMBER;
}

void labels_describe(const struct labels *l, struct buffer *out)
{
    enum { NAMED = 12 };
    if (l->type == LABEL_NONE) {
        buffer_text(out, "no labels");
        return;
    }
    buffer_format(out, "%s labels", label_type_name(l->type));
    for (size_t i = 0; i < l->classes.count && i < NAMED; i++) {
        buffer_text(out, i ? ", " : " ");
        label_print(out, &l->classes.at[i]);
    }
    if (l->classes.count > NAMED)
        buffer_format(out, " and %zu more", l->classes.count - NAMED);
}
