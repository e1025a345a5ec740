#include "eval/assigner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/names.h"
#include "base/options.h"
#include "eval/split_file.h"

/* Records that wait for the bins' edges, packed. */
struct waiting {
    struct buffer bytes;
    size_t *ends;
    size_t count, capacity, next;
};

struct assigner {
    struct split_plan plan;
    struct splitter *splitter;
    struct split_file *file;     /* SPLIT_FROM */
    enum label_type y;
    bool needs_edges;            /* numbers without classes, and no edges yet */
    double *edges;               /* [edge_count] */
    size_t edge_count;
    double *sample;              /* labels seen while waiting */
    size_t sample_count, sample_capacity;
    struct waiting waiting;
    struct record *ready;        /* put in and not yet taken out */
    struct record unpacked;
    uint64_t number;             /* records over all segments */
    struct names classes, parts; /* for the report */
    uint64_t *counts;            /* [classes.count, SPLIT_MAX_PARTS + 1], rows grow */
    size_t counts_capacity;
    uint64_t kept;
    struct buffer text;
};

struct assigner *assigner_new(const struct split_plan *plan)
{
    struct assigner *a = memory_zeroed(1, sizeof *a);
    a->plan = *plan;
    a->splitter = splitter_new(&plan->shares, plan->seed);
    if (plan->mode == SPLIT_FROM)
        a->file = split_file_open(plan->from, plan->folds);
    if (plan->edges) {
        a->edges = memory_new(plan->edge_count, sizeof *a->edges);
        memcpy(a->edges, plan->edges, plan->edge_count * sizeof *a->edges);
        a->edge_count = plan->edge_count;
    }
    return a;
}

void assigner_free(struct assigner *a)
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
    names_free(&a->classes);
    names_free(&a->parts);
    free(a->counts);
    buffer_free(&a->text);
    free(a);
}

/* Whether labels of this segment are numbers to be put into bins. */
static bool wants_bins(const struct assigner *a, const struct header *header)
{
    if (a->plan.mode != SPLIT_STRATIFY || (header->y != LABEL_NUMBER && header->y != LABEL_INTEGER))
        return false;
    return a->plan.edges || a->plan.bins > 0 || (header->y == LABEL_NUMBER && header->label_count == 0);
}

