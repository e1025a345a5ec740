#include "train/csv_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

void csv_log_open(struct csv_log *table, const char *path, const char *head, uint64_t size)
{
    *table = (struct csv_log){.path = memory_string(path ? path : "a table"), .size = size};
    table->fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666)
                     : file_temporary(table->path);
    if (table->fd < 0)
        die_errno("%s: cannot open", path);
    struct stat about;
    if (fstat(table->fd, &about) != 0)
        die_errno("%s: cannot stat", table->path);
    if ((uint64_t)about.st_size < size)
        die(STATUS_BROKEN, "%s: has %lld bytes, the checkpoint knows of %llu", table->path,
            (long long)about.st_size, (unsigned long long)size);
    if (ftruncate(table->fd, (off_t)size) != 0)
        die_errno("%s: cannot truncate", table->path);
    if (size == 0) {
        buffer_text(&table->row, head);
        csv_log_end_row(table);
    }
}

void csv_log_close(struct csv_log *table)
{
    csv_log_sync(table);
    file_close(table->fd, table->path);
    buffer_free(&table->row);
    free(table->path);
}

static void separate(struct csv_log *table)
{
    if (table->row.size > 0)
        buffer_byte(&table->row, ',');
}

void csv_log_integer(struct csv_log *table, uint64_t value)
{
    separate(table);
    buffer_format(&table->row, "%" PRIu64, value);
}

void csv_log_number(struct csv_log *table, double value)
{
    separate(table);
    if (isfinite(value))
        buffer_number(&table->row, value);
}

void csv_log_end_row(struct csv_log *table)
{
    buffer_byte(&table->row, '\n');
    file_write(table->fd, table->row.at, table->row.size, table->path);
    table->size += table->row.size;
    table->row.size = 0;
}

void csv_log_sync(struct csv_log *table)
{
    if (fsync(table->fd) != 0)
        die_errno("%s: cannot sync", table->path);
}
