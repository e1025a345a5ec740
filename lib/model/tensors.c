#include "model/tensors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

struct tensors *tensors_new(const char *path)
{
    struct tensors *tensors = memory_zeroed(1, sizeof *tensors);
    tensors->path = memory_string(path);
    return tensors;
}

void tensors_free(struct tensors *tensors)
{
    if (!tensors)
        return;
    interner_free(&tensors->names);
    for (size_t i = 0; i < tensors->block_count; i++)
        free(tensors->blocks[i]);
    if (tensors->file.at)
        file_unview(&tensors->file);
    free(tensors->blocks);
    free(tensors->at);
    free(tensors->path);
    free(tensors);
}

void tensors_refuse_pointer(const struct tensors *tensors)
{
    static const char pointer[] = "version https://git-lfs";
    if (tensors->file.size >= sizeof pointer - 1 &&
        memcmp(tensors->file.at, pointer, sizeof pointer - 1) == 0)
        die(STATUS_BROKEN, "%s: is only Git LFS's pointer to the weights: get them with 'git lfs pull'",
            tensors->path);
}

struct tensor *tensors_add(struct tensors *tensors, struct slice name)
{
    bool new;
    if (memchr(name.at, '\0', name.size))
        die(STATUS_BROKEN, "%s: the name of a tensor has a NUL in it", tensors->path);
    size_t number = interner_add(&tensors->names, name, &new);
    if (!new)
        die(STATUS_BROKEN, "%s: tensor '%s' is there twice", tensors->path, tensors->at[number].name);
    memory_grow(&tensors->at, &tensors->capacity, tensors->count + 1, sizeof *tensors->at);
    struct tensor *tensor = &tensors->at[tensors->count++];
    *tensor = (struct tensor){.name = tensors->names.at[number].at};
    return tensor;
}

const struct tensor *tensors_find(const struct tensors *tensors, const char *name)
{
    size_t number = interner_find(&tensors->names, slice_of(name));
    return number == INTERNER_NONE ? NULL : &tensors->at[number];
}

uint64_t tensor_elements(const struct tensors *tensors, const struct tensor *tensor)
{
    uint64_t count = 1;
    for (int i = 0; i < tensor->rank; i++)
        if (__builtin_mul_overflow(count, tensor->shape[i], &count) || count > UINT64_C(1) << 40)
            die(STATUS_BROKEN, "%s: tensor '%s' has more than 2^40 elements", tensors->path, tensor->name);
    return count;
}

float float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 0) { /* zero or subnormal: fraction / 2^24 */
        float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    uint32_t bits = sign | (exponent == 31 ? 0x7F800000 : (exponent + 112) << 23) | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float float_of_bfloat(uint16_t bfloat)
{
    uint32_t bits = (uint32_t)bfloat << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float element(const struct tensor *tensor, uint64_t index)
{
    if (tensor->type == TENSOR_F32) {
        float value;
        memcpy(&value, tensor->at + 4 * index, sizeof value);
        return value;
    }
    uint16_t bits;
    memcpy(&bits, tensor->at + 2 * index, sizeof bits);
    return tensor->type == TENSOR_F16 ? float_of_half(bits) : float_of_bfloat(bits);
}

static bool contiguous(const struct tensor *tensor)
{
    uint64_t step = 1;
    for (int i = tensor->rank; i-- > 0;) {
        if (tensor->shape[i] != 1 && tensor->stride[i] != step)
            return false;
        step *= tensor->shape[i];
    }
    return true;
}

/* Pages of a mapped file that were copied need not stay resident: a model is not held twice. */
static void drop_pages(const struct tensors *tensors, const uint8_t *at, uint64_t size)
{
    const uint8_t *file = (const uint8_t *)tensors->file.at;
    if (!tensors->file.map || at < file || at >= file + tensors->file.size)
        return;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)at + page - 1) / page * page, last = ((uintptr_t)at + size) / page * page;
    if (first < last)
        madvise((void *)first, last - first, MADV_DONTNEED); /* advice: failing costs memory only */
}

void tensor_copy(const struct tensors *tensors, const struct tensor *tensor, float *to)
{
    if (tensor->type == TENSOR_OTHER)
        die(STATUS_BROKEN,
            "%s: tensor '%s' is of type %s: expected floats of 32 or 16 bits or bfloats (F32, F16, BF16)",
            tensors->path, tensor->name, tensor->type_name);
    uint64_t count = tensor_elements(tensors, tensor);
    if (contiguous(tensor)) {
        if (tensor->type == TENSOR_F32)
            memcpy(to, tensor->at, 4 * count);
        else
            for (uint64_t i = 0; i < count; i++)
                to[i] = element(tensor, i);
        drop_pages(tensors, tensor->at, count * (tensor->type == TENSOR_F32 ? 4 : 2));
        return;
    }
    uint64_t at[TENSOR_MAX_RANK] = {0}, index = 0;
    for (uint64_t i = 0; i < count; i++) {
        to[i] = element(tensor, index);
        for (int d = tensor->rank; d-- > 0;) {
            index += tensor->stride[d];
            if (++at[d] < tensor->shape[d])
                break;
            index -= at[d] * tensor->stride[d];
            at[d] = 0;
        }
    }
}
