#include "train/class_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"

enum { FILE_LIMIT = 1 << 20 };

static void set_balanced(double *weights, const double *counts, size_t k)
{
    double n = 0, present = 0;
    for (size_t c = 0; c < k; c++) {
        n += counts[c];
        present += counts[c] > 0;
    }
    for (size_t c = 0; c < k; c++)
        weights[c] = counts[c] > 0 ? n / (present * counts[c]) : 1;
}

static void set_effective(double *weights, const double *counts, size_t k)
{
    const double b = 0.999;
    double n = 0, sum = 0;
    for (size_t c = 0; c < k; c++) {
        weights[c] = counts[c] > 0 ? (1 - b) / (1 - pow(b, counts[c])) : 0;
        n += counts[c];
        sum += counts[c] * weights[c];
    }
    for (size_t c = 0; c < k; c++)
        weights[c] = counts[c] > 0 ? weights[c] * n / sum : 1;
}

static ptrdiff_t class_called(const struct classes *classes, struct slice name)
{
    struct buffer text = {0};
    ptrdiff_t found = -1;
    for (size_t c = 0; c < classes->count && found < 0; c++) {
        text.size = 0;
        label_print(&text, &classes->list[c]);
        if (text.size == name.size && memcmp(text.at, name.at, name.size) == 0)
            found = (ptrdiff_t)c;
    }
    buffer_free(&text);
    return found;
}

/* A label may hold blanks: the weight is what stands behind the last one. */
static void read_line(double *weights, bool *named, const struct classes *classes, const char *path,
                      size_t number, struct slice line)
{
    while (line.size && strchr(" \t\r", line.at[line.size - 1]))
        line.size--;
    if (line.size == 0)
        return;
    size_t cut = line.size;
    while (cut > 0 && !strchr(" \t", line.at[cut - 1]))
        cut--;
    char *text = slice_string((struct slice){line.at + cut, line.size - cut});
    double weight;
    if (cut == 0 || !parse_number(text, 0, 1e9, &weight))
        die(STATUS_INPUT, "%s:%zu: \"%.*s\": expected a label, a blank and its weight", path, number,
            (int)line.size, line.at);
    free(text);
    while (cut > 0 && strchr(" \t", line.at[cut - 1]))
        cut--;
    ptrdiff_t c = class_called(classes, (struct slice){line.at, cut});
    if (c < 0)
        die(STATUS_INPUT, "%s:%zu: \"%.*s\" is not the label of a class", path, number, (int)cut, line.at);
    if (named[c])
        die(STATUS_INPUT, "%s:%zu: \"%.*s\" has a weight already", path, number, (int)cut, line.at);
    named[c] = true;
    weights[c] = weight;
}

static void set_from_file(double *weights, const struct classes *classes, const char *path)
{
    struct file_view file = file_view(path, FILE_LIMIT);
    const char *at = file.at, *end = file.at + file.size;
    bool *named = memory_zeroed(classes->count, sizeof *named);
    for (size_t c = 0; c < classes->count; c++)
        weights[c] = 1;
    for (size_t number = 1; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        read_line(weights, named, classes, path, number, (struct slice){at, (size_t)(stop - at)});
        at = stop + 1;
    }
    free(named);
    file_unview(&file);
}

static bool is_rule(const char *how)
{
    return !how || strcmp(how, "none") == 0 || strcmp(how, "balanced") == 0 || strcmp(how, "effective") == 0;
}

uint64_t class_weights_hash(const char *how)
{
    if (is_rule(how))
        return 0;
    struct file_view file = file_view(how, FILE_LIMIT);
    uint64_t hash = XXH3_64bits(file.at, file.size);
    file_unview(&file);
    return hash;
}

double *class_weights(const char *how, const struct classes *classes, const double *counts)
{
    if (!how || strcmp(how, "none") == 0)
        return NULL;
    if (classes->count == 0)
        die(STATUS_USAGE, "--class-weight %s needs classes, and these labels are measurements", how);
    double *weights = memory_new(classes->count, sizeof *weights);
    if (strcmp(how, "balanced") == 0)
        set_balanced(weights, counts, classes->count);
    else if (strcmp(how, "effective") == 0)
        set_effective(weights, counts, classes->count);
    else
        set_from_file(weights, classes, how);
    return weights;
}
