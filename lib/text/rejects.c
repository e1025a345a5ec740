#include "text/rejects.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/standard.h"

enum { PENDING_SIZE = 64 << 10 };

static const char *name_of(enum bad_row reason)
{
    static const char *const names[BAD_COUNT] = {
        [BAD_QUOTES] = "quotes", [BAD_FIELDS] = "fields", [BAD_ENCODING] = "encoding",
        [BAD_NUL] = "nul",       [BAD_LENGTH] = "length", [BAD_JSON] = "json",
        [BAD_TEXT] = "text",     [BAD_LABEL] = "label",   [BAD_VALUE] = "value",
    };
    return names[reason];
}

const char *rejects_file(const char *policy)
{
    static const char *const words[] = {"fail", "skip", "mark"};
    for (size_t i = 0; policy && i < sizeof words / sizeof *words; i++)
        if (strcmp(policy, words[i]) == 0)
            return NULL;
    return policy;
}

void rejects_open(struct rejects *r, const char *policy, bool force, char *const *inputs, size_t count)
{
    *r = (struct rejects){.fail = !policy || strcmp(policy, "fail") == 0};
    r->mark = !r->fail && strcmp(policy, "mark") == 0;
    if (!rejects_file(policy))
        return;
    if (strcmp(policy, "-") == 0 || !*policy)
        die(STATUS_USAGE, "--bad-rows is '%s': expected fail, skip, mark or the name of a file", policy);
    standard_spare_inputs(policy, inputs, count);
    r->path = policy;
    r->output = file_output_open(policy, force, true);
}

static void write_line(struct rejects *r, struct slice text)
{
    struct slice line_end = slice_of(r->line_end);
    if (r->decoder) {
        decoder_restore(r->decoder, text, &r->pending);
        decoder_restore(r->decoder, line_end, &r->pending);
    } else {
        buffer_append(&r->pending, text.at, text.size);
        buffer_append(&r->pending, line_end.at, line_end.size);
    }
}

static void flush(struct rejects *r)
{
    file_output_write(&r->output, r->pending.at, r->pending.size);
    r->pending.size = 0;
}

void rejects_begin(struct rejects *r, const char *file, struct slice header, bool byte_order_mark, bool crlf,
                   const struct decoder *decoder)
{
    if (!r->path)
        return;
    char *copy = slice_string(header);
    if (r->header) {
        if (strcmp(copy, r->header) != 0)
            die(STATUS_USAGE,
                "%s: its header row is not that of %s, so %s cannot hold the rejects of both (run once per "
                "file)",
                file_name(file), file_name(r->first_file), r->path);
        if (!decoder_same(decoder, r->decoder))
            die(STATUS_USAGE,
                "%s: its encoding is not that of %s, so %s cannot hold the rejects of both (run once per "
                "file)",
                file_name(file), file_name(r->first_file), r->path);
        free(copy);
        return;
    }
    r->header = copy;
    r->decoder = decoder_copy(decoder);
    r->line_end = crlf ? "\r\n" : "\n";
    r->first_file = file;
    if (byte_order_mark && decoder)
        decoder_restore(r->decoder, SLICE("\xef\xbb\xbf"), &r->pending);
    else if (byte_order_mark)
        buffer_text(&r->pending, "\xef\xbb\xbf");
    if (header.size > 0)
        write_line(r, header);
}

const char *rejects_add(struct rejects *r, enum bad_row reason, const char *message, struct slice raw)
{
    if (r->fail)
        die(STATUS_INPUT, "%s", message);
    if (!r->first)
        r->first = memory_string(message);
    r->counts[reason]++;
    if (r->path) {
        write_line(r, raw);
        if (r->pending.size > PENDING_SIZE)
            flush(r);
    }
    if (!r->mark)
        return NULL;
    r->last.size = 0;
    buffer_append(&r->last, message, strlen(message) + 1);
    return r->last.at;
}

uint64_t rejects_total(const struct rejects *r)
{
    uint64_t total = 0;
    for (int reason = 0; reason < BAD_COUNT; reason++)
        total += r->counts[reason];
    return total;
}

json_t *rejects_json(const struct rejects *r)
{
    if (rejects_total(r) == 0)
        return NULL;
    json_t *counts = json_object();
    for (int reason = 0; reason < BAD_COUNT; reason++)
        if (r->counts[reason])
            json_object_set_new(counts, name_of((enum bad_row)reason),
                                json_integer((json_int_t)r->counts[reason]));
    return counts;
}

static void report(const struct rejects *r)
{
    struct buffer reasons = {0};
    for (int reason = 0; reason < BAD_COUNT; reason++)
        if (r->counts[reason])
            buffer_format(&reasons, "%s%s %" PRIu64, reasons.size ? ", " : "", name_of((enum bad_row)reason),
                          r->counts[reason]);
    buffer_byte(&reasons, '\0');
    uint64_t total = rejects_total(r);
    warn("%" PRIu64 " bad row%s %s (%s)%s%s; the first: %s", total, total == 1 ? "" : "s",
         r->mark ? "marked" : "left out", reasons.at, r->path ? ", written to " : "", r->path ? r->path : "",
         r->first);
    buffer_free(&reasons);
}

void rejects_finish(struct rejects *r)
{
    if (r->path) {
        flush(r);
        file_output_close(&r->output);
    }
    if (r->first)
        report(r);
}

void rejects_free(struct rejects *r)
{
    buffer_free(&r->pending);
    buffer_free(&r->last);
    decoder_free(r->decoder);
    free(r->header);
    free(r->first);
}
