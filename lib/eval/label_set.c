#include "eval/label_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static bool is_numeric(const struct label_set *set)
{
    return set->type == LABEL_INTEGER || set->type == LABEL_NUMBER;
}

/* Numbers for a text, whether or not labels are a measure. */
static size_t add_label(struct label_set *set, const struct label *label)
{
    struct buffer text = {0};
    bool fresh;
    label_print(&text, label);
    size_t number = interner_add(&set->texts, (struct slice){text.at, text.size}, &fresh);
    buffer_free(&text);
    if (!fresh)
        return number;
    memory_grow(&set->values, &set->value_capacity, number + 1, sizeof *set->values);
    set->values[number] = label->number;
    if (is_numeric(set) && set->texts.count > LABEL_SET_NUMBERS)
        set->measure = true;
    else if (set->texts.count > LABEL_SET_STRINGS)
        die(STATUS_INPUT, "more than %d different labels: too many for classes", LABEL_SET_STRINGS);
    return number;
}

static size_t place_in_order(const struct label_set *set, uint32_t number)
{
    size_t place = 0;
    while (place < set->declared && set->order[place] != number)
        place++;
    return place;
}

/* Puts a segment's classes into the order declared so far: each new one behind the one before it.
 * Where two segments contradict each other there is no order. */
static void merge_order(struct label_set *set, const struct header *header)
{
    size_t behind = 0; /* where the next label may stand */
    for (size_t i = 0; i < header->classes.count; i++) {
        uint32_t number = (uint32_t)add_label(set, &header->classes.labels[i]);
        size_t place = place_in_order(set, number);
        if (place == set->declared) {
            memory_grow(&set->order, &set->order_capacity, set->declared + 1, sizeof *set->order);
            memmove(set->order + behind + 1, set->order + behind,
                    (set->declared - behind) * sizeof *set->order);
            set->order[behind] = number;
            set->declared++;
            place = behind;
        } else if (place < behind) {
            set->declared_order = false;
        }
        behind = place + 1;
    }
}

void label_set_declare(struct label_set *set, const struct header *header)
{
    if (set->begun && header->y != set->type)
        die(STATUS_BROKEN, "labels are %s in one segment and %s in another", label_type_name(set->type),
            label_type_name(header->y));
    if (!set->begun)
        set->declared_order = true;
    set->begun = true;
    set->type = header->y;
    set->declared_order = set->declared_order && header->classes.ordered && header->classes.count > 0;
    if (header->y == LABEL_NUMBER && header->classes.count == 0 && !set->lenient)
        set->measure = true;
    merge_order(set, header);
}

size_t label_set_number(struct label_set *set, const struct label *label)
{
    if (set->measure)
        return LABEL_SET_NONE;
    size_t number = add_label(set, label);
    return set->measure ? LABEL_SET_NONE : number;
}

static int compare_values(const void *a, const void *b, void *set)
{
    const double *values = ((const struct label_set *)set)->values;
    double x = values[*(const uint32_t *)a], y = values[*(const uint32_t *)b];
    return (x > y) - (x < y);
}

static int compare_texts(const void *a, const void *b, void *set)
{
    const struct slice *texts = ((const struct label_set *)set)->texts.at;
    struct slice x = texts[*(const uint32_t *)a], y = texts[*(const uint32_t *)b];
    int order = memcmp(x.at, y.at, x.size < y.size ? x.size : y.size);
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

void label_set_settle(struct label_set *set)
{
    free(set->sorted);
    set->count = set->measure ? 0 : set->texts.count;
    set->sorted = memory_new(set->count, sizeof *set->sorted);
    size_t filled = 0;
    if (set->count > 0)
        for (; filled < set->declared; filled++)
            set->sorted[filled] = set->order[filled];
    for (uint32_t number = 0; filled < set->count && number < set->texts.count; number++)
        if (place_in_order(set, number) == set->declared)
            set->sorted[filled++] = number;
    if (is_numeric(set))
        qsort_r(set->sorted, set->count, sizeof *set->sorted, compare_values, set);
    else if (set->count > set->declared)
        qsort_r(set->sorted + set->declared, set->count - set->declared, sizeof *set->sorted, compare_texts,
                set);
    set->ordered = is_numeric(set) || (set->declared_order && set->count == set->declared);
}

struct slice label_set_text(const struct label_set *set, size_t place)
{
    return set->texts.at[set->sorted[place]];
}

double label_set_value(const struct label_set *set, size_t place)
{
    return is_numeric(set) ? set->values[set->sorted[place]] : (double)place;
}

void label_set_free(struct label_set *set)
{
    interner_free(&set->texts);
    free(set->values);
    free(set->order);
    free(set->sorted);
    *set = (struct label_set){0};
}
