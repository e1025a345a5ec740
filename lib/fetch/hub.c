#include "fetch/hub.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "fetch/download.h"

enum { ANSWER_LIMIT = 16 << 20 };

static const struct {
    const char *name, *repository;
} short_names[] = {
    {"minilm", "sentence-transformers/all-MiniLM-L6-v2"}, {"bert-tiny", "google/bert_uncased_L-2_H-128_A-2"},
    {"bert-mini", "google/bert_uncased_L-4_H-256_A-4"},   {"bert-small", "google/bert_uncased_L-4_H-512_A-8"},
    {"bert-medium", "google/bert_uncased_L-8_H-512_A-8"}, {"bert-base", "google-bert/bert-base-uncased"},
};

const char *hub_name(size_t index, const char **repository)
{
    if (index >= sizeof short_names / sizeof *short_names)
        return NULL;
    *repository = short_names[index].repository;
    return short_names[index].name;
}

const char *hub_repository(const char *name)
{
    const char *repository;
    for (size_t i = 0; hub_name(i, &repository); i++)
        if (strcmp(short_names[i].name, name) == 0)
            return repository;
    const char *slash = strchr(name, '/');
    return slash && !strchr(slash + 1, '/') && model_file_name_ok(name) ? name : NULL;
}

/* HF_ENDPOINT and `path`, whatever slashes the endpoint ends with. */
static char *hub_url(const char *path)
{
    const char *endpoint = getenv("HF_ENDPOINT");
    if (!endpoint || !*endpoint)
        endpoint = "https://huggingface.co";
    size_t size = strlen(endpoint);
    while (size > 0 && endpoint[size - 1] == '/')
        size--;
    return memory_format("%.*s/%s", (int)size, endpoint, path);
}

char *hub_file_url(const struct hub_model *model, const struct model_file *file)
{
    char *path = memory_format("%s/resolve/%s/%s", model->repository, model->revision, file->name);
    char *url = hub_url(path);
    free(path);
    return url;
}

static bool is_hex(const char *text, size_t size)
{
    return text && strlen(text) == size && strspn(text, "0123456789abcdef") == size;
}

/* Large files have a SHA-256 under "lfs", small ones Git's name of their blob. */
static void add_file(struct model_files *files, const json_t *sibling, const char *url)
{
    const char *name = json_string_value(json_object_get(sibling, "rfilename"));
    json_t *size = json_object_get(sibling, "size");
    if (!name || !json_is_integer(size) || json_integer_value(size) < 0)
        die(STATUS_BROKEN, "%s: file %zu has no name or no size", url, files->count + 1);
    struct model_file *file = model_files_add(files, name, (uint64_t)json_integer_value(size));
    const char *sha256 = json_string_value(json_object_get(json_object_get(sibling, "lfs"), "sha256"));
    const char *blob = json_string_value(json_object_get(sibling, "blobId"));
    if (is_hex(sha256, 64))
        memcpy(file->digest, sha256, 65);
    else if (is_hex(blob, 40) && !json_object_get(sibling, "lfs"))
        memcpy(file->digest, blob, 41);
}

static struct hub_model *read_answer(const json_t *answer, const char *repository, const char *url)
{
    const char *revision = json_string_value(json_object_get(answer, "sha"));
    json_t *siblings = json_object_get(answer, "siblings");
    if (!is_hex(revision, 40) || !json_is_array(siblings))
        die(STATUS_BROKEN, "%s: the answer is not a model's list of files: expected 'sha' and 'siblings'",
            url);
    if (json_array_size(siblings) > MODEL_FILES_LIMIT)
        die(STATUS_BROKEN, "%s: %zu files: expected at most %d", url, json_array_size(siblings),
            MODEL_FILES_LIMIT);
    struct hub_model *model = memory_zeroed(1, sizeof *model);
    model->repository = memory_string(repository);
    model->revision = memory_string(revision);
    const char *licence = json_string_value(json_object_get(json_object_get(answer, "cardData"), "license"));
    model->licence = licence ? memory_string(licence) : NULL;
    for (size_t i = 0; i < json_array_size(siblings); i++)
        add_file(&model->files, json_array_get(siblings, i), url);
    model_files_select(&model->files, repository);
    return model;
}

struct hub_model *hub_look_up(const char *repository, const char *revision)
{
    char *escaped = curl_easy_escape(NULL, revision ? revision : "main", 0);
    if (!escaped)
        die(STATUS_SYSTEM, "out of memory: asking for %s", repository);
    char *path = memory_format("api/models/%s/revision/%s?blobs=true", repository, escaped);
    char *url = hub_url(path);
    json_t *answer = download_json(url, ANSWER_LIMIT);
    struct hub_model *model = read_answer(answer, repository, url);
    json_decref(answer);
    free(url);
    free(path);
    curl_free(escaped);
    return model;
}

void hub_model_free(struct hub_model *model)
{
    model_files_free(&model->files);
    free(model->repository);
    free(model->revision);
    free(model->licence);
    free(model);
}
