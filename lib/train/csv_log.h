/* A table that grows while training goes on (log.csv, epochs.csv).  Rows reach the file one by one; after an
 * interruption it is truncated to the size that the checkpoint knows. */
#ifndef RUBRIC_TRAIN_CSV_LOG_H
#define RUBRIC_TRAIN_CSV_LOG_H

#include <stdint.h>

#include "base/memory.h"

struct csv_log {
    char *path;
    int fd;
    uint64_t size;     /* bytes written */
    struct buffer row; /* the row being made */
};

/* Opens `path` (kept as a copy): a new file with the line `head`, or, when `size` is not 0, the first `size`
 * bytes of what is there (STATUS_BROKEN when there are fewer).  NULL: a temporary file, gone with the
 * process. */
void csv_log_open(struct csv_log *table, const char *path, const char *head, uint64_t size);
void csv_log_close(struct csv_log *table);

/* Cells of a row, and its end.  A number that is not finite is an empty cell. */
void csv_log_integer(struct csv_log *table, uint64_t value);
void csv_log_number(struct csv_log *table, double value);
void csv_log_end_row(struct csv_log *table);

/* Returns when the rows written are on the disk. */
void csv_log_sync(struct csv_log *table);

#endif
