/* The learning rate over a run.
 *
 * With S steps, W of them warmup, step s = 0 .. S-1 has the rate times
 *     (s + 1) / (W + 1)                          s < W
 *     (S - s) / (S - W)                          linear
 *     (1 + cos(pi (s - W) / (S - W))) / 2        cosine
 *     1                                          constant
 * No step is ever taken with rate 0: what was computed for it would be thrown away. */
#ifndef RUBRIC_TRAIN_SCHEDULE_H
#define RUBRIC_TRAIN_SCHEDULE_H

#include <stdint.h>

enum schedule_shape { SCHEDULE_LINEAR, SCHEDULE_COSINE, SCHEDULE_CONSTANT };
#define SCHEDULE_CHOICES "linear|cosine|constant"

struct schedule {
    enum schedule_shape shape;
    double rate;     /* the highest */
    uint64_t steps;  /* S >= 1 */
    uint64_t warmup; /* W < S */
};

/* Warmup given as a share of the steps (below 1) or as their number (1 and more). */
uint64_t schedule_warmup(double warmup, uint64_t steps);

double schedule_rate(const struct schedule *schedule, uint64_t step);

#endif
