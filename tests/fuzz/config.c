/* Any bytes as the config.json and the trail.json of a model directory: opened without weights, shown by its
 * history.  The first byte tells which files there are; a byte 0x1E cuts them. */
#include <string.h>

#include "live.h"
#include "model/history.h"
#include "model/model.h"
#include "place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\n";
    if (place_prepare())
        place_put("vocab.txt", true, vocabulary, sizeof vocabulary - 1);
    if (size == 0)
        return 0;
    const uint8_t *first = data + 1, *end = data + size;
    const uint8_t *cut = size > 1 ? memchr(first, 0x1E, size - 1) : NULL;
    place_put("config.json", true, first, (size_t)((cut ? cut : end) - first));
    place_put("trail.json", true, cut ? cut + 1 : end, cut ? (size_t)(end - cut) - 1 : 0);
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
