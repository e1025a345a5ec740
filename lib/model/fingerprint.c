#include "model/fingerprint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/tensors.h"

/* Hashes a file's name, size and bytes; a file that is not there adds nothing. */
static bool hash_file(XXH3_state_t *state, const char *directory, const char *name)
{
    char *path = memory_format("%s/%s", directory, name);
    bool there = file_exists(path);
    if (there) {
        enum { PIECE = 1 << 18 };
        uint64_t left;
        int fd = file_open_regular(path, WEIGHTS_FILE_LIMIT, &left);
        char *piece = memory_new(PIECE, 1);
        XXH3_128bits_update(state, name, strlen(name) + 1);
        for (size_t got; left > 0 && (got = file_read_some(fd, piece, left < PIECE ? left : PIECE, path)) > 0;
             left -= got)
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

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

struct model_snapshot model_snapshot(const char *directory)
{
    static const char *const names[SNAPSHOT_FILES] = {
        "config.json",       "tokenizer_config.json",   "tokenizer.json",
        "vocab.txt",         "special_tokens_map.json", "added_tokens.json",
        "model.safetensors", "pytorch_model.bin"};
    struct model_snapshot now = {0};
    for (int i = 0; i < SNAPSHOT_FILES; i++) {
        char *path = memory_format("%s/%s", directory, names[i]);
        now.files[i].there = stat(path, &now.files[i].about) == 0;
        if (!now.files[i].there && errno != ENOENT && errno != ENOTDIR)
            die_errno("%s: cannot stat", path);
        free(path);
    }
    return now;
}

void model_snapshot_check(const struct model_snapshot *then, const char *directory)
{
    struct model_snapshot now = model_snapshot(directory);
    for (int i = 0; i < SNAPSHOT_FILES; i++) {
        const struct stat *a = &then->files[i].about, *b = &now.files[i].about;
        bool there = then->files[i].there;
        if (now.files[i].there != there ||
            (there && (a->st_dev != b->st_dev || a->st_ino != b->st_ino || a->st_size != b->st_size ||
                       !same_time(a->st_mtim, b->st_mtim))))
            die(STATUS_BROKEN, "%s: was changed while it was being read", directory);
    }
}
