/* safetensors: what is written and read back, what is refused, files cut and damaged at every byte. */
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "caught.h"
#include "check.h"
#include "model/safetensors.h"

static char scratch[] = "/tmp/rubric-unit-safetensors-XXXXXX";

static void open_safe(void *context) { tensors_free(safetensors_open(context)); }

static void save_scratch(const char *bytes, size_t size)
{
    FILE *file = fopen(scratch, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* A file of a header and `size` bytes of data. */
static void save_parts(const char *header, size_t size)
{
    struct buffer file = {0};
    uint64_t length = strlen(header);
    for (int i = 0; i < 8; i++)
        buffer_byte(&file, (char)(length >> (8 * i) & 255));
    buffer_text(&file, header);
    for (size_t i = 0; i < size; i++)
        buffer_byte(&file, (char)i);
    save_scratch(file.at, file.size);
    buffer_free(&file);
}

static void test_round_trip(void)
{
    static const float a[6] = {1, -2, 3.5f, 0, 1e-30f, 7}, b[2] = {8, 9};
    const struct safetensor tensors[] = {{"a.weight", 2, {2, 3}, a}, {"b", 1, {2}, b}};
    safetensors_save(scratch, tensors, 2);
    struct tensors *back = safetensors_open(scratch);
    const struct tensor *t = tensors_find(back, "a.weight");
    float got[6];
    CHECK(back->count == 2 && t && t->rank == 2 && t->shape[0] == 2 && t->shape[1] == 3 &&
          t->type == TENSOR_F32);
    CHECK((size_t)((const char *)t->at - back->file.at) % 64 == 0);
    tensor_copy(back, t, got);
    CHECK(memcmp(got, a, sizeof a) == 0);
    tensor_copy(back, tensors_find(back, "b"), got);
    CHECK(got[1] == 9 && !tensors_find(back, "c"));
    tensors_free(back);
}

static void test_refused(void)
{
    static const struct {
        const char *header;
        size_t size;
        const char *says;
    } cases[] = {
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, "cut"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, "cut"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0,9223372036854775807],\"data_offsets\":[0,8]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}", 8, "'a'"},
        {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "starts at byte 4"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
         12, "'b' starts at byte 4"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
         8, "duplicate"},
        {"{\"a\":3}", 0, "'a'"},
        {"[]", 0, "no JSON object"},
        {"{", 0, "expected JSON"},
        {"", 0, "expected JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        save_parts(cases[i].header, cases[i].size);
        CHECK(caught(open_safe, scratch) == STATUS_BROKEN);
        if (!strstr(caught_message, cases[i].says))
            printf("%s: %s\n", cases[i].header, caught_message);
        CHECK(strstr(caught_message, cases[i].says) != NULL);
    }
    save_scratch("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10);
    CHECK(caught(open_safe, scratch) == STATUS_BROKEN);
    save_scratch("version https://git-lfs.github.com/spec/v1\n", 43);
    CHECK(caught(open_safe, scratch) == STATUS_BROKEN && strstr(caught_message, "git lfs pull"));
    save_parts("{}", 0);
    CHECK(caught(open_safe, scratch) == STATUS_GOOD);
}

/* Types that are no parameter may be there, but cannot be read as one. */
static void copy_first(void *context)
{
    struct tensors *tensors = safetensors_open(context);
    float to[8];
    tensor_copy(tensors, &tensors->at[0], to);
    tensors_free(tensors);
}

static void test_types(void)
{
    save_parts("{\"p\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8);
    CHECK(caught(open_safe, scratch) == STATUS_GOOD && caught(copy_first, scratch) == STATUS_BROKEN);
    CHECK(strstr(caught_message, "'p'") && strstr(caught_message, "I64"));
    save_parts("{\"p\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}", 8);
    CHECK(caught(copy_first, scratch) == STATUS_BROKEN && strstr(caught_message, "F8_E4M3"));
}

static void test_narrow_floats(void)
{
    CHECK(float_of_half(0x3C00) == 1 && float_of_half(0xC000) == -2 && float_of_half(0x0001) == 0x1p-24f);
    CHECK(float_of_half(0x03FF) == 1023 * 0x1p-24f && float_of_half(0x0400) == 0x1p-14f &&
          float_of_half(0x7BFF) == 65504);
    CHECK(isinf(float_of_half(0x7C00)) && float_of_half(0xFC00) < 0 && isnan(float_of_half(0x7E00)));
    CHECK(float_of_half(0x8000) == 0 && signbit(float_of_half(0x8000)) && float_of_bfloat(0x3F80) == 1);
    CHECK(float_of_bfloat(0xC040) == -3 && isnan(float_of_bfloat(0x7FC0)));
}

static void test_damage(void)
{
    struct file_view view = file_view("tests/fixtures/model/bfloat/model.safetensors", 1 << 20);
    char *bytes = memory_new(view.size, 1);
    size_t accepted = 0;
    for (size_t size = 0; size < view.size; size += 11) {
        save_scratch(view.at, size);
        accepted += caught(open_safe, scratch) != STATUS_BROKEN;
    }
    CHECK(accepted == 0);
    for (size_t at = 0; at < view.size; at += 3) {
        memcpy(bytes, view.at, view.size);
        bytes[at] = (char)(bytes[at] ^ 0x11);
        save_scratch(bytes, view.size);
        enum status status = caught(open_safe, scratch);
        CHECK(status == STATUS_GOOD || status == STATUS_BROKEN);
    }
    free(bytes);
    file_unview(&view);
}

int main(void)
{
    int fd = mkstemp(scratch);
    if (fd < 0)
        return 1;
    close(fd);
    test_round_trip();
    test_refused();
    test_types();
    test_narrow_floats();
    test_damage();
    unlink(scratch);
    return check_report("safetensors");
}