void assigner_begin(struct assigner *a, const struct header *header)
{
    a->y = header->y;
    a->needs_edges = wants_bins(a, header) && !a->edges;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile edges of the sample; equal ones are one. */
static void make_edges(struct assigner *a)
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

/* What the record is counted under, and its stratum: its label or its bin; into a->text. */
static struct slice class_of(struct assigner *a, const struct record *r)
{
    a->text.size = 0;
    if (r->y.type == LABEL_NONE)
        return (struct slice){"", 0};
    if (!a->edges) {
        label_print(&a->text, &r->y);
        return (struct slice){a->text.at, a->text.size};
    }
    size_t bin = 0;
    while (bin < a->edge_count && r->y.number >= a->edges[bin])
        bin++;
    if (bin == 0 && a->edge_count == 0)
        buffer_text(&a->text, "all");
    else if (bin == 0)
        buffer_format(&a->text, "below %g", a->edges[0]);
    else if (bin == a->edge_count)
        buffer_format(&a->text, "%g and above", a->edges[bin - 1]);
    else
        buffer_format(&a->text, "%g to %g", a->edges[bin - 1], a->edges[bin]);
    return (struct slice){a->text.at, a->text.size};
}

static bool is_held_out(struct assigner *a, const struct record *r)
{
    if (!a->plan.hold_field)
        return false;
    a->text.size = 0;
    return record_text(r, a->plan.hold_field, &a->text) &&
           slice_is((struct slice){a->text.at, a->text.size}, a->plan.hold_value);
}

static int by_field(struct assigner *a, const struct record *r)
{
    a->text.size = 0;
    if (!record_text(r, a->plan.field, &a->text))
        die(STATUS_INPUT, "record %s has no field '%s' to split by (tok --keep %s keeps an input column)",
            record_name(r), a->plan.field, a->plan.field);
    return splitter_by_key(&a->plan.shares, a->plan.seed, (struct slice){a->text.at, a->text.size});
}

/* The part's number under the plan's shares. */
static int draw(struct assigner *a, const struct record *r)
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
static struct slice mark(struct assigner *a, struct record *r, char fold_text[32])
{
    struct slice part;
    int64_t fold = -1;
    if (a->plan.mode == SPLIT_FROM) {
        part = split_file_part(a->file, r->id, record_name(r));
        if (a->plan.folds)
            parse_integer(part.at, 0, INT32_MAX, &fold); /* split_file checked it */
    } else if (is_held_out(a, r)) {
        part = SLICE("test");
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

static void count(struct assigner *a, struct slice class, struct slice part)
{
    bool fresh;
    size_t column = names_add(&a->parts, part, NULL), row = names_add(&a->classes, class, &fresh);
    if (column > SPLIT_MAX_PARTS)
        column = SPLIT_MAX_PARTS; /* a file may name more parts than the report shows apart */
    const size_t width = SPLIT_MAX_PARTS + 1;
    if (fresh) {
        memory_grow(&a->counts, &a->counts_capacity, (row + 1) * width, sizeof *a->counts);
        memset(a->counts + row * width, 0, width * sizeof *a->counts);
    }
    a->counts[row * width + column]++;
}

static void assign(struct assigner *a, struct record *r)
{
    bool marked = a->plan.folds ? r->fold >= 0 : r->part.size > 0;
    char fold_text[32];
    if (marked && a->plan.marked == MARKED_REFUSE)
        die(STATUS_INPUT, "record %s is already marked %.*s (--keep keeps such marks, --replace makes new ones)",
            record_name(r), (int)r->part.size, r->part.size ? r->part.at : "");
    if (marked && a->plan.marked == MARKED_KEEP) {
        a->kept++;
        return;
    }
    struct slice part = mark(a, r, fold_text);
    a->number++;
    count(a, class_of(a, r), part);
}

void assigner_put(struct assigner *a, struct record *record)
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

void assigner_end(struct assigner *a)
{
    if (a->needs_edges)
        make_edges(a);
}

struct record *assigner_take(struct assigner *a)
{
    struct waiting *w = &a->waiting;
    if (!a->needs_edges && w->next < w->count) {
        size_t start = w->next ? w->ends[w->next - 1] : 0;
        record_unpack(&a->unpacked, (struct slice){w->bytes.at + start, w->ends[w->next] - start}, a->y);
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

void assigner_finish(const struct assigner *a)
{
    if (a->file)
        split_file_check_all_met(a->file);
}

/* One line for the parts' totals, one for each class while they are few. */
void assigner_report(const struct assigner *a)
{
    enum { SHOWN_CLASSES = 24 };
    const size_t width = SPLIT_MAX_PARTS + 1;
    struct buffer line = {0};
    for (size_t p = 0; p < a->parts.count && p < width; p++) {
        uint64_t total = 0;
        for (size_t c = 0; c < a->classes.count; c++)
            total += a->counts[c * width + p];
        buffer_format(&line, "%s%.*s %llu", p ? ", " : "", (int)a->parts.at[p].size, a->parts.at[p].at,
                      (unsigned long long)total);
    }
    if (a->kept)
        buffer_format(&line, "%s%llu kept their mark", line.size ? ", " : "", (unsigned long long)a->kept);
    if (line.size)
        note("%.*s", (int)line.size, line.at);
    size_t small = 0;
    for (size_t c = 0; c < a->classes.count; c++) {
        struct slice name = a->classes.at[c];
        line.size = 0;
        uint64_t members = 0;
        for (size_t p = 0; p < a->parts.count && p < width; p++) {
            buffer_format(&line, "%s%llu", p ? " + " : "", (unsigned long long)a->counts[c * width + p]);
            members += a->counts[c * width + p];
        }
        bool few = members < (uint64_t)a->plan.shares.parts && name.size > 0;
        small += few;
        if (c < SHOWN_CLASSES)
            note("  %.*s: %.*s%s", name.size ? (int)name.size : 8, name.size ? name.at : "no label", (int)line.size,
                 line.at, few ? " (fewer than there are parts)" : "");
    }
    if (a->classes.count > SHOWN_CLASSES)
        note("  ... and %zu more classes, %zu of all with fewer members than there are parts",
             a->classes.count - SHOWN_CLASSES, small);
    buffer_free(&line);
}
