#include "text/stream_vocabulary.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static bool has_file(const char *directory, const char *name)
{
    char *path = memory_format("%s/%s", directory, name);
    bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

/* The vocabulary of one directory, if it is the one that is looked for. */
static struct tokenizer *matching(const char *directory, const char *hash)
{
    if (!directory || !*directory ||
        !(has_file(directory, "vocab.txt") || has_file(directory, "tokenizer.json")))
        return NULL;
    struct tokenizer *tokenizer = tokenizer_open(directory);
    if (strcmp(tokenizer_hash(tokenizer), hash) == 0)
        return tokenizer;
    tokenizer_free(tokenizer);
    return NULL;
}

struct tokenizer *stream_vocabulary(const char *directory, const struct header *header)
{
    const char *hash = json_string_value(json_object_get(json_object_get(header->map, "tokenizer"), "vocab"));
    if (!hash)
        return NULL;
    char *installed = file_beside_program("../../share/rubric/default");
    const char *places[] = {directory, header_model_path(header), getenv("RUBRIC_MODEL"), installed};
    struct tokenizer *found = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++)
        found = matching(places[i], hash);
    free(installed);
    return found;
}
