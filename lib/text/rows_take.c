#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "text/rows_internal.h"

static void reject(struct rows *rows, struct row *row, enum bad_row reason, const char *format,
                   va_list arguments)
{
    if (!row->ours)
        return;
    char message[1500];
    int used = snprintf(message, sizeof message, "%s:%" PRIu64 ": ", file_name(row->file), row->line);
    if (used < 0 || (size_t)used >= sizeof message)
        used = 0;
    vsnprintf(message + used, sizeof message - (size_t)used, format, arguments);
    row->bad = rejects_add(&rows->rejects, reason, message, row->raw);
}

void rows_reject(struct rows *rows, struct row *row, enum bad_row reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    reject(rows, row, reason, format, arguments);
    va_end(arguments);
}

const char *rows_place(const struct row *row, size_t offset, char *text, size_t capacity)
{
    struct text_position at = text_position(row->raw, offset);
    snprintf(text, capacity, "line %" PRIu64 ", column %" PRIu64, row->line + at.line - 1, at.column);
    return text;
}

static void reject_encoding(struct rows *rows, struct row *row, size_t offset)
{
    char where[64];
    const char *at = row->raw.at + offset;
    int marked = rows->in.decoder ? decoder_marked(at, row->raw.size - offset) : -1;
    rows_place(row, offset, where, sizeof where);
    if (marked >= 0)
        rows_reject(rows, row, BAD_ENCODING, "byte 0x%02x at %s is not %s text (--encoding)", marked, where,
                    decoder_name(rows->in.decoder));
    else
        rows_reject(
            rows, row, BAD_ENCODING,
            "byte 0x%02x at %s is not UTF-8: name the file's encoding, such as --encoding windows-1252",
            (unsigned char)*at, where);
}

bool rows_bytes_good(struct rows *rows, struct row *row, struct text_facts facts)
{
    if (facts.nul) {
        char where[64];
        const char *nul = memchr(row->raw.at, 0, row->raw.size);
        rows_reject(rows, row, BAD_NUL, "a NUL byte at %s: expected text (UTF-16 needs --encoding UTF-16)",
                    rows_place(row, nul ? (size_t)(nul - row->raw.at) : 0, where, sizeof where));
        return false;
    }
    size_t invalid = facts.ascii ? row->raw.size : utf8_invalid_at(row->raw);
    if (invalid == row->raw.size)
        return true;
    reject_encoding(rows, row, invalid);
    return false;
}

bool rows_skip_empty(struct rows *rows)
{
    struct input *in = &rows->in;
    while (in->used < in->bytes.size) {
        const char *at = in->bytes.at + in->used;
        size_t left = in->bytes.size - in->used, size = 0;
        if (rows->skip_line) {
            const char *newline = memchr(at, '\n', left);
            rows->skip_line = !newline;
            size = newline ? (size_t)(newline - at) + 1 : left;
        } else if (rows->format == ROWS_TEXT) {
            return true;
        } else if (*at == '\n') {
            size = 1;
        } else if (*at == '\r' && left == 1 && !in->ended) {
            return false;
        } else if (*at == '\r' && (left == 1 || at[1] == '\n')) {
            size = left == 1 ? 1 : 2;
        } else {
            return true;
        }
        rows->line += at[size - 1] == '\n';
        in->used += size;
        rows->bytes += size;
    }
    return false;
}

struct text_facts rows_take(struct rows *rows, struct row *row, const char *end, const char *next)
{
    const char *at = rows->in.bytes.at + rows->in.used;
    uint64_t shards = rows->options->shards;
    *row = (struct row){
        .file = rows->path,
        .number = ++rows->number,
        .line = rows->line,
        .fields = rows->fields,
        .raw = {at, (size_t)(end - at)},
        .ours = shards == 0 || rows->total % shards == rows->options->shard,
    };
    struct text_facts facts = text_facts((struct slice){at, (size_t)(next - at)});
    rows->line += facts.newlines;
    rows->in.used += (size_t)(next - at);
    rows->bytes += (uint64_t)(next - at);
    rows->total++;
    for (size_t i = 0; i < rows->wanted_count; i++)
        rows->fields[i] = (struct slice){0};
    return facts;
}

void rows_point_into_store(struct rows *rows)
{
    size_t offset = 0;
    for (size_t i = 0; i < rows->wanted_count; i++) {
        if (!rows->stored[i])
            continue;
        rows->fields[i].at = rows->store.at + offset;
        offset += rows->fields[i].size;
    }
}
