/* Any bytes as a stream: read whole, checked, and shown in every form.  What is broken must end in die(). */
#include <fcntl.h>

#include "live.h"
#include "place.h"
#include "stream/check.h"
#include "stream/jsonlines.h"
#include "stream/stream.h"
#include "stream/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(char *path)
{
    struct stream_reader *reader = stream_open(&path, 1);
    struct header header;
    struct record_checker checker = {0};
    struct text_view view = {0};
    struct csv_view *csv = csv_view_new(&(struct csv_options){0}, true);
    struct buffer out = {0};
    while (stream_next(reader, &header, KIND_ANY)) {
        json_put(&out, header.map, JSON_LINES);
        for (struct record *record; stream_read(reader, &record);) {
            out.size = 0;
            text_view_record(&view, record, &header, &out);
            csv_view_record(csv, record, &header, &out);
            jsonlines_put_record(&out, record);
            record_text(record, "meta.a", &out);
            record_set_string(record, "part", SLICE("train"));
            record_set_meta(record, &(struct kept_text){SLICE("column"), SLICE("text")}, 1);
            record_pack(record, &out);
            record_check(&checker, record, &header);
        }
        header_free(&header);
    }
    csv_view_end(csv, &out);
    stream_close(reader);
    csv_view_free(csv);
    record_checker_free(&checker);
    text_view_free(&view);
    buffer_free(&out);
}

static void on_death(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_BROKEN && status != STATUS_INPUT)
        abort(); /* nothing but the bytes can be at fault */
    longjmp(died, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (place_prepare())
        error_set_hook(on_death);
    place_put("stream", true, data, size);
    char path[96];
    snprintf(path, sizeof path, "%s/stream", place);
    int first_free = dup(STDIN_FILENO);
    live_begin();
    if (setjmp(died) == 0)
        read_all(path);
    live_end();
    close_range((unsigned)first_free, ~0u, 0); /* what die() left open, too */
    return 0;
}
