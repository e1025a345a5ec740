/* Any bytes as a stream: read whole, checked, and shown in every form.  What is broken must end in die(). */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "stream/check.h"
#include "stream/jsonlines.h"
#include "stream/stream.h"
#include "stream/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that an input needs, so that what is left after a jump can be released. */
static struct {
    jmp_buf end;
    struct stream_reader *reader;
    struct header header;
    struct record_checker checker;
    struct text_view view;
    struct csv_view *csv;
    struct buffer out;
} run;

static void jump(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_BROKEN && status != STATUS_INPUT)
        abort(); /* nothing but the bytes can be at fault */
    longjmp(run.end, 1);
}

static void read_all(void)
{
    while (stream_next(run.reader, &run.header, KIND_ANY)) {
        json_put_value(&run.out, run.header.map, 0);
        for (struct record *record; stream_read(run.reader, &record);) {
            run.out.size = 0;
            text_view_record(&run.view, record, &run.header, &run.out);
            csv_view_record(run.csv, record, &run.header, &run.out);
            jsonlines_put_record(&run.out, record);
            record_text(record, "meta.a", &run.out);
            record_set_string(record, "part", SLICE("train"));
            record_add_meta(record, SLICE("column"), SLICE("text"));
            record_pack(record, &run.out);
            record_check(&run.checker, record, &run.header);
        }
        header_free(&run.header);
    }
    csv_view_end(run.csv, &run.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("stream", MFD_CLOEXEC);
    char path[40], *paths[] = {path};
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    error_set_hook(jump);
    error_set_quiet(true);
    run.reader = stream_open(paths, 1);
    run.csv = csv_view_new(true);
    if (setjmp(run.end) == 0)
        read_all();
    error_set_hook(NULL);
    stream_close(run.reader);
    csv_view_free(run.csv);
    header_free(&run.header);
    record_checker_free(&run.checker);
    text_view_free(&run.view);
    buffer_free(&run.out);
    run.checker = (struct record_checker){0};
    run.view = (struct text_view){0};
    close(fd);
    return 0;
}
