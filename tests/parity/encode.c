/* Ids of texts, for the scripts beside this file: a filter over binary standard input and output.
 *
 * usage: encode DIRECTORY | encode VOCABULARY cased|uncased
 *
 * Texts come as a uint32 length and the bytes; answers go as a uint32 count and int32 ids (all of this
 * machine's byte order).  Texts are encoded twice, the second time from the cache, which must not differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/tokenizer.h"

int main(int argc, char **argv)
{
    error_set_program("encode");
    if (argc < 2 || argc > 3)
        die(STATUS_USAGE, "usage: encode DIRECTORY | encode VOCABULARY cased|uncased");
    struct tokenizer *t = argc == 2 ? tokenizer_open(argv[1])
                                    : tokenizer_open_vocabulary(argv[1], strcmp(argv[2], "cased") == 0);
    struct tokenizer_cache *cache = tokenizer_cache_new(t);
    struct int_array ids = {0}, again = {0};
    struct buffer text = {0};
    for (uint32_t size; fread(&size, sizeof size, 1, stdin) == 1;) {
        text.size = 0;
        if (fread(buffer_reserve(&text, size), 1, size, stdin) != size)
            die(STATUS_INPUT, "a text is cut short");
        ids.count = again.count = 0;
        tokenizer_encode(t, cache, (struct slice){text.at, size}, &ids);
        tokenizer_encode(t, cache, (struct slice){text.at, size}, &again);
        if (ids.count != again.count || memcmp(ids.at, again.at, ids.count * sizeof *ids.at) != 0)
            die(STATUS_INPUT, "the cache changes a text of %u bytes", size);
        uint32_t count = (uint32_t)ids.count;
        fwrite(&count, sizeof count, 1, stdout);
        fwrite(ids.at, sizeof *ids.at, ids.count, stdout);
    }
    if (fflush(stdout) != 0 || ferror(stdin))
        die_errno("encode");
    free(ids.at);
    free(again.at);
    buffer_free(&text);
    tokenizer_cache_free(cache);
    tokenizer_free(t);
    return 0;
}
