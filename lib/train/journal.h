/* Tables that grow while training goes on: log.csv and epochs.csv.  Rows reach the file one by one; after an
 * interruption the file is cut back to the size that the checkpoint knows. */
#ifndef RUBRIC_TRAIN_JOURNAL_H
#define RUBRIC_TRAIN_JOURNAL_H

#include <stdint.h>

#include "base/memory.h"

struct journal {
    char *path;
    int fd;
    uint64_t size;
    struct buffer row; /* the row being made */
};

/* Opens `path` (kept as a copy): new with the line `head`, or, when `size` is not 0, as the first `size`
 * bytes of what is there (STATUS_BROKEN when there are fewer).  NULL: a table that goes with the process. */
void journal_open(struct journal *journal, const char *path, const char *head, uint64_t size);
void journal_close(struct journal *journal);

/* Cells of a row, and its end.  A number that is not finite is an empty cell. */
void journal_integer(struct journal *journal, uint64_t value);
void journal_number(struct journal *journal, double value);
void journal_end_row(struct journal *journal);

/* What was written is on the disk. */
void journal_sync(struct journal *journal);

#endif
