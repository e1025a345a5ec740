/* A tensor of a layout by its name. */
#ifndef RUBRIC_TESTS_TENSOR_H
#define RUBRIC_TESTS_TENSOR_H

#include <string.h>

#include "nn/network.h"

/* NULL when there is none. */
static inline const struct parameter *find_tensor(const struct layout *layout, const char *name)
{
    for (size_t i = 0; i < layout->count; i++)
        if (strcmp(layout->table[i].name, name) == 0)
            return &layout->table[i];
    return NULL;
}

#endif
