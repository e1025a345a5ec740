/* Any bytes as the JSON Lines of show --pack: they make a stream, every segment of it sealed, or end in die(). */
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "live.h"
#include "stream/jsonlines.h"
#include "stream/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf died;

static void on_death(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_BROKEN && status != STATUS_INPUT)
        abort(); /* nothing but the bytes can be at fault */
    longjmp(died, 1);
}

static int memory_file(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        abort();
    return fd;
}

/* Standard input reads that file from its beginning. */
static void read_from(int fd)
{
    if (dup2(fd, STDIN_FILENO) < 0 || lseek(fd, 0, SEEK_SET) != 0)
        abort();
}

static void pack(void)
{
    struct stream_writer *writer = stream_create("-");
    jsonlines_pack("-", writer);
    stream_finish(NULL, writer);
}

static void read_back(void)
{
    static char *standard_input[] = {"-"};
    struct stream_reader *in = stream_open(standard_input, 1);
    struct header header;
    struct buffer line = {0};
    while (stream_next(in, &header, KIND_ANY)) {
        for (struct record *record; stream_read(in, &record);) {
            line.size = 0;
            jsonlines_put_record(&line, record);
        }
        if (!stream_sealed(in))
            abort();
        header_free(&header);
    }
    buffer_free(&line);
    stream_close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int lines = memory_file("lines"), stream = memory_file("stream");
    if (write(lines, data, size) != (ssize_t)size || dup2(stream, STDOUT_FILENO) < 0)
        abort();
    error_set_quiet(true);
    error_set_hook(on_death);
    live_begin();
    read_from(lines);
    if (setjmp(died) == 0) {
        pack();
        /* Segments that do not go together are found by whoever reads them. */
        read_from(stream);
        read_back();
    }
    live_end();
    error_set_hook(NULL);
    close(lines);
    close(stream);
    return 0;
}
