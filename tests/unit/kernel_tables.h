/* Every table of kernels that this CPU runs, one after the other. */
#ifndef RUBRIC_TESTS_KERNEL_TABLES_H
#define RUBRIC_TESTS_KERNEL_TABLES_H

#include <stdlib.h>

#include "caught.h"
#include "nn/kernels/kernels.h"

static inline void choose_table(void *chosen) { *(const struct kernels **)chosen = kernels_chosen(); }

/* Sets RUBRIC_KERNELS to the next name of a table that this CPU runs and returns the table; NULL when there
 * are no more.  `*next` starts at 0. */
static inline const struct kernels *next_table(size_t *next)
{
    static const char *const names[] = {"portable", "avx2", "avx512"};
    while (*next < sizeof names / sizeof *names) {
        const struct kernels *table;
        setenv("RUBRIC_KERNELS", names[(*next)++], 1);
        if (caught(choose_table, &table) == STATUS_GOOD)
            return table;
    }
    return NULL;
}

#endif
