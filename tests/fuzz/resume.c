/* fit --resume from any checkpoint: of an interrupted run that the directory $FUZZ_RUN holds (its stream
 * `parts`, and m.partial/), the checkpoint is replaced, and its hash made good.
 *
 * The first byte: 0 and the rest is the file without its hash; else the rest is the JSON in it. */
#include <xxhash.h>

#include "base/file.h"
#include "filter.h"

int fit_main(int argc, char **argv);

/* The run's own files, which each input starts from again. */
static const char *const names[] = {"best", "log.csv", "epochs.csv", "checkpoint"};
enum { CHECKPOINT = 3, MAGIC_SIZE = 20 };
static struct file_view files[sizeof names / sizeof *names], parts;

static struct file_view from_run(const char *name)
{
    char *path = memory_format("%s/%s", getenv("FUZZ_RUN"), name);
    struct file_view view = file_view(path, 1 << 20);
    free(path);
    return view;
}

static void prepare(void)
{
    parts = from_run("parts");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = memory_format("m.partial/%s", names[i]);
        files[i] = from_run(name);
        free(name);
    }
    if (!filter_prepare())
        abort();
    place_put("parts", true, parts.at, parts.size);
}

/* The run's own checkpoint with `json` in the place of its JSON, without the hash. */
static void put_around(struct buffer *out, struct slice json)
{
    const struct file_view *old = &files[CHECKPOINT];
    uint64_t old_size, size = json.size;
    memcpy(&old_size, old->at + MAGIC_SIZE, sizeof old_size);
    size_t behind = MAGIC_SIZE + sizeof size + old_size;
    buffer_append(out, old->at, MAGIC_SIZE);
    buffer_append(out, &size, sizeof size);
    buffer_append(out, json.at, json.size);
    buffer_append(out, old->at + behind, old->size - behind - sizeof(uint64_t));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!parts.at)
        prepare();
    remove_all("m");
    remove_all("m.partial");
    mkdir("m.partial", 0777);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[64];
        snprintf(name, sizeof name, "m.partial/%s", names[i]);
        place_put(name, true, files[i].at, files[i].size);
    }
    struct slice rest = {(const char *)data, size};
    struct buffer checkpoint = {0};
    if (filter_byte(&rest))
        put_around(&checkpoint, rest);
    else
        buffer_append(&checkpoint, rest.at, rest.size);
    uint64_t hash = XXH3_64bits(checkpoint.at, checkpoint.size);
    buffer_append(&checkpoint, &hash, sizeof hash);
    place_put("m.partial/checkpoint", true, checkpoint.at, checkpoint.size);
    buffer_free(&checkpoint);
    filter_excuse = "not finite"; /* as numbers in the checkpoint may well be */
    filter_run(fit_main,
               "fit -q --threads 1 --scratch --shape 1,4,1 --epochs 2 --batch 4 --keep best --select val "
               "--checkpoint 0 --resume -o m parts");
    return 0;
}
