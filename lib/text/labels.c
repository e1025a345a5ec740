#include "text/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "base/utf8.h"

enum { LONGEST_NUMBER = 63, QUOTED = 40, LISTED = 64 };

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

/* "1..5" */
static bool parse_range(struct labels *l, const char *text)
{
    const char *dots = strstr(text, "..");
    int64_t low, high;
    if (!dots || !integer_of((struct slice){text, (size_t)(dots - text)}, &low) ||
        !integer_of(slice_of(dots + 2), &high))
        return false;
    if (low >= high || (uint64_t)high - (uint64_t)low >= CLASSES_LIMIT)
        die(STATUS_USAGE, "--classes is '%s': expected a range upwards, of at most %d classes", text,
            CLASSES_LIMIT);
    for (int64_t i = 0; i <= high - low; i++) {
        struct label label = {.type = LABEL_INTEGER, .integer = low + i, .number = (double)(low + i)};
        classes_add(&l->classes, &label);
    }
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

/* An item of the list as a label of the type; false when it is none. */
static bool parse_item(enum label_type type, struct slice item, struct label *label)
{
    *label = (struct label){.type = type, .string = item};
    if (item.size == 0)
        return false;
    if (type == LABEL_NUMBER)
        return label_number(item, &label->number);
    if (type == LABEL_INTEGER && !integer_of(item, &label->integer))
        return false;
    label->number = (double)label->integer;
    return true;
}

static void parse_list(struct classes *classes, const char *text)
{
    for (const char *at = text;;) {
        size_t size = strcspn(at, ",");
        struct slice item = label_trim((struct slice){at, size});
        struct label label;
        if (!parse_item(classes->type, item, &label))
            die(STATUS_USAGE, "--classes is '%s': '%.*s' is no %s", text, (int)item.size, item.at,
                classes->type == LABEL_STRING ? "name" : label_type_name(classes->type));
        if (!classes_add(classes, &label))
            die(STATUS_USAGE, "--classes is '%s': '%.*s' stands in it twice", text, (int)item.size, item.at);
        if (!at[size])
            break;
        at += size + 1;
    }
    if (classes->count < 2)
        die(STATUS_USAGE, "--classes is '%s': expected at least two classes, such as 1..5 or low,mid,high",
            text);
    if (classes->count > CLASSES_LIMIT)
        die(STATUS_USAGE, "--classes names %zu classes: expected at most %d", classes->count, CLASSES_LIMIT);
}

void labels_init(struct labels *l, int wish, const char *classes)
{
    static const enum label_type types[] = {LABEL_NONE, LABEL_INTEGER, LABEL_NUMBER, LABEL_STRING,
                                            LABEL_NONE};
    *l = (struct labels){.classes.type = types[wish], .given = wish != LABEL_WISH_AUTO};
    if (!classes)
        return;
    if (wish == LABEL_WISH_NONE)
        die(STATUS_USAGE, "--classes and --label-type none: there can be no classes without labels");
    l->declared = l->given = l->classes.ordered = true;
    if (wish == LABEL_WISH_AUTO || wish == LABEL_WISH_INTEGER) {
        l->classes.type = LABEL_INTEGER;
        if (parse_range(l, classes))
            return;
        if (wish == LABEL_WISH_AUTO)
            l->classes.type = type_of_items(classes);
    }
    parse_list(&l->classes, classes);
}

void labels_free(struct labels *l)
{
    classes_free(&l->classes);
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
        l->classes.type = LABEL_NONE;
    else if (10 * numeric < 9 * l->total)
        l->classes.type = LABEL_STRING;
    else
        l->classes.type = l->numbers + l->commas ? LABEL_NUMBER : LABEL_INTEGER;
}

/* ---- One label ---- */

/* The beginning of a text, for a message. */
static const char *quoted(struct slice text, char *to, size_t capacity)
{
    struct slice shown = utf8_cut(text, QUOTED);
    snprintf(to, capacity, "\"%.*s%s\"", (int)shown.size, shown.at, shown.size < text.size ? "..." : "");
    return to;
}

static void say_misfit(const struct labels *l, struct slice text, const char *column, char *why,
                       size_t capacity)
{
    char value[QUOTED + 16], pointed[LONGEST_NUMBER + 1];
    quoted(text, value, sizeof value);
    if (has_decimal_comma(text, pointed))
        snprintf(why, capacity,
                 "field '%s' is %s: expected a number with a decimal point, %s "
                 "(--label-type string keeps labels as text)",
                 column, value, pointed);
    else
        snprintf(why, capacity,
                 "field '%s' is %s: expected %s%s (use --label-type string to keep labels as text)", column,
                 value, l->classes.type == LABEL_INTEGER ? "a whole number" : "a number",
                 l->given ? "" : ", as in most rows");
}

static void say_no_class(const struct labels *l, struct slice text, const char *column, char *why,
                         size_t capacity)
{
    char value[QUOTED + 16];
    struct buffer list = {0};
    for (size_t i = 0; i < l->classes.count && i < LISTED; i++) {
        buffer_text(&list, i ? ", " : "");
        label_print(&list, &l->classes.labels[i]);
    }
    if (l->classes.count > LISTED)
        buffer_format(&list, " and %zu more", l->classes.count - LISTED);
    buffer_byte(&list, '\0');
    snprintf(why, capacity, "field '%s' is %s: expected one of --classes: %s", column,
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
        if (!label_number(text, &number) || number != floor(number) || fabs(number) >= 0x1p53)
            return false;
        label->integer = (int64_t)number;
    }
    label->number = (double)label->integer;
    return true;
}

enum label_fit labels_parse(const struct labels *l, struct slice text, const char *column,
                            struct label *label, char *why, size_t capacity)
{
    *label = (struct label){.type = LABEL_NONE};
    text = label_trim(text);
    if (text.size == 0 || (l->given && l->classes.type == LABEL_NONE))
        return LABEL_MISSING;
    if (l->classes.type == LABEL_NONE) {
        char value[QUOTED + 16];
        snprintf(why, capacity,
                 "field '%s' is %s, and no earlier row has a label: say its type with --label-type", column,
                 quoted(text, value, sizeof value));
        return LABEL_MISFIT;
    }
    if (!convert(l->classes.type, text, label)) {
        say_misfit(l, text, column, why, capacity);
        return LABEL_MISFIT;
    }
    if (l->declared && classes_find(&l->classes, label) < 0) {
        say_no_class(l, text, column, why, capacity);
        return LABEL_MISFIT;
    }
    return LABEL_FITS;
}

/* ---- Classes that were seen ---- */

void labels_see_class(struct labels *l, struct slice text)
{
    struct label label;
    text = label_trim(text);
    enum label_type type = l->classes.type;
    if (!l->declared && type != LABEL_NONE && text.size > 0 && convert(type, text, &label))
        classes_meet(&l->classes, &label);
}

void labels_end_classes(struct labels *l)
{
    if (!l->declared)
        classes_settle(&l->classes);
}

void labels_describe(const struct labels *l, struct buffer *out)
{
    enum { NAMED = 12 };
    if (l->classes.type == LABEL_NONE) {
        buffer_text(out, "no labels");
        return;
    }
    buffer_format(out, "%s labels", label_type_name(l->classes.type));
    for (size_t i = 0; i < l->classes.count && i < NAMED; i++) {
        buffer_text(out, i ? ", " : " ");
        label_print(out, &l->classes.labels[i]);
    }
    if (l->classes.count > NAMED)
        buffer_format(out, " and %zu more", l->classes.count - NAMED);
}
