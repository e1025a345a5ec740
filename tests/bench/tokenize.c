/* How fast WordPiece runs on one thread, in process.
 *
 * usage: tokenize DIRECTORY|VOCABULARY [PASSES] < TEXTS
 *
 * TEXTS are uint32 lengths, each with its bytes.  Prints the MB/s of UTF-8 text of the first pass with an
 * empty cache (the best of PASSES caches), of the pass after it, and the tokens of a pass, separated by
 * tabs. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "base/terminal.h"
#include "text/tokenizer.h"

/* Seconds of one pass over all texts; the ids are dropped as a program that writes them out would. */
static double pass(const struct tokenizer *t, struct tokenizer_cache *cache, struct slice all, size_t *tokens)
{
    struct int_array ids = {0};
    *tokens = 0;
    double start = monotonic_seconds();
    for (size_t at = 0; at < all.size;) {
        uint32_t size;
        memcpy(&size, all.at + at, sizeof size);
        ids.count = 0;
        tokenizer_encode(t, cache, (struct slice){all.at + at + sizeof size, size}, &ids);
        *tokens += ids.count;
        at += sizeof size + size;
    }
    double seconds = monotonic_seconds() - start;
    free(ids.at);
    return seconds;
}

int main(int argc, char **argv)
{
    error_set_program("tokenize");
    int64_t passes = 5;
    if (argc < 2 || argc > 3 || (argc == 3 && !parse_integer(argv[2], 1, 1000, &passes)))
        die(STATUS_USAGE, "usage: tokenize DIRECTORY|VOCABULARY [PASSES] < TEXTS");
    struct stat about;
    bool directory = stat(argv[1], &about) == 0 && S_ISDIR(about.st_mode);
    struct tokenizer *t = directory ? tokenizer_open(argv[1]) : tokenizer_open_vocabulary(argv[1], false);
    struct file_view view = file_view("-", UINT32_MAX);
    struct slice all = {view.at, view.size};
    size_t tokens = 0, bytes = 0;
    for (size_t at = 0; at < all.size;) {
        uint32_t size;
        if (all.size - at < sizeof size ||
            (memcpy(&size, all.at + at, sizeof size), size > all.size - at - sizeof size))
            die(STATUS_INPUT, "a text is cut short");
        bytes += size;
        at += sizeof size + size;
    }
    double first = 0, again = 0;
    for (int64_t i = 0; i < passes; i++) {
        struct tokenizer_cache *cache = tokenizer_cache_new(t);
        double one = pass(t, cache, all, &tokens), two = pass(t, cache, all, &tokens);
        first = i == 0 || one < first ? one : first;
        again = i == 0 || two < again ? two : again;
        tokenizer_cache_free(cache);
    }
    double megabytes = (double)bytes / 1e6;
    printf("%.1f\t%.1f\t%zu\n", megabytes / first, megabytes / again, tokens);
    file_unview(&view);
    tokenizer_free(t);
    return fflush(stdout) == 0 ? 0 : 1;
}
