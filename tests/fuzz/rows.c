/* Any bytes as rows: CSV, TSV, JSON Lines, text, in UTF-8 and other encodings.  The first byte chooses; bad
 * rows are skipped or marked, and what cannot be read at all ends in die(), which is caught. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "text/columns.h"
#include "text/labels.h"
#include "text/placeholders.h"
#include "live.h"
#include "text/encoding.h"
#include "text/rows.h"
#include "text/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf died;

static void on_death(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_INPUT && status != STATUS_USAGE)
        abort(); /* no input is a reason for a system failure */
    longjmp(died, 1);
}

static void insist(int so)
{
    if (!so)
        abort();
}

/* Everything handed out keeps the promises of rows.h. */
static void check_row(const struct row *row, size_t fields, struct buffer *store, uint64_t *counts)
{
    if (row->bad)
        return;
    insist(row->number > 0 && row->line > 0);
    for (size_t i = 0; i < fields; i++) {
        struct slice text = row->fields[i];
        if (!text.at)
            continue;
        insist(utf8_invalid_at(text) == text.size && !text_facts(text).nul);
        text_doubly_encoded(text);
        struct slice kept = placeholders_apply(PLACEHOLDERS_DROP, text, store, counts);
        insist(kept.size <= text.size);
    }
}

static void read_rows(const char *path, const struct rows_options *options)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", path);
    char *paths[] = {copy};
    struct columns columns;
    struct labels labels;
    struct buffer store = {0};
    uint64_t counts[PLACEHOLDER_NAMES] = {0}, handed = 0;
    struct rows *rows = rows_open(paths, 1, options);
    columns_find(&columns, rows, path, &(struct column_wishes){0});
    labels_init(&labels, LABEL_WISH_AUTO, NULL);
    for (struct row row; rows_next(rows, &row); handed++) {
        check_row(&row, columns.count, &store, counts);
        if (columns.at[COLUMN_LABEL] >= 0 && row.fields[columns.at[COLUMN_LABEL]].at)
            labels_observe(&labels, row.fields[columns.at[COLUMN_LABEL]]);
    }
    columns_end(&columns);
    labels_decide(&labels);
    insist(handed + (options->bad_rows[1] == 'k' ? rows_bad(rows) : 0) == rows_count(rows));
    labels_free(&labels);
    columns_free(&columns);
    buffer_free(&store);
}

static const char *const encodings[] = {NULL, NULL, NULL, "windows-1252", "utf-16", "shift-jis"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint8_t choice = data[0];
    struct rows_options options = {
        .format = choice & 7 ? ROWS_AUTO : ROWS_TEXT,
        .bad_rows = choice & 8 ? "skip" : "mark",
        .encoding = encodings[(choice >> 4) % 6],
    };
    int fd = memfd_create("rows", 0);
    insist(fd >= 0);
    if (choice & 1)
        file_write(fd, "text,label,id\n", 14, "rows"); /* most inputs get past their header row */
    file_write(fd, data + 1, size - 1, "rows");
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    error_set_hook(on_death);
    error_set_quiet(true);
    live_begin();
    if (setjmp(died) == 0)
        read_rows(path, &options);
    live_end();
    close_range((unsigned)fd, ~0u, 0); /* what a death left open, too */
    return 0;
}
