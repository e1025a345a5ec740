/* Predictions for people: CSV and a table. */
#ifndef RUBRIC_PREDICT_PREDICTION_CSV_H
#define RUBRIC_PREDICT_PREDICTION_CSV_H

#include "base/csv_writer.h"
#include "base/options.h"
#include "stream/stream.h"

/* What stands where.  A column is "SOURCE" or "TITLE=SOURCE"; a source is id, pred, score, prob (one column
 * for each class), prob_CLASS, logits, reason (why there is no score), any other field, or a kept column
 * (meta.NAME where a field has that name).  No columns: id, the kept columns in the order in which they are
 * met (titled meta.NAME where another has that title), y where a record has a label, pred, score, prob,
 * reason.
 *
 * Columns are decided by the first 1,000 records (or 1 MiB of them), which are held back until then, and the
 * classes of the first segment; a source that is neither known nor in one of these records is refused
 * (STATUS_USAGE).  `escape`: as csv_writer_new has it. */
struct prediction_csv;
struct prediction_csv *prediction_csv_new(const struct csv_options *options, const struct text_list *columns,
                                          bool escape);
void prediction_csv_free(struct prediction_csv *csv);

/* Before the records of each segment: its header, of which the first is copied. */
void prediction_csv_begin(struct prediction_csv *csv, const struct header *header);

/* Appends a record's line, or holds it back; the titles come before the first. */
void prediction_csv_record(struct prediction_csv *csv, const struct record *record, struct buffer *out);

/* After the last segment: appends what is held back (the titles also where there was no record at all); says
 * how many values found no column. */
void prediction_csv_end(struct prediction_csv *csv, struct buffer *out);

/* One line of a table for a terminal: id, pred, score, the probability of pred; or the reason.  The titles
 * come with `first`. */
void prediction_table_record(const struct record *record, const struct header *header, bool first,
                             struct buffer *out);

#endif
