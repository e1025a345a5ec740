#include "train/journal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

void journal_open(struct journal *j, const char *path, const char *head, uint64_t size)
{
    *j = (struct journal){.path = memory_string(path ? path : "a table"), .size = size};
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
        journal_end_row(j);
    }
}

void journal_close(struct journal *j)
{
    journal_sync(j);
    file_close(j->fd, j->path);
    buffer_free(&j->row);
    free(j->path);
}

static void separate(struct journal *j)
{
    if (j->row.size > 0)
        buffer_byte(&j->row, ',');
}

void journal_integer(struct journal *j, uint64_t value)
{
    separate(j);
    buffer_format(&j->row, "%" PRIu64, value);
}

void journal_number(struct journal *j, double value)
{
    separate(j);
    if (isfinite(value))
        buffer_number(&j->row, value);
}

void journal_end_row(struct journal *j)
{
    buffer_byte(&j->row, '\n');
    file_write(j->fd, j->row.at, j->row.size, j->path);
    j->size += j->row.size;
    j->row.size = 0;
}

void journal_sync(struct journal *j)
{
    if (fsync(j->fd) != 0)
        die_errno("%s: cannot sync", j->path);
}
