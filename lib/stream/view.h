/* Records for people and for spreadsheets.  Everything is appended to a buffer that the caller writes out. */
#ifndef RUBRIC_STREAM_VIEW_H
#define RUBRIC_STREAM_VIEW_H

#include "base/csv_writer.h"
#include "stream/stream.h"

/* Turns ids into text; `with` is the caller's. */
typedef void view_decode(void *with, const int32_t *ids, size_t count, struct buffer *out);

/* Text, one paragraph a record: a line that names it, its kept columns, then what it carries.  Control
 * characters are escaped. */
struct text_view {
    view_decode *decode; /* NULL: ids are shown as numbers */
    void *with;
    bool colour;
    struct int_array ids, windows; /* kept from record to record */
};
void text_view_record(struct text_view *view, const struct record *record, const struct header *header,
                      struct buffer *out);
void text_view_free(struct text_view *view);

/* CSV: one row a record; arrays are numbers separated by spaces, prob one column for each label; a kept
 * column that has the title of a field's is called meta.NAME.  Which columns there are is decided by the
 * first 1,000 records (or 1 MiB of them), which are held back until then. */
struct csv_view;
struct csv_view *csv_view_new(const struct csv_options *options, bool escape);
void csv_view_record(struct csv_view *view, const struct record *record, const struct header *header,
                     struct buffer *out);
/* Writes what is held back; says how many values found no column. */
void csv_view_end(struct csv_view *view, struct buffer *out);
void csv_view_free(struct csv_view *view);

/* A value of a record as the next field: a string as a text, a number in its digits or (`score`) as a score,
 * an array with spaces between its values, anything else as JSON; empty where value.at is NULL. */
void csv_value(struct csv_writer *csv, struct slice value, bool score, struct buffer *out);

#endif
