/* Counts of pairs (true class, predicted class).  Only pairs that occur are kept: memory and time grow with
 * them, not with the square of the classes. */
#ifndef RUBRIC_EVAL_CONFUSION_H
#define RUBRIC_EVAL_CONFUSION_H

#include <stddef.h>
#include <stdint.h>

struct cell {
    uint32_t truth, pred;
    uint64_t count; /* at least 1 */
};

/* Counts while records are added.  Start with {0}; release with confusion_free. */
struct confusion {
    struct cell *cells; /* [count] in the order they were met */
    size_t count, capacity;
    uint32_t *table; /* open addressing over a cell's index + 1; 0 is empty */
    size_t table_size;
};

/* Counts a pair `times` times. */
void confusion_add(struct confusion *confusion, size_t truth, size_t pred, uint64_t times);
/* Forgets all pairs and keeps the memory. */
void confusion_clear(struct confusion *confusion);
struct confusion confusion_copy(const struct confusion *confusion);
void confusion_free(struct confusion *confusion);

/* A class that occurs, in truth or in prediction. */
struct class_counts {
    uint32_t class;
    uint64_t support, predicted, right; /* its records; records given to it; both */
};

/* The confusion matrix in the order of the classes, with its margins.  Release with confusion_matrix_free. */
struct confusion_matrix {
    uint64_t total;
    struct class_counts *classes; /* [class_count] those that occur, ascending */
    size_t class_count;
    struct cell *cells; /* [cell_count] row by row (true class), each by column */
    size_t cell_count;
};

/* `places` takes the numbers of the pairs to classes (classes.h); NULL: they are classes already. */
struct confusion_matrix confusion_matrix(const struct confusion *confusion, const uint32_t *places);
void confusion_matrix_free(struct confusion_matrix *matrix);

/* The counts of a class, all 0 where it does not occur; and of a cell. */
struct class_counts confusion_class(const struct confusion_matrix *matrix, size_t class);
uint64_t confusion_cell(const struct confusion_matrix *matrix, size_t truth, size_t pred);

#endif
