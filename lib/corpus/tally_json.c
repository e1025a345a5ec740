/* The tally for programs: JSON and CSV. */
#include <math.h>

#include "base/json.h"
#include "base/terminal.h"
#include "corpus/tally.h"

static const char *const quantile_names[TALLY_QUANTILES] = {"least", "p5",  "p25", "median",
                                                            "p75",   "p95", "most"};

static json_t *lengths_json(const struct lengths *l)
{
    json_t *to = json_object();
    json_set(to, "n", json_count(l->n));
    for (int q = 0; q < TALLY_QUANTILES && l->n > 0; q++)
        json_set(to, quantile_names[q], json_count(lengths_quantile(l, tally_quantiles[q])));
    if (l->n > 0)
        json_set(to, "mean", json_finite(lengths_mean(l)));
    return to;
}

static json_t *part_name(const struct tally *t, size_t part)
{
    struct slice name = tally_part(t, part);
    return name.size ? json_text(name) : json_null();
}

static json_t *classes_json(const struct tally *t)
{
    json_t *classes = json_array();
    uint64_t labelled = t->n - tally_unlabelled(t);
    for (size_t c = 0; c < t->labels.count; c++) {
        json_t *class = json_object(), *counts = json_array();
        uint64_t total = tally_class_total(t, c);
        json_set(class, "label", label_to_plain_json(&t->labels.labels[c]));
        json_set(class, "n", json_count(total));
        json_set(class, "share", json_finite(labelled ? (double)total / (double)labelled : NAN));
        for (size_t p = 0; p < tally_parts(t); p++)
            json_add(counts, json_count(tally_count(t, c, p)));
        json_set(class, "parts", counts);
        json_add(classes, class);
    }
    return classes;
}

static json_t *parts_json(const struct tally *t)
{
    json_t *parts = json_array();
    for (size_t p = 0; p < tally_parts(t); p++) {
        json_t *part = json_object();
        size_t class;
        json_set(part, "part", part_name(t, p));
        json_set(part, "n", json_count(t->totals[p]));
        json_set(part, "unlabelled", json_count(t->unlabelled[p]));
        json_set(part, "majority", json_finite(tally_majority(t, (ptrdiff_t)p, &class)));
        json_add(parts, part);
    }
    return parts;
}

static json_t *values_json(const struct tally *t)
{
    json_t *values = json_object();
    const struct moments *m = &t->values;
    json_set(values, "least", json_finite(t->least));
    json_set(values, "most", json_finite(t->most));
    json_set(values, "mean", json_finite(m->mean_a));
    json_set(values, "deviation", json_finite(m->n > 1 ? sqrt(m->aa / (double)(m->n - 1)) : NAN));
    return values;
}

static json_t *histogram_json(const struct tally *t)
{
    json_t *bins = json_array();
    uint64_t width = tally_bin_width(t);
    uint64_t longest = t->words.most > t->tokens.most ? t->words.most : t->tokens.most;
    for (uint64_t from = 0; from <= longest && from <= LENGTHS_LIMIT; from += width) {
        json_t *bin = json_object();
        json_set(bin, "from", json_count(from));
        json_set(bin, "words", json_count(lengths_between(&t->words, from, from + width)));
        json_set(bin, "tokens", json_count(lengths_between(&t->tokens, from, from + width)));
        json_add(bins, bin);
    }
    return bins;
}

static json_t *tokens_json(const struct tally *t)
{
    json_t *to = json_object();
    json_set(to, "positions", t->positions > 0 ? json_integer(t->positions) : json_null());
    json_set(to, "over", json_count(t->over));
    json_set(to, "kept", json_count(t->kept));
    json_set(to, "cut", json_count(t->cut));
    json_set(to, "unknown", t->counts_unknown ? json_count(t->unknown) : json_null());
    json_set(to, "empty", json_count(t->empty));
    return to;
}

static json_t *duplicates_json(const struct duplicates *d)
{
    json_t *to = json_object();
    json_set(to, "records", json_count(d->repeats));
    json_set(to, "across_parts", json_count(d->across_parts));
    json_set(to, "conflicting_labels", json_count(d->conflicts));
    json_set(to, "memory", json_count(duplicates_memory(d)));
    return to;
}

