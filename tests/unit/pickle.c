/* Torch files: what is refused, and files cut and damaged at every byte. */
#include <dirent.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "caught.h"
#include "check.h"
#include "model/pickle.h"
#include "model/torchfile.h"

#define FIXTURES "tests/fixtures/model"

static char scratch[] = "/tmp/rubric-unit-pickle-XXXXXX";

static void open_torch(void *context) { tensors_free(torchfile_open(context)); }

/* Every tensor read, too: what is opened must be readable to its end. */
static void read_torch(void *context)
{
    struct tensors *tensors = torchfile_open(context);
    for (size_t i = 0; i < tensors->count; i++) {
        uint64_t count = tensor_elements(tensors, &tensors->at[i]);
        if (tensors->at[i].type == TENSOR_OTHER || count > 1 << 16)
            continue;
        float *to = memory_new(count, sizeof *to);
        tensor_copy(tensors, &tensors->at[i], to);
        free(to);
    }
    tensors_free(tensors);
}

static void test_refused(void)
{
    DIR *directory = opendir(FIXTURES "/refused");
    size_t count = 0;
    CHECK(directory != NULL);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = memory_format(FIXTURES "/refused/%s", entry->d_name);
        enum status status = caught(open_torch, path);
        if (status != STATUS_BROKEN || !strstr(caught_message, entry->d_name))
            printf("%s: status %d: %s\n", path, status, caught_message);
        CHECK(status == STATUS_BROKEN && strstr(caught_message, entry->d_name));
        free(path);
        count++;
    }
    CHECK(count == 76);
    closedir(directory);
}

static void test_names(void)
{
    static const char *const named[][2] = {
        {"system.zip.bin", "'posix.system'"},
        {"system-4.legacy.bin", "'posix.system'"},
        {"load.zip.bin", "'torch.serialization.load'"},
        {"storage-name.zip.bin", "'torch.os.system.Storage'"},
        {"eval.legacy.bin", "'__builtin__.eval'"},
        {"unknown-rebuild.zip.bin", "'torch._utils._rebuild_sparse_tensor'"},
        {"unknown-storage.zip.bin", "QInt8Storage"},
        {"not-tensors.legacy.bin", "'epoch'"},
        {"beyond.zip.bin", "beyond its storage of 4"},
        {"object.zip.bin", "opcode 0x81"},
        {"twice.zip.bin", "tensor 'w' is there twice"},
        {"two-ways.legacy.bin", "storage '0' is described in two ways"},
        {"two-sizes.legacy.bin", "storage '0' is described in two ways"},
        {"spread.zip.bin", "tensor 'w' has 8 elements in a storage of 4"},
        {"arguments.zip.bin", "a tensor of 14 arguments"},
        {"state.zip.bin", "attributes of what is no dictionary"},
        {"decimal.zip.bin", "a number that is none"},
        {"storage-kind.zip.bin", "no storage that can be understood"},
        {"nul.legacy.bin", "has a NUL in it"},
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        char *path = memory_format(FIXTURES "/refused/%s", named[i][0]);
        CHECK(caught(open_torch, path) == STATUS_BROKEN);
        if (!strstr(caught_message, named[i][1]))
            printf("%s: %s\n", named[i][0], caught_message);
        CHECK(strstr(caught_message, named[i][1]) != NULL);
        free(path);
    }
}

static void save_scratch(const char *bytes, size_t size)
{
    FILE *file = fopen(scratch, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* Cut at `step`-th byte: always refused. */
static void test_cut(const char *path, size_t step)
{
    struct file_view view = file_view(path, 1 << 24);
    size_t accepted = 0;
    for (size_t size = 0; size < view.size; size += step) {
        save_scratch(view.at, size);
        accepted += caught(open_torch, scratch) != STATUS_BROKEN;
    }
    if (accepted)
        printf("%s: accepted %zu times though cut\n", path, accepted);
    CHECK(accepted == 0);
    file_unview(&view);
}

/* One byte changed: read in bounds or refused, nothing else. */
static void test_changed(const char *path, size_t step)
{
    struct file_view view = file_view(path, 1 << 24);
    char *bytes = memory_new(view.size, 1);
    for (size_t at = 0; at < view.size; at += step) {
        memcpy(bytes, view.at, view.size);
        bytes[at] = (char)(bytes[at] ^ (at % 2 ? 0xFF : 0x01));
        save_scratch(bytes, view.size);
        enum status status = caught(read_torch, scratch);
        if (status != STATUS_GOOD && status != STATUS_BROKEN)
            printf("%s, byte %zu: status %d: %s\n", path, at, status, caught_message);
        CHECK(status == STATUS_GOOD || status == STATUS_BROKEN);
    }
    free(bytes);
    file_unview(&view);
}

static void test_shared_storage(void)
{
    struct tensors *tensors = torchfile_open(FIXTURES "/published-zip/pytorch_model.bin");
    const struct tensor *words = tensors_find(tensors, "bert.embeddings.word_embeddings.weight");
    const struct tensor *decoder = tensors_find(tensors, "cls.predictions.decoder.weight");
    const struct tensor *positions = tensors_find(tensors, "bert.embeddings.position_ids");
    CHECK(words && decoder && words->at == decoder->at);
    CHECK(positions && positions->type == TENSOR_OTHER);
    CHECK_TEXT(positions->type_name, "LongStorage");
    tensors_free(tensors);
}

static void test_values(void)
{
    struct pickle *p = pickle_read(SLICE("\x80\x04(K\x01\x8a\x01\xffI-12\nNt\x94h\x00\x86."), "test");
    const struct pickle_value *pair = pickle_at(p, p->root), *left = pickle_item(p, pair, 0);
    CHECK(pair->type == PICKLE_TUPLE && pair->count == 2 && left == pickle_item(p, pair, 1) &&
          left->count == 4);
    CHECK(pickle_item(p, left, 0)->integer == 1 && pickle_item(p, left, 1)->integer == -1);
    CHECK(pickle_item(p, left, 2)->integer == -12 && pickle_item(p, left, 3)->type == PICKLE_NONE);
    CHECK(pickle_item(p, left, 4) == NULL);
    pickle_free(p);
}

int main(void)
{
    int fd = mkstemp(scratch);
    if (fd < 0)
        return 1;
    close(fd);
    test_refused();
    test_names();
    test_shared_storage();
    test_values();
    test_cut(FIXTURES "/published-legacy/pytorch_model.bin", 61);
    test_cut(FIXTURES "/published-zip/pytorch_model.bin", 151);
    test_changed(FIXTURES "/published-legacy/pytorch_model.bin", 17);
    test_changed(FIXTURES "/views-zip/pytorch_model.bin", 23);
    unlink(scratch);
    return check_report("pickle");
}
