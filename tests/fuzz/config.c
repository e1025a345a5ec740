/* Any bytes as the config.json and the trail.json of a model directory: opened without weights, shown by its history.
 * The first byte tells which files there are; a byte 0x1E cuts them. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "live.h"
#include "model/history.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf died;
static char place[64];

static void on_death(enum status status, const char *message)
{
    (void)message;
    if (status != STATUS_BROKEN)
        abort(); /* no file's content is a reason for another status */
    longjmp(died, 1);
}

static void clean_up(void) { directory_remove(place); }

static void put(const char *name, const void *bytes, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", place, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void prepare(void)
{
    static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\n";
    if (place[0])
        return;
    error_set_quiet(true);
    error_set_hook(on_death);
    snprintf(place, sizeof place, "/dev/shm/rubric-fuzz-XXXXXX");
    if (!mkdtemp(place))
        abort();
    atexit(clean_up);
    put("vocab.txt", vocabulary, sizeof vocabulary - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    if (size == 0)
        return 0;
    const uint8_t *first = data + 1, *end = data + size;
    const uint8_t *cut = size > 1 ? memchr(first, 0x1E, size - 1) : NULL;
    put("config.json", first, (size_t)((cut ? cut : end) - first));
    put("trail.json", cut ? cut + 1 : end, cut ? (size_t)(end - cut) - 1 : 0);
    live_begin();
    if (setjmp(died) == 0) {
        struct model_request request = {.no_weights = true, .need_head = data[0] & 1};
        model_free(model_open(place, &request));
    }
    if (setjmp(died) == 0) {
        struct buffer text = {0};
        model_history(place, &text);
        buffer_free(&text);
    }
    live_end();
    return 0;
}
