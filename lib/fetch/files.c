#include "fetch/files.h"

#include <inttypes.h>
#include <sha1.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

static bool is_plain(const char *text, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if (size == 0 || size > 200 || !memchr(letters, text[0], sizeof letters - 1))
        return false;
    for (size_t i = 0; i < size; i++)
        if (!memchr(letters, text[i], sizeof letters - 1) && !memchr("._-", text[i], 3))
            return false;
    return true;
}

bool model_file_name_ok(const char *name)
{
    for (;;) {
        size_t size = strcspn(name, "/");
        if (!is_plain(name, size))
            return false;
        if (!name[size])
            return true;
        name += size + 1;
    }
}

struct model_file *model_files_add(struct model_files *files, const char *name, uint64_t size)
{
    memory_grow(&files->at, &files->capacity, files->count + 1, sizeof *files->at);
    struct model_file *file = &files->at[files->count++];
    *file = (struct model_file){.name = memory_string(name), .size = size};
    return file;
}

const struct model_file *model_files_find(const struct model_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->at[i].name, name) == 0)
            return &files->at[i];
    return NULL;
}

void model_files_free(struct model_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->at[i].name);
    free(files->at);
    *files = (struct model_files){0};
}

uint64_t model_files_size(const struct model_files *files)
{
    uint64_t size = 0;
    for (size_t i = 0; i < files->count; i++)
        size += files->at[i].size;
    return size;
}

/* ---- Which are needed ---- */

enum weights { WEIGHTS_NONE, WEIGHTS_SAFETENSORS, WEIGHTS_SHARDS, WEIGHTS_TORCH };

static enum weights weights_of(const struct model_files *files)
{
    if (model_files_find(files, "model.safetensors"))
        return WEIGHTS_SAFETENSORS;
    if (model_files_find(files, "model.safetensors.index.json"))
        return WEIGHTS_SHARDS;
    return model_files_find(files, "pytorch_model.bin") ? WEIGHTS_TORCH : WEIGHTS_NONE;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

/* "1_Pooling/config.json" and its like, which modules.json names. */
static bool is_module(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    const char *slash = strchr(name, '/');
    return digits > 0 && name[digits] == '_' && slash && strcmp(slash, "/config.json") == 0;
}

static bool is_needed(const char *name, enum weights weights)
{
    static const char *const settings[] = {
        "config.json",
        "tokenizer_config.json",
        "tokenizer.json",
        "vocab.txt",
        "special_tokens_map.json",
        "added_tokens.json",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "README.md",
        "LICENSE",
        "LICENSE.txt",
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (strcmp(name, settings[i]) == 0)
            return true;
    if (is_module(name))
        return true;
    switch (weights) {
    case WEIGHTS_SAFETENSORS:
        return strcmp(name, "model.safetensors") == 0;
    case WEIGHTS_SHARDS:
        return strcmp(name, "model.safetensors.index.json") == 0 ||
               (strncmp(name, "model-", 6) == 0 && ends_with(name, ".safetensors"));
    case WEIGHTS_TORCH:
        return strcmp(name, "pytorch_model.bin") == 0;
    case WEIGHTS_NONE:
        break;
    }
    return false;
}

void model_files_select(struct model_files *files, const char *source)
{
    enum weights weights = weights_of(files);
    if (weights == WEIGHTS_NONE || !model_files_find(files, "config.json"))
        die(STATUS_BROKEN,
            "%s has no %s: a model directory has config.json, vocab.txt or tokenizer.json, and "
            "model.safetensors or pytorch_model.bin",
            source, weights == WEIGHTS_NONE ? "weights" : "config.json");
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct model_file file = files->at[i];
        if (!is_needed(file.name, weights)) {
            free(file.name);
            continue;
        }
        if (!model_file_name_ok(file.name))
            die(STATUS_BROKEN, "%s: the file name '%s' could lead out of a model directory", source,
                file.name);
        files->at[kept++] = file;
    }
    files->count = kept;
}

/* ---- Checking ---- */

/* Git's name of a blob is the SHA-1 of "blob SIZE", a NUL, and its bytes. */
static void digest_of(int fd, bool git, uint64_t size, const char *name, uint64_t *got, char found[65])
{
    SHA2_CTX sha256;
    SHA1_CTX sha1;
    SHA256Init(&sha256);
    SHA1Init(&sha1);
    char head[32];
    int head_size = snprintf(head, sizeof head, "blob %" PRIu64, size);
    SHA1Update(&sha1, (const uint8_t *)head, (size_t)head_size + 1);
    size_t room = 1 << 18;
    char *piece = memory_new(room, 1);
    *got = 0;
    for (size_t n; (n = file_read(fd, piece, room, name)) > 0; *got += n) {
        if (git)
            SHA1Update(&sha1, (const uint8_t *)piece, n);
        else
            SHA256Update(&sha256, (const uint8_t *)piece, n);
    }
    free(piece);
    if (git)
        SHA1End(&sha1, found);
    else
        SHA256End(&sha256, found);
}

bool model_file_check(const struct model_file *file, int fd, char found[65])
{
    if (lseek(fd, 0, SEEK_SET) < 0)
        die_errno("%s: cannot seek", file->name);
    uint64_t size;
    digest_of(fd, strlen(file->digest) == 40, file->size, file->name, &size, found);
    return size == file->size && (!*file->digest || strcmp(found, file->digest) == 0);
}
