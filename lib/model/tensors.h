/* The tensors of a weights file, whatever its format (safetensors.h, torchfile.h): names, shapes, and
 * where their elements lie.  Every offset was checked against the file before a tensor was made of it,
 * so a reader that keeps to shape and strides stays inside.
 *
 * A struct tensors owns its names and its bytes (mapped or read); tensors_free releases all. */
#ifndef RUBRIC_MODEL_TENSORS_H
#define RUBRIC_MODEL_TENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/interner.h"
#include "base/memory.h"

enum { TENSOR_MAX_RANK = 8 };

/* The most bytes of a weights file: four thousand million parameters. */
#define WEIGHTS_FILE_LIMIT (UINT64_C(1) << 34)

enum tensor_type { TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_OTHER /* cannot be a parameter */ };

struct tensor {
    const char *name; /* the tensors' */
    enum tensor_type type;
    char type_name[24]; /* as the file calls it */
    int rank;
    uint64_t shape[TENSOR_MAX_RANK];
    uint64_t stride[TENSOR_MAX_RANK]; /* in elements */
    const uint8_t *at;                /* the first element; little-endian, not aligned */
};

struct tensors {
    char *path;
    struct tensor *at;
    size_t count, capacity;
    struct interner names; /* number = index in `at` */
    struct file_view file; /* mapped bytes; size 0 when `blocks` hold the elements */
    void **blocks;         /* memory that tensors lie in, each from malloc */
    size_t block_count, block_capacity;
};

struct tensors *tensors_new(const char *path);
void tensors_free(struct tensors *tensors);

/* Dies with STATUS_BROKEN, saying how to get the file, when what is there is Git LFS's pointer to it. */
void tensors_refuse_pointer(const struct tensors *tensors);

/* Adds a tensor called `name` (copied) and returns it, zeroed, to be filled.  Dies with STATUS_BROKEN when
 * there is one of that name: programs differ in which of the two counts. */
struct tensor *tensors_add(struct tensors *tensors, struct slice name);

/* The tensor of that name, or NULL. */
const struct tensor *tensors_find(const struct tensors *tensors, const char *name);

/* Elements of a shape; dies with STATUS_BROKEN, naming the file and the tensor, above 2^40. */
uint64_t tensor_elements(const struct tensors *tensors, const struct tensor *tensor);

/* Writes all elements in row-major order as floats; dies with STATUS_BROKEN, naming the tensor and its
 * type, unless that is F32, F16 or BF16.  The file's pages may be dropped from memory afterwards. */
void tensor_copy(const struct tensors *tensors, const struct tensor *tensor, float *to);

/* IEEE binary16 and bfloat16 as floats: exact for every value. */
float float_of_half(uint16_t half);
float float_of_bfloat(uint16_t bfloat);

#endif
