#include "train/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { WRITE_BUFFER = 1 << 16 };

/* Bytes at positions 0 .. size-1: those below `resident` in memory, the rest in a file at the same positions
 * (there is a hole before them, which takes no space). */
struct tape {
    char *at;
    size_t resident, capacity;
    uint64_t *left;        /* the spool's: bytes that it may still keep in memory */
    bool spilled;          /* nothing more goes to memory */
    int fd;                /* -1 until something spilled */
    uint64_t written;      /* bytes in the file, without the hole */
    struct buffer pending; /* not yet written */
};

struct spool {
    const char *what;
    struct tape data, ends; /* `ends`: the position behind each entry, 8 bytes each */
    uint64_t left, count;
};

struct spool *spool_new(uint64_t limit, const char *what)
{
    struct spool *spool = memory_zeroed(1, sizeof *spool);
    spool->what = what;
    spool->left = limit;
    spool->ends = (struct tape){.fd = -1, .left = &spool->left};
    spool->data = (struct tape){.fd = -1, .left = &spool->left};
    return spool;
}

static void tape_free(struct tape *tape)
{
    free(tape->at);
    buffer_free(&tape->pending);
    if (tape->fd >= 0)
        close(tape->fd);
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    tape_free(&spool->data);
    tape_free(&spool->ends);
    free(spool);
}

static void tape_flush(struct tape *tape)
{
    file_write(tape->fd, tape->pending.at, tape->pending.size,
               "the temporary file (TMPDIR chooses its place)");
    tape->written += tape->pending.size;
    tape->pending.size = 0;
}

static uint64_t tape_size(const struct tape *tape)
{
    return tape->resident + tape->written + tape->pending.size;
}

/* Memory grows by doubling, but never to more than what is left; pages count when they are written to. */
static void tape_keep(struct tape *tape, const void *bytes, size_t size)
{
    if (tape->resident + size > tape->capacity) {
        size_t wanted = tape->capacity * 2 > tape->resident + size ? tape->capacity * 2
                                                                   : tape->resident + size;
        size_t most = tape->resident + (size_t)*tape->left;
        tape->capacity = wanted > most ? most : wanted;
        tape->at = memory_resize(tape->at, tape->capacity, 1);
    }
    memcpy(tape->at + tape->resident, bytes, size);
    tape->resident += size;
    *tape->left -= size;
}

/* What is written next goes to this position of the file. */
static void tape_seek(const struct tape *tape, uint64_t position)
{
    if (lseek(tape->fd, (off_t)position, SEEK_SET) < 0)
        die_errno("cannot write to the temporary file (TMPDIR chooses its place)");
}

static void tape_open(struct tape *tape, const char *what)
{
    if (tape->spilled)
        return;
    tape->spilled = true;
    tape->fd = file_temporary(what);
    tape_seek(tape, tape->resident);
}

/* What is in memory goes to the file, into the hole. */
static void tape_empty(struct tape *tape, const char *what)
{
    tape_open(tape, what);
    tape_seek(tape, 0);
    file_write(tape->fd, tape->at, tape->resident, "the temporary file (TMPDIR chooses its place)");
    tape->written += tape->resident;
    tape_seek(tape, tape->written);
    free(tape->at);
    tape->at = NULL;
    tape->resident = tape->capacity = 0;
}

/* One entry lies wholly in memory or wholly in the file. */
static void tape_append(struct tape *tape, const void *bytes, size_t size, const char *what)
{
    if (size == 0)
        return;
    if (!tape->spilled && size <= *tape->left) {
        tape_keep(tape, bytes, size);
        return;
    }
    tape_open(tape, what);
    buffer_append(&tape->pending, bytes, size);
    if (tape->pending.size >= WRITE_BUFFER)
        tape_flush(tape);
}

static struct slice tape_read(const struct tape *tape, uint64_t from, size_t size, struct buffer *into)
{
    if (size == 0)
        return (struct slice){"", 0};
    if (from < tape->resident)
        return (struct slice){tape->at + from, size};
    into->size = 0;
    char *to = buffer_reserve(into, size);
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(tape->fd, to + done, size - done, (off_t)(from + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            die_errno("cannot read back from the temporary file");
        if (got == 0)
            die(STATUS_SYSTEM, "the temporary file is shorter than what was written to it");
        done += (size_t)got;
    }
    into->size = size;
    return (struct slice){to, size};
}

void spool_append(struct spool *spool, const void *bytes, size_t size)
{
    tape_append(&spool->data, bytes, size, spool->what);
    uint64_t end = tape_size(&spool->data);
    tape_append(&spool->ends, &end, sizeof end, spool->what);
    spool->count++;
}

void spool_limit(struct spool *spool, uint64_t limit)
{
    if (spool_resident(spool) > limit) {
        tape_empty(&spool->data, spool->what);
        tape_empty(&spool->ends, spool->what);
    }
    spool->left = limit - spool_resident(spool);
}

void spool_seal(struct spool *spool)
{
    if (spool->data.fd >= 0)
        tape_flush(&spool->data);
    if (spool->ends.fd >= 0)
        tape_flush(&spool->ends);
    buffer_free(&spool->data.pending);
    buffer_free(&spool->ends.pending);
}

uint64_t spool_count(const struct spool *spool) { return spool->count; }

uint64_t spool_resident(const struct spool *spool) { return spool->data.resident + spool->ends.resident; }

static uint64_t entry_end(const struct spool *spool, uint64_t index, struct buffer *into)
{
    uint64_t end;
    memcpy(&end, tape_read(&spool->ends, index * sizeof end, sizeof end, into).at, sizeof end);
    return end;
}

struct slice spool_get(const struct spool *spool, uint64_t index, struct buffer *into)
{
    uint64_t from = index > 0 ? entry_end(spool, index - 1, into) : 0;
    uint64_t end = entry_end(spool, index, into);
    return tape_read(&spool->data, from, (size_t)(end - from), into);
}
