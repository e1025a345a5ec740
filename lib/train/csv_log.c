#include "train/csv_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

void csv_log_open(struct csv_log *j, const char *path, const char *head, uint64_t size)
{
    *j = (struct csv_log){.path = memory_string(path ? path : "a table"), .size = size};
    j->fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : file_temporary(j->path);
    if (j->fd < 0)
        die_errno("%s: cannot open", path);
    struct stat about;
    if (fstat(j->fd, &about) != 0)
        die_errno("%s: cannot stat", j->path);
    if ((uint64_t)about.st_size < size)
        die(STATUS_BROKEN, "%s: has %lld bytes, the checkpoint knows of %llu", j->path,
            (long long)about.st_size, (unsigned long long)size);
    if (ftruncate(j->fd, (off_t)size) != 0)
        die_errno("%s: cannot cut", j->path);
    if (size == 0) {
        buffer_text(&j->row, head);
        csv_log_end_row(j);
    }
}

void csv_log_close(struct csv_log *j)
{
    csv_log_sync(j);
    file_close(j->fd, j->path);
    buffer_free(&j->row);
    free(j->path);
}

static void separate(struct csv_log *j)
{
    if (j->row.size > 0)
        buffer_byte(&j->row, ',');
}

void csv_log_integer(struct csv_log *j, uint64_t value)
{
    separate(j);
    buffer_format(&j->row, "%" PRIu64, value);
}

void csv_log_number(struct csv_log *j, double value)
{
    separate(j);
    if (isfinite(value))
        buffer_number(&j->row, value);
}

void csv_log_end_row(struct csv_log *j)
{
    buffer_byte(&j->row, '\n');
    file_write(j->fd, j->row.at, j->row.size, j->path);
    j->size += j->row.size;
    j->row.size = 0;
}

void csv_log_sync(struct csv_log *j)
{
    if (fsync(j->fd) != 0)
        die_errno("%s: cannot sync", j->path);
}
