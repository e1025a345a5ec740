/* What the tests of streams share: streams in memory, and reading one to its end without dying. */
#ifndef RUBRIC_TESTS_STREAM_SAMPLE_H
#define RUBRIC_TESTS_STREAM_SAMPLE_H

#include <setjmp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "stream/msgpack.h"
#include "stream/stream.h"

/* A file in memory and the path that opens it. */
struct memory_file {
    int fd;
    char path[40];
};

static inline struct memory_file memory_file(const void *bytes, size_t size)
{
    struct memory_file file = {.fd = memfd_create("stream", MFD_CLOEXEC)};
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    if (file.fd < 0 || write(file.fd, bytes, size) != (ssize_t)size) {
        perror("memory_file");
        exit(EXIT_FAILURE);
    }
    return file;
}

static inline struct buffer memory_file_bytes(const struct memory_file *file)
{
    struct buffer all = {0};
    lseek(file->fd, 0, SEEK_SET);
    for (ssize_t got; (got = read(file->fd, buffer_reserve(&all, 65536), 65536)) > 0;)
        all.size += (size_t)got;
    return all;
}

/* The end of an attempt: STATUS_GOOD, or what die() said. */
struct outcome {
    enum status status;
    char message[2048];
    size_t segments, records;
    bool sealed;
};

static jmp_buf attempt_end;
static struct outcome attempt;

static inline void attempt_died(enum status status, const char *message)
{
    attempt.status = status;
    snprintf(attempt.message, sizeof attempt.message, "%s", message);
    longjmp(attempt_end, 1);
}

/* Runs `step` and says how it ended. */
static inline struct outcome attempted(void (*step)(void *), void *with)
{
    attempt = (struct outcome){0};
    error_set_hook(attempt_died);
    if (setjmp(attempt_end) == 0)
        step(with);
    error_set_hook(NULL);
    return attempt;
}

static struct outcome *attempt_shared;

static inline void attempt_child_died(enum status status, const char *message)
{
    attempt_shared->status = status;
    snprintf(attempt_shared->message, sizeof attempt_shared->message, "%s", message);
    _exit(0);
}

/* The same in a process of its own: what `step` held when it died is gone with it. */
static inline struct outcome attempted_apart(void (*step)(void *), void *with)
{
    attempt_shared = mmap(NULL, sizeof *attempt_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);
    if (attempt_shared == MAP_FAILED)
        die_errno("mmap");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        error_set_hook(attempt_child_died);
        step(with);
        _exit(0);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die(STATUS_SYSTEM, "a child ended with %#x", (unsigned)status);
    struct outcome got = *attempt_shared;
    munmap(attempt_shared, sizeof *attempt_shared);
    return got;
}

/* Reads a stream of `size` bytes to its end, every ids of it too. */
struct reading {
    struct stream_reader *reader;
    struct header header;
    struct int_array ids;
    unsigned kinds;
};

static inline void read_to_end(void *with)
{
    struct reading *r = with;
    while (stream_next(r->reader, &r->header, r->kinds ? r->kinds : KIND_ANY)) {
        attempt.segments++;
        for (struct record *record; stream_read(r->reader, &record);) {
            attempt.records++;
            record_ids(record, "ids", &r->ids);
        }
        attempt.sealed = stream_sealed(r->reader);
        header_free(&r->header);
    }
}

static inline struct outcome read_bytes(const void *bytes, size_t size, unsigned kinds)
{
    struct memory_file file = memory_file(bytes, size);
    char *paths[] = {file.path};
    struct reading r = {.reader = stream_open(paths, 1), .kinds = kinds};
    struct outcome got = attempted(read_to_end, &r);
    stream_close(r.reader);
    header_free(&r.header);
    free(r.ids.at);
    close(file.fd);
    return got;
}

#endif
