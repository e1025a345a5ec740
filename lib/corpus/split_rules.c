#include "corpus/split_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/interner.h"
#include "base/options.h"
#include "corpus/split_file.h"

/* A file may name more parts than the report shows apart: the last column is of those. */
enum { COUNTED_PARTS = SPLIT_MAX_PARTS + 1 };

/* Records that wait for the bins' edges, packed. */
struct waiting {
    struct buffer bytes;
    size_t *ends;
    size_t count, capacity, next;
};

struct split_rules {
    struct split_plan plan;
    struct splitter *splitter;
    struct split_file *file; /* SPLIT_FROM */
    bool needs_edges;        /* numbers without classes, and no edges yet */
    double *edges;           /* [edge_count] */
    size_t edge_count;
    double *sample; /* labels seen while waiting */
    size_t sample_count, sample_capacity;
    struct waiting waiting;
    struct record *ready; /* put in and not yet taken out */
    struct record unpacked;
    uint64_t number;                /* records over all segments */
    struct interner classes, parts; /* for the report */
    uint64_t *counts;               /* [classes.count, COUNTED_PARTS], rows grow */
    double *ranks;                  /* [classes.count] what the report orders classes by */
    size_t counts_capacity, ranks_capacity;
    uint64_t kept, held_out;
    struct header header; /* of the segment */
    struct buffer text;
};

struct split_rules *split_rules_new(const struct split_plan *plan)
{
    struct split_rules *a = memory_zeroed(1, sizeof *a);
    a->plan = *plan;
    a->splitter = splitter_new(&plan->shares, plan->seed);
    if (plan->mode == SPLIT_FROM)
        a->file = split_file_open(plan->from, plan->folds ? plan->shares.parts : 0);
    if (plan->edges) {
        a->edges = memory_new(plan->edge_count, sizeof *a->edges);
        memcpy(a->edges, plan->edges, plan->edge_count * sizeof *a->edges);
        a->edge_count = plan->edge_count;
    }
    return a;
}

void split_rules_free(struct split_rules *a)
{
    if (!a)
        return;
    splitter_free(a->splitter);
    split_file_close(a->file);
    free(a->edges);
    free(a->sample);
    buffer_free(&a->waiting.bytes);
    free(a->waiting.ends);
    record_free(&a->unpacked);
    interner_free(&a->classes);
    interner_free(&a->parts);
    free(a->counts);
    free(a->ranks);
    header_free(&a->header);
    buffer_free(&a->text);
    free(a);
}

/* Whether labels of this segment are numbers to be put into bins. */
static bool wants_bins(const struct split_rules *a, const struct header *header)
{
    if (a->plan.mode != SPLIT_STRATIFY || (header->y != LABEL_NUMBER && header->y != LABEL_INTEGER))
        return false;
    bool is_scale = header->y == LABEL_INTEGER ||
                    (header->classes.count > 0 && header->classes.count <= SPLIT_SCALE);
    return a->plan.edges || a->plan.bins > 0 || !is_scale;
}

