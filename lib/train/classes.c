#include "train/classes.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A label type "number" without a declared list has classes only while its values are this few (a scale with
 * half points), else it is a measurement. */
enum { NUMBER_CLASSES_MAX = 32 };

void classes_init(struct classes *classes, enum label_type type)
{
    *classes = (struct classes){.type = type};
}

void classes_free(struct classes *classes)
{
    for (size_t i = 0; i < classes->found_count; i++)
        if (classes->type == LABEL_STRING)
            free((void *)(uintptr_t)classes->found[i].string.at);
    free(classes->found);
    free(classes->list);
    free(classes->of_found);
}

static int compare_labels(const struct label *a, const struct label *b)
{
    if (a->type == LABEL_INTEGER && b->type == LABEL_INTEGER) /* beyond 2^53 their numbers are rounded */
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (a->type != LABEL_STRING)
        return (a->number > b->number) - (a->number < b->number);
    size_t shorter = a->string.size < b->string.size ? a->string.size : b->string.size;
    int order = memcmp(a->string.at, b->string.at, shorter);
    return order ? order : (a->string.size > b->string.size) - (a->string.size < b->string.size);
}

static int compare_for_qsort(const void *a, const void *b) { return compare_labels(a, b); }

int32_t classes_meet(struct classes *classes, const struct label *label)
{
    for (size_t i = 0; i < classes->found_count; i++)
        if (compare_labels(&classes->found[i], label) == 0)
            return (int32_t)i;
    if (classes->overflow)
        return -1;
    if (classes->found_count == CLASSES_MAX) {
        if (classes->type == LABEL_STRING)
            die(STATUS_INPUT,
                "more than %d different labels, which are strings: expected classes "
                "(tok --label-type number reads them as scores)",
                CLASSES_MAX);
        classes->overflow = true;
        return -1;
    }
    if (!classes->found)
        classes->found = memory_new(CLASSES_MAX, sizeof *classes->found);
    struct label kept = *label;
    if (label->type == LABEL_STRING)
        kept.string.at = slice_string(label->string);
    classes->found[classes->found_count] = kept;
    return (int32_t)classes->found_count++;
}

static ptrdiff_t class_index(const struct classes *classes, const struct label *label)
{
    for (size_t c = 0; c < classes->count; c++)
        if (compare_labels(&classes->list[c], label) == 0)
            return (ptrdiff_t)c;
    return -1;
}

/* Labels met that the list lacks go behind it; numbers are then put in order. */
static void join_found(struct classes *classes, const struct header *header)
{
    size_t declared = classes->count;
    for (size_t i = 0; i < classes->found_count; i++) {
        const struct label *met = &classes->found[i];
        if (class_index(classes, met) >= 0)
            continue;
        if (declared && header->ordered && met->type == LABEL_STRING)
            die(STATUS_INPUT,
                "the label \"%.*s\" is not among the %zu classes that the stream's header orders "
                "(tok --classes declares them)",
                (int)met->string.size, met->string.at, declared);
        classes->list[classes->count++] = *met;
    }
    if (classes->type == LABEL_STRING)
        qsort(classes->list + declared, classes->count - declared, sizeof *classes->list, compare_for_qsort);
    else
        qsort(classes->list, classes->count, sizeof *classes->list, compare_for_qsort);
}

void classes_settle(struct classes *classes, const struct header *header)
{
    classes->ordered = classes->type != LABEL_STRING || header->ordered;
    bool measure = classes->overflow || (classes->type == LABEL_NUMBER && header->label_count == 0 &&
                                         classes->found_count > NUMBER_CLASSES_MAX);
    if (measure)
        return;
    classes->list = memory_new(header->label_count + classes->found_count + 1, sizeof *classes->list);
    if (header->label_count)
        memcpy(classes->list, header->labels, header->label_count * sizeof *classes->list);
    classes->count = header->label_count;
    join_found(classes, header);
    classes->of_found = memory_new(classes->found_count, sizeof *classes->of_found);
    for (size_t i = 0; i < classes->found_count; i++)
        classes->of_found[i] = (int32_t)class_index(classes, &classes->found[i]);
}
