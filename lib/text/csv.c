#include "text/csv.h"

#include <string.h>

/* How far csv_resume looks into a field before it gives a line up: bounds its work per line. */
enum { RESUME_LIMIT = 64 << 10 };

/* The closing quote of the field that begins at `at`, or NULL; notes doubled quotes on the way. */
static const char *closing_quote(const char *at, const char *end, bool *doubled)
{
    *doubled = false;
    while ((at = memchr(at, '"', (size_t)(end - at)))) {
        if (at + 1 == end || at[1] != '"')
            return at;
        *doubled = true;
        at += 2;
    }
    return NULL;
}

static bool add_field(struct csv_row *row, const char *at, const char *end, bool quoted, bool doubled)
{
    memory_grow(&row->fields, &row->capacity, row->count + 1, sizeof *row->fields);
    row->fields[row->count++] = (struct csv_field){{at, (size_t)(end - at)}, quoted, doubled};
    return row->count < CSV_COLUMN_LIMIT;
}

static void end_row(struct csv_row *row, const char *end, const char *next)
{
    row->end = end;
    row->next = next;
}

/* What follows a field's last byte. */
enum after { AFTER_DELIMITER, AFTER_LINE, AFTER_MORE, AFTER_STRAY };

static enum after after_quote(struct csv_row *row, const char *at, const char *end, bool final,
                              char delimiter)
{
    if (at == end || (*at == '\r' && at + 1 == end)) {
        end_row(row, at, end);
        return final ? AFTER_LINE : AFTER_MORE;
    }
    if (*at == delimiter)
        return AFTER_DELIMITER;
    size_t line_end = *at == '\n' ? 1 : *at == '\r' && at[1] == '\n' ? 2 : 0;
    if (line_end == 0)
        return AFTER_STRAY;
    end_row(row, at, at + line_end);
    return AFTER_LINE;
}

enum csv_result csv_scan(struct csv_row *row, const char *at, const char *end, bool final, char delimiter,
                         size_t field_limit)
{
    const char *line_end = NULL; /* of the line in which `at` lies, where known */
    row->count = 0;
    for (;;) {
        const char *field = at;
        if (at < end && *at == '"') {
            bool doubled;
            const char *close = closing_quote(++field, end, &doubled);
            row->stop = at;
            if ((size_t)((close ? close : end) - field) > field_limit)
                return CSV_LONG;
            if (!close)
                return final ? CSV_OPEN : CSV_MORE;
            row->stop = close + 1;
            enum after after = after_quote(row, close + 1, end, final, delimiter);
            if (after == AFTER_STRAY)
                return CSV_STRAY;
            if (after == AFTER_MORE)
                return CSV_MORE;
            if (!add_field(row, field, close, true, doubled))
                return CSV_LONG;
            if (after == AFTER_LINE)
                return CSV_FOUND;
            at = close + 2;
            continue;
        }
        if (!line_end || line_end < at)
            line_end = memchr(at, '\n', (size_t)(end - at));
        const char *limit = line_end ? line_end : end;
        const char *found = memchr(at, delimiter, (size_t)(limit - at));
        row->stop = at;
        if ((size_t)((found ? found : limit) - at) > field_limit)
            return CSV_LONG;
        if (found) {
            if (!add_field(row, field, found, false, false))
                return CSV_LONG;
            at = found + 1;
            continue;
        }
        if (!line_end && !final)
            return CSV_MORE;
        const char *last = limit > field && limit[-1] == '\r' ? limit - 1 : limit;
        if (!add_field(row, field, last, false, false))
            return CSV_LONG;
        end_row(row, last, line_end ? line_end + 1 : end);
        return CSV_FOUND;
    }
}

/* A row as a careful writer would have written it: the right number of fields, and none that holds a
 * quote without being quoted, as the rest of a torn field does. */
static bool looks_whole(const struct csv_row *row, size_t count)
{
    if (row->count != count)
        return false;
    for (size_t i = 0; i < row->count; i++) {
        struct slice text = row->fields[i].text;
        if (!row->fields[i].quoted && memchr(text.at, '"', text.size))
            return false;
    }
    return true;
}

const char *csv_resume(struct csv_row *row, const char *at, const char *end, bool final, char delimiter,
                       size_t count)
{
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        if (++at == end)
            break;
        enum csv_result result = csv_scan(row, at, end, final, delimiter, RESUME_LIMIT);
        if (result == CSV_MORE)
            return NULL;
        if (result == CSV_FOUND && looks_whole(row, count))
            return at;
    }
    return final ? end : NULL;
}

void csv_unquote(struct buffer *to, struct slice text)
{
    char *out = buffer_reserve(to, text.size);
    for (const char *at = text.at, *end = at + text.size; at < end;) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        size_t size = (size_t)((quote ? quote + 1 : end) - at);
        memcpy(out, at, size);
        out += size;
        at += quote ? size + 1 : size;
    }
    to->size = (size_t)(out - to->at);
}

char csv_find_delimiter(const char *at, const char *end)
{
    static const char candidates[] = ",;\t";
    size_t counts[sizeof candidates - 1] = {0};
    bool quoted = false;
    for (; at < end && (quoted || *at != '\n'); at++) {
        const char *found = *at && !quoted ? strchr(candidates, *at) : NULL;
        if (*at == '"')
            quoted = !quoted;
        else if (found)
            counts[found - candidates]++;
    }
    size_t best = 0;
    for (size_t i = 1; i < sizeof candidates - 1; i++)
        if (counts[i] > counts[best])
            best = i;
    return candidates[best];
}
