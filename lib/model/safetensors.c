#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"

static const struct {
    const char *name;
    enum tensor_type type;
    unsigned size;
} types[] = {
    {"F32", TENSOR_F32, 4},    {"F16", TENSOR_F16, 2},   {"BF16", TENSOR_BF16, 2}, {"F64", TENSOR_OTHER, 8},
    {"I64", TENSOR_OTHER, 8},  {"U64", TENSOR_OTHER, 8}, {"I32", TENSOR_OTHER, 4}, {"U32", TENSOR_OTHER, 4},
    {"I16", TENSOR_OTHER, 2},  {"U16", TENSOR_OTHER, 2}, {"I8", TENSOR_OTHER, 1},  {"U8", TENSOR_OTHER, 1},
    {"BOOL", TENSOR_OTHER, 1},
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

/* Where one tensor's bytes lie, for the check that they tile the data. */
struct extent {
    uint64_t begin, end;
    const char *name;
};

static int by_begin(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static void check_tiling(const char *path, struct extent *extents, size_t count, uint64_t size)
{
    uint64_t end = 0;
    if (count > 0) /* qsort wants an array */
        qsort(extents, count, sizeof *extents, by_begin);
    for (size_t i = 0; i < count; i++) {
        if (extents[i].begin != end)
            die(STATUS_BROKEN, "%s: tensor '%s' starts at byte %llu of the data: expected %llu", path,
                extents[i].name, (unsigned long long)extents[i].begin, (unsigned long long)end);
        end = extents[i].end;
    }
    if (end != size)
        die(STATUS_BROKEN,
            "%s: holds %llu bytes of data where its header speaks of %llu: the file is cut or damaged", path,
            (unsigned long long)size, (unsigned long long)end);
}

/* A non-negative integer, or -1. */
static json_int_t natural(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

static void read_shape(const struct tensors *tensors, struct tensor *tensor, const json_t *shape)
{
    if (!json_is_array(shape) || json_array_size(shape) > TENSOR_MAX_RANK)
        die(STATUS_BROKEN, "%s: tensor '%s' has no shape of at most %d dimensions", tensors->path,
            tensor->name, TENSOR_MAX_RANK);
    tensor->rank = (int)json_array_size(shape);
    for (int i = 0; i < tensor->rank; i++) {
        json_int_t size = natural(json_array_get(shape, (size_t)i));
        if (size < 0)
            die(STATUS_BROKEN, "%s: tensor '%s' has a dimension that is no size", tensors->path,
                tensor->name);
        tensor->shape[i] = (uint64_t)size;
    }
    uint64_t step = 1;
    (void)tensor_elements(tensors, tensor); /* no product below overflows */
    for (int i = tensor->rank; i-- > 0;) {
        tensor->stride[i] = step;
        step *= tensor->shape[i];
    }
}

static struct extent read_tensor(struct tensors *tensors, const char *name, const json_t *entry,
                                 struct slice data)
{
    struct tensor *tensor = tensors_add(tensors, slice_of(name));
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    const json_t *offsets = json_object_get(entry, "data_offsets");
    json_int_t begin = natural(json_array_get(offsets, 0)), end = natural(json_array_get(offsets, 1));
    if (!type || json_array_size(offsets) != 2 || begin < 0 || end < begin)
        die(STATUS_BROKEN, "%s: tensor '%s': expected dtype, shape and data_offsets", tensors->path, name);
    if ((uint64_t)end > data.size)
        die(STATUS_BROKEN, "%s: tensor '%s' ends at byte %lld of %zu: the file is cut or damaged",
            tensors->path, name, (long long)end, data.size);
    read_shape(tensors, tensor, json_object_get(entry, "shape"));
    tensor->type = TENSOR_OTHER;
    tensor->at = (const uint8_t *)data.at + begin;
    strncpy(tensor->type_name, type, sizeof tensor->type_name - 1);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].name, type) != 0)
            continue;
        tensor->type = types[i].type;
        if ((uint64_t)(end - begin) != tensor_elements(tensors, tensor) * types[i].size)
            die(STATUS_BROKEN, "%s: tensor '%s' has %lld bytes, which do not fit its shape and type %s",
                tensors->path, name, (long long)(end - begin), type);
    }
    return (struct extent){(uint64_t)begin, (uint64_t)end, tensor->name};
}

static uint64_t little_endian64(const char *at)
{
    uint64_t value = 0;
    for (int i = 8; i-- > 0;)
        value = value << 8 | (uint8_t)at[i];
    return value;
}

struct tensors *safetensors_open(const char *path)
{
    return safetensors_read(path, file_view_mapped(path, WEIGHTS_FILE_LIMIT));
}

struct tensors *safetensors_read(const char *path, struct file_view view)
{
    struct tensors *tensors = tensors_new(path);
    tensors->file = view;
    tensors_refuse_pointer(tensors);
    struct slice file = {tensors->file.at, tensors->file.size};
    uint64_t size = file.size >= 8 ? little_endian64(file.at) : 0;
    if (file.size < 8 || size > file.size - 8)
        die(STATUS_BROKEN, "%s: is no safetensors file, or cut: its header would end beyond its %zu bytes",
            path, file.size);
    json_t *header = json_parse((struct slice){file.at + 8, size}, path, 0);
    if (!json_is_object(header))
        die(STATUS_BROKEN, "%s: its header is no JSON object", path);
    struct slice data = {file.at + 8 + size, file.size - 8 - size};
    struct extent *extents = memory_new(json_object_size(header), sizeof *extents);
    size_t count = 0;
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") != 0)
            extents[count++] = read_tensor(tensors, name, entry, data);
    }
    check_tiling(path, extents, count, data.size);
    free(extents);
    json_decref(header);
    return tensors;
}

static uint64_t elements(const struct safetensor *tensor)
{
    uint64_t count = 1;
    for (int i = 0; i < tensor->rank; i++)
        count *= tensor->shape[i];
    return count;
}

void safetensors_header(struct buffer *to, const struct safetensor *tensors, size_t count)
{
    size_t start = to->size;
    uint64_t offset = 0;
    buffer_append(to, "\0\0\0\0\0\0\0\0", 8);
    buffer_text(to, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = 0; i < count; i++) {
        uint64_t size = 4 * elements(&tensors[i]);
        buffer_format(to, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", tensors[i].name);
        for (int d = 0; d < tensors[i].rank; d++)
            buffer_format(to, d ? ",%llu" : "%llu", (unsigned long long)tensors[i].shape[d]);
        buffer_format(to, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)offset,
                      (unsigned long long)(offset + size));
        offset += size;
    }
    buffer_byte(to, '}');
    while ((to->size - start) % 64 != 0)
        buffer_byte(to, ' ');
    uint64_t size = to->size - start - 8;
    for (int i = 0; i < 8; i++)
        to->at[start + (size_t)i] = (char)(size >> (8 * i) & 255);
}

void safetensors_save(const char *path, const struct safetensor *tensors, size_t count)
{
    struct buffer header = {0};
    safetensors_header(&header, tensors, count);
    int fd = file_create(path);
    file_write(fd, header.at, header.size, path);
    for (size_t i = 0; i < count; i++)
        file_write(fd, tensors[i].at, 4 * elements(&tensors[i]), path);
    if (fsync(fd) != 0)
        die_errno("%s: cannot sync", path);
    file_close(fd, path);
    buffer_free(&header);
}
