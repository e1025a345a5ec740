/* Which model directory to use, and what it is: apart from model.c, so that filters without a network need
 * not link one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "model/installed.h"
#include "model/model.h"

/* Hashes a file's name, size and bytes; a file that is not there adds nothing. */
static bool hash_file(XXH3_state_t *state, const char *directory, const char *name)
{
    char *path = memory_format("%s/%s", directory, name);
    bool there = file_exists(path);
    if (there) {
        int fd = file_open(path);
        size_t room = 1 << 18;
        char *piece = memory_new(room, 1);
        XXH3_128bits_update(state, name, strlen(name) + 1);
        for (size_t got; (got = file_read(fd, piece, room, path)) > 0;)
            XXH3_128bits_update(state, piece, got);
        file_close(fd, path);
        free(piece);
    }
    free(path);
    return there;
}

void model_fingerprint(const char *directory, char fingerprint[65])
{
    XXH3_state_t *state = XXH3_createState();
    if (!state || XXH3_128bits_reset(state) != XXH_OK)
        die(STATUS_SYSTEM, "out of memory: hashing %s", directory);
    hash_file(state, directory, "config.json");
    hash_file(state, directory, "tokenizer_config.json");
    if (!hash_file(state, directory, "model.safetensors"))
        hash_file(state, directory, "pytorch_model.bin");
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof bytes.digest; i++) {
        fingerprint[2 * i] = hex[bytes.digest[i] >> 4];
        fingerprint[2 * i + 1] = hex[bytes.digest[i] & 15];
    }
    fingerprint[2 * sizeof bytes.digest] = '\0';
}

static bool has_config(const char *directory)
{
    char *path = memory_format("%s/config.json", directory);
    bool there = access(path, F_OK) == 0; /* a hint need not even be readable */
    free(path);
    return there;
}

/* The header's path is a hint: it is followed only to a directory with the header's print. */
static bool header_model_there(const struct header *header)
{
    const char *path = header_model_path(header), *fingerprint = header_model_fingerprint(header);
    if (!path || !fingerprint)
        return false;
    if (!has_config(path)) {
        note("the stream names the model %s, which is not there", path);
        return false;
    }
    char found[65];
    model_fingerprint(path, found);
    if (strcmp(found, fingerprint) == 0)
        return true;
    note("the stream names the model %s, which has changed since (print %.8s, not %.8s)", path, found,
         fingerprint);
    return false;
}

/* -m: a directory, or the name of an installed model. */
static char *directory_of(const char *option)
{
    char *installed = file_exists(option) ? NULL : installed_find(option);
    if (!installed)
        return memory_string(option);
    note("-m %s: the installed model %s", option, installed);
    return installed;
}

char *model_find(const char *option, const struct header *header)
{
    if (option)
        return directory_of(option);
    if (header && header_model_there(header))
        return memory_string(header_model_path(header));
    const char *variable = getenv("RUBRIC_MODEL");
    if (variable && *variable)
        return memory_string(variable);
    char *installed = file_beside_program("../../share/rubric/default");
    if (!has_config(installed))
        die(STATUS_SYSTEM,
            "no model: neither -m nor RUBRIC_MODEL names one, and the default model is missing from %s",
            installed);
    return installed;
}
