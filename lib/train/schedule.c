#include "train/schedule.h"

#include <math.h>

uint64_t schedule_warmup(double warmup, uint64_t steps)
{
    double count = warmup < 1 ? floor(warmup * (double)steps) : floor(warmup);
    return count < (double)steps ? (uint64_t)count : steps - 1;
}

double schedule_rate(const struct schedule *schedule, uint64_t step)
{
    double s = (double)step, steps = (double)schedule->steps, warmup = (double)schedule->warmup;
    if (step < schedule->warmup)
        return schedule->rate * ((s + 1) / (warmup + 1));
    switch (schedule->shape) {
    case SCHEDULE_LINEAR:
        return schedule->rate * ((steps - s) / (steps - warmup));
    case SCHEDULE_COSINE:
        return schedule->rate * ((1 + cos(M_PI * (s - warmup) / (steps - warmup))) / 2);
    case SCHEDULE_CONSTANT:
        break;
    }
    return schedule->rate;
}
