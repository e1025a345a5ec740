/* Any bytes as the files of a tokenizer, and as text for it.
 *
 * The first byte tells which files there are; the rest, cut at bytes 0x1E, is vocab.txt or tokenizer.json,
 * tokenizer_config.json, and the text up to where it stops being UTF-8.  What is refused ends in die(), which
 * is caught; what is read must give ids within the vocabulary, and the same ids from the cache. */
#include <string.h>

#include "live.h"
#include "place.h"
#include "base/utf8.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes before the next 0x1E, which are taken off `rest`. */
static struct slice part(struct slice *rest)
{
    const char *end = rest->size ? memchr(rest->at, 0x1E, rest->size) : NULL;
    struct slice first = {rest->at, end ? (size_t)(end - rest->at) : rest->size};
    size_t used = first.size + (end != NULL);
    *rest = (struct slice){rest->at + used, rest->size - used};
    return first;
}

static void encode(const struct tokenizer *t, struct slice text)
{
    struct tokenizer_cache *cache = tokenizer_cache_new(t);
    struct int_array ids = {0}, again = {0};
    struct buffer readable = {0};
    size_t words = tokenizer_encode(t, cache, text, &ids);
    if (tokenizer_encode(t, cache, text, &again) != words || words > text.size || ids.count != again.count)
        abort();
    for (size_t i = 0; i < ids.count; i++)
        if (ids.at[i] != again.at[i] || ids.at[i] < 0 || (size_t)ids.at[i] >= tokenizer_size(t))
            abort();
    tokenizer_decode(t, ids.at, ids.count, &readable);
    buffer_free(&readable);
    free(ids.at);
    free(again.at);
    tokenizer_cache_free(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    place_prepare();
    if (size == 0)
        return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    struct slice pieces = part(&rest), config = part(&rest), text = rest;
    text.size = utf8_invalid_at(text);
    place_put("vocab.txt", data[0] & 1, pieces.at, pieces.size);
    place_put("tokenizer.json", data[0] & 2, pieces.at, pieces.size);
    place_put("tokenizer_config.json", data[0] & 4, config.at, config.size);
    place_put("special_tokens_map.json", data[0] & 8, config.at, config.size);
    live_begin();
    if (setjmp(died) == 0) {
        struct tokenizer *t = tokenizer_open(place);
        encode(t, text);
        tokenizer_free(t);
    }
    live_end();
    return 0;
}