void split_rules_begin(struct split_rules *a, const struct header *header)
{
    if (header->y == LABEL_STRING && (a->plan.bins || a->plan.edges))
        die(STATUS_INPUT, "the labels are strings: --bins and --edges go with numbers "
                          "(--stratify alone divides each class)");
    header_free(&a->header);
    a->header = header_copy(header);
    a->needs_edges = wants_bins(a, header) && !a->edges;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile edges of the sample; equal ones are one. */
static void make_edges(struct split_rules *a)
{
    size_t bins = a->plan.bins > 0 ? (size_t)a->plan.bins : 5;
    qsort(a->sample, a->sample_count, sizeof *a->sample, compare_doubles);
    a->edges = memory_new(bins, sizeof *a->edges);
    a->edge_count = 0;
    for (size_t b = 1; b < bins && a->sample_count > 0; b++) {
        double edge = a->sample[b * a->sample_count / bins];
        if (a->edge_count == 0 || edge > a->edges[a->edge_count - 1])
            a->edges[a->edge_count++] = edge;
    }
    a->needs_edges = false;
}

/* The bin of a number: how many edges are not above it. */
static size_t bin_of(const struct split_rules *a, double value)
{
    size_t bin = 0;
    while (bin < a->edge_count && value >= a->edges[bin])
        bin++;
    return bin;
}

/* What the record is counted under, and its stratum: its label or its bin; into a->text. */
static struct slice class_of(struct split_rules *a, const struct record *r)
{
    a->text.size = 0;
    if (r->y.type == LABEL_NONE)
        return (struct slice){"", 0};
    if (!a->edges) {
        label_print(&a->text, &r->y);
        return (struct slice){a->text.at, a->text.size};
    }
    size_t bin = bin_of(a, r->y.number);
    if (a->edge_count == 0)
        buffer_text(&a->text, "all");
    else if (bin == 0)
        buffer_format(&a->text, "below %g", a->edges[0]);
    else if (bin == a->edge_count)
        buffer_format(&a->text, "%g and above", a->edges[bin - 1]);
    else
        buffer_format(&a->text, "%g to %g", a->edges[bin - 1], a->edges[bin]);
    return (struct slice){a->text.at, a->text.size};
}

/* Where the report puts the record's class: numbers by value, strings as in the header, no label last. */
static double rank_of(const struct split_rules *a, const struct record *r)
{
    if (r->y.type == LABEL_NONE)
        return INFINITY;
    if (r->y.type != LABEL_STRING)
        return a->edges ? (double)bin_of(a, r->y.number) : r->y.number;
    ptrdiff_t class = classes_find(&a->header.classes, &r->y);
    return class >= 0 ? (double)class : 1e9;
}

static bool is_held_out(struct split_rules *a, const struct record *r)
{
    if (!a->plan.hold_field)
        return false;
    a->text.size = 0;
    return record_text(r, a->plan.hold_field, &a->text) &&
           slice_is((struct slice){a->text.at, a->text.size}, a->plan.hold_value);
}

static int by_field(struct split_rules *a, const struct record *r)
{
    a->text.size = 0;
    if (!record_text(r, a->plan.field, &a->text))
        die(STATUS_INPUT, "record %s has no field '%s' to split by (tok --keep %s keeps an input column)",
            record_name(r), a->plan.field, a->plan.field);
    return splitter_by_key(&a->plan.shares, a->plan.seed, (struct slice){a->text.at, a->text.size});
}

/* The part's number under the plan's shares. */
static int draw(struct split_rules *a, const struct record *r)
{
    switch (a->plan.mode) {
    case SPLIT_STRATIFY:
        return splitter_assign(a->splitter, class_of(a, r));
    case SPLIT_RANDOM:
        return splitter_at_random(&a->plan.shares, a->plan.seed, a->number);
    case SPLIT_BY_FIELD:
        return by_field(a, r);
    default:
        return splitter_assign(a->splitter, SLICE("all"));
    }
}

static const char *const part_names[3] = {"train", "val", "test"};

/* Marks the record; returns what it was marked with, for the report. */
static struct slice mark(struct split_rules *a, struct record *r, char fold_text[32])
{
    struct slice part;
    int64_t fold = -1;
    if (a->plan.mode == SPLIT_FROM) {
        part = split_file_part(a->file, r->id, record_name(r));
        if (a->plan.folds)
            parse_integer(part.at, 0, INT32_MAX, &fold); /* split_file checked it */
    } else if (is_held_out(a, r)) {
        part = SLICE("test");
        a->held_out++;
    } else if (a->plan.hold_field && !a->plan.divide_rest) {
        part = SLICE("train");
    } else {
        fold = draw(a, r);
        part = slice_of(a->plan.folds ? "" : part_names[fold]);
    }
    if (!a->plan.folds) {
        record_set_string(r, "part", part);
        return part;
    }
    record_set_integer(r, "fold", fold);
    int size = snprintf(fold_text, 32, "fold %lld", (long long)fold);
    return (struct slice){fold_text, (size_t)size};
}

static void count(struct split_rules *a, const struct record *r, struct slice part)
{
    bool fresh;
    size_t column = interner_add(&a->parts, part, NULL),
           row = interner_add(&a->classes, class_of(a, r), &fresh);
    if (column > SPLIT_MAX_PARTS)
        column = SPLIT_MAX_PARTS;
    if (fresh) {
        memory_grow(&a->counts, &a->counts_capacity, (row + 1) * COUNTED_PARTS, sizeof *a->counts);
        memset(a->counts + row * COUNTED_PARTS, 0, COUNTED_PARTS * sizeof *a->counts);
        memory_grow(&a->ranks, &a->ranks_capacity, row + 1, sizeof *a->ranks);
        a->ranks[row] = rank_of(a, r);
    }
    a->counts[row * COUNTED_PARTS + column]++;
}

static void assign(struct split_rules *a, struct record *r)
{
    bool marked = a->plan.folds ? r->fold >= 0 : r->part.size > 0;
    char fold_text[32];
    if (marked && a->plan.marked == MARKED_REFUSE) {
        snprintf(fold_text, sizeof fold_text, "fold %lld", (long long)r->fold);
        struct slice mark = a->plan.folds ? slice_of(fold_text) : r->part;
        die(STATUS_INPUT,
            "record %s is already marked %.*s (--keep keeps such marks, --replace makes new ones)",
            record_name(r), (int)mark.size, mark.at);
    }
    if (marked && a->plan.marked == MARKED_KEEP) {
        if (a->file)
            split_file_pass(a->file, r->id);
        a->kept++;
        return;
    }
    struct slice part = mark(a, r, fold_text);
    a->number++;
    count(a, r, part);
}

void split_rules_put(struct split_rules *a, struct record *record)
{
    if (!a->needs_edges) {
        assign(a, record);
        a->ready = record;
        return;
    }
    struct waiting *w = &a->waiting;
    record_pack(record, &w->bytes);
    memory_grow(&w->ends, &w->capacity, w->count + 1, sizeof *w->ends);
    w->ends[w->count++] = w->bytes.size;
    if (record->y.type != LABEL_NONE) {
        memory_grow(&a->sample, &a->sample_capacity, a->sample_count + 1, sizeof *a->sample);
        a->sample[a->sample_count++] = record->y.number;
    }
    if (a->sample_count == SPLIT_BIN_SAMPLE)
        make_edges(a);
}

void split_rules_end(struct split_rules *a)
{
    if (a->needs_edges)
        make_edges(a);
}

struct record *split_rules_take(struct split_rules *a)
{
    struct waiting *w = &a->waiting;
    if (!a->needs_edges && w->next < w->count) {
        size_t start = w->next ? w->ends[w->next - 1] : 0;
        record_unpack(&a->unpacked, (struct slice){w->bytes.at + start, w->ends[w->next] - start},
                      a->header.y);
        if (++w->next == w->count) {
            w->next = w->count = 0; /* the bytes stay until the next record waits: `unpacked` points there */
            w->bytes.size = 0;
        }
        assign(a, &a->unpacked);
        return &a->unpacked;
    }
    struct record *ready = a->ready;
    a->ready = NULL;
    return ready;
}

void split_rules_finish(const struct split_rules *a)
{
    if (a->file)
        split_file_check_all_met(a->file);
    if (a->plan.hold_field && a->held_out == 0)
        die(STATUS_INPUT, "no record has %s=%s, so nothing is held out (tok --keep %s keeps an input column)",
            a->plan.hold_field, a->plan.hold_value, a->plan.hold_field);
}

/* Parts in their usual order, then others by name (fold 2 before fold 10). */
static int compare_parts(const void *x, const void *y, void *split_rules)
{
    const struct slice *at = ((const struct split_rules *)split_rules)->parts.at;
    const char *const a = at[*(const size_t *)x].at, *const b = at[*(const size_t *)y].at;
    for (int i = 0; i < 3; i++)
        if (strcmp(a, part_names[i]) == 0 || strcmp(b, part_names[i]) == 0)
            return strcmp(a, part_names[i]) == 0 ? -1 : 1;
    return strverscmp(a, b);
}

static int compare_classes(const void *x, const void *y, void *split_rules)
{
    const struct split_rules *a = split_rules;
    size_t i = *(const size_t *)x, j = *(const size_t *)y;
    if (a->ranks[i] != a->ranks[j])
        return a->ranks[i] < a->ranks[j] ? -1 : 1;
    return strcmp(a->classes.at[i].at, a->classes.at[j].at);
}

static size_t *order_of(size_t count, int compare(const void *, const void *, void *), struct split_rules *a)
{
    size_t *order = memory_new(count, sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof *order, compare, a);
    return order;
}

/* How many records of a class, or of all (INTERNER_NONE), are in a part. */
static uint64_t members_of(const struct split_rules *a, size_t class, size_t part)
{
    size_t first = class == INTERNER_NONE ? 0 : class,
           end = class == INTERNER_NONE ? a->classes.count : class + 1;
    uint64_t sum = 0;
    for (size_t c = first; c < end; c++)
        sum += a->counts[c * COUNTED_PARTS + part];
    return sum;
}

/* "train 204, val 51" of one class, or of all (INTERNER_NONE); returns the sum. */
static uint64_t put_counts(const struct split_rules *a, const size_t *parts, size_t class,
                           struct buffer *line)
{
    uint64_t sum = 0;
    line->size = 0;
    for (size_t i = 0; i < a->parts.count && i < SPLIT_MAX_PARTS; i++) {
        struct slice name = a->parts.at[parts[i]];
        uint64_t n = members_of(a, class, parts[i]);
        buffer_format(line, "%s%.*s %llu", i ? ", " : "", (int)name.size, name.at, (unsigned long long)n);
        sum += n;
    }
    if (a->parts.count > SPLIT_MAX_PARTS) {
        uint64_t others = members_of(a, class, SPLIT_MAX_PARTS);
        buffer_format(line, ", %llu in others", (unsigned long long)others);
        sum += others;
    }
    return sum;
}

/* One line for the totals, one for each class while they are few. */
void split_rules_report(struct split_rules *a)
{
    enum { SHOWN_CLASSES = 24 };
    struct buffer line = {0};
    size_t shown = a->parts.count < SPLIT_MAX_PARTS ? a->parts.count : SPLIT_MAX_PARTS;
    size_t *parts = order_of(shown, compare_parts, a);
    size_t *classes = order_of(a->classes.count, compare_classes, a);
    put_counts(a, parts, INTERNER_NONE, &line);
    if (a->kept)
        buffer_format(&line, "%s%llu kept their mark", line.size ? ", " : "", (unsigned long long)a->kept);
    if (line.size)
        note("%.*s", (int)line.size, line.at);
    size_t small = 0;
    for (size_t i = 0; i < a->classes.count; i++) {
        struct slice name = a->classes.at[classes[i]];
        uint64_t members = put_counts(a, parts, classes[i], &line);
        bool few = members < (uint64_t)a->plan.shares.parts && name.size > 0;
        small += few;
        if (i < SHOWN_CLASSES)
            note("  %.*s: %.*s%s", name.size ? (int)name.size : 8, name.size ? name.at : "no label",
                 (int)line.size, line.at, few ? " (fewer than there are parts)" : "");
    }
    if (a->classes.count > SHOWN_CLASSES)
        note("  ... and %zu more classes, %zu of all with fewer members than there are parts",
             a->classes.count - SHOWN_CLASSES, small);
    free(parts);
    free(classes);
    buffer_free(&line);
}