json_t *tally_json(const struct tally *t)
{
    json_t *all = json_object();
    size_t class;
    json_set(all, "n", json_count(t->n));
    json_set(all, "kind", json_text(slice_of(stream_kind_name(t->kind))));
    json_set(all, "y", json_text(slice_of(label_type_name(t->labels.type))));
    json_set(all, "unlabelled", json_count(tally_unlabelled(t)));
    json_set(all, "majority", json_finite(tally_majority(t, -1, &class)));
    json_set(all, "parts", parts_json(t));
    json_set(all, "classes", t->labels.measure ? json_null() : classes_json(t));
    json_set(all, "values", t->labels.measure && t->values.n ? values_json(t) : json_null());
    json_set(all, "words", lengths_json(&t->words));
    json_set(all, "tokens", lengths_json(&t->tokens));
    json_set(all, "histogram", t->tokens.n ? histogram_json(t) : json_null());
    json_set(all, "truncation", t->tokens.n ? tokens_json(t) : json_null());
    bool looked = t->find_duplicates && t->kind != KIND_PREDICTIONS;
    json_set(all, "duplicates", looked ? duplicates_json(&t->duplicates) : json_null());
    return all;
}

/* ---- CSV: what, part, name, value ---- */

struct table {
    struct csv_writer *csv;
    struct buffer *out;
};

static void put_row(const struct table *to, const char *what, struct slice part, struct slice name,
                    uint64_t value)
{
    csv_text(to->csv, slice_of(what), to->out);
    csv_text(to->csv, part, to->out);
    csv_text(to->csv, name, to->out);
    csv_integer(to->csv, (int64_t)value, to->out);
}

static void put_class(const struct table *to, struct slice part, const struct label *label, uint64_t count)
{
    struct buffer text = {0};
    label_print(&text, label);
    put_row(to, "class", part, (struct slice){text.at, text.size}, count);
    buffer_free(&text);
}

static void put_lengths(const struct table *to, const char *what, const struct lengths *l)
{
    for (int q = 0; q < TALLY_QUANTILES && l->n > 0; q++)
        put_row(to, what, SLICE(""), slice_of(quantile_names[q]), lengths_quantile(l, tally_quantiles[q]));
}

void tally_csv(const struct tally *t, struct csv_writer *csv, struct buffer *out)
{
    static const char *const titles[] = {"what", "part", "name", "value"};
    const struct table table = {csv, out}, *to = &table;
    csv_begin(csv, 4, out);
    for (size_t i = 0; i < 4; i++)
        csv_text(csv, slice_of(titles[i]), out);
    for (size_t p = 0; p < tally_parts(t); p++) {
        for (size_t c = 0; c < t->labels.count; c++)
            put_class(to, tally_part(t, p), &t->labels.labels[c], tally_count(t, c, p));
        put_row(to, "records", tally_part(t, p), SLICE("unlabelled"), t->unlabelled[p]);
        put_row(to, "records", tally_part(t, p), SLICE("all"), t->totals[p]);
    }
    put_lengths(to, "words", &t->words);
    put_lengths(to, "tokens", &t->tokens);
    if (t->tokens.n) {
        put_row(to, "truncation", SLICE(""), SLICE("over"), t->over);
        put_row(to, "truncation", SLICE(""), SLICE("kept"), t->kept);
        put_row(to, "truncation", SLICE(""), SLICE("cut"), t->cut);
        put_row(to, "truncation", SLICE(""), SLICE("empty"), t->empty);
        if (t->counts_unknown)
            put_row(to, "truncation", SLICE(""), SLICE("unknown"), t->unknown);
    }
    if (t->find_duplicates && t->kind != KIND_PREDICTIONS) {
        put_row(to, "duplicates", SLICE(""), SLICE("records"), t->duplicates.repeats);
        put_row(to, "duplicates", SLICE(""), SLICE("across_parts"), t->duplicates.across_parts);
        put_row(to, "duplicates", SLICE(""), SLICE("conflicting_labels"), t->duplicates.conflicts);
    }
    csv_end(csv);
}
