#include "train/budget.h"

#include <malloc.h>

#include "base/error.h"
#include "train/step.h"

enum {
    MEBIBYTE = 1 << 20,
    PROGRAM = 10,     /* MiB: code, libraries, buffers of reading and writing */
    LEAST_SPOOL = 1,  /* MiB */
};

/* Floats of one worker's scratch memory for a text of T tokens: what forward keeps of each layer, and what
 * backward needs of one layer at a time (see nn/encoder.h).  More than that, for the stack of pieces it grows
 * in: measured. */
static double scratch(const struct shape *s)
{
    double T = s->P, H = s->H, F = s->F, L = s->L, A = s->A;
    double kept = L * (T * (8 * H + 2 * F + A) + A * T * T / 32), moving = T * (10 * H + 2 * F);
    return 1.6 * (kept + moving);
}

void budget_begin(void) { mallopt(M_MMAP_THRESHOLD, MEBIBYTE / 4); }

uint64_t budget_fixed(const struct shape *shape, const struct plan *plan, int threads)
{
    struct layout *layout = layout_new(shape);
    double all = (double)layout->size, words = (double)shape->V * shape->H;
    double layers = (double)shape->L * (4.0 * shape->H * shape->H + 2.0 * shape->H * shape->F);
    layout_free(layout);
    int leaves = (int)(plan->batch < STEP_LEAVES ? plan->batch : STEP_LEAVES),
        busy = threads < leaves ? threads : leaves;
    double rows = 2.0 * (double)plan->batch / leaves * shape->P * shape->H;
    double gradients = (busy + 2) * (all - words + rows);
    double blocks = plan->ema > 0 ? 4 : 3;
    double floats = blocks * all + 2 * layers + gradients + threads * scratch(shape);
    return (uint64_t)(4 * floats) + (uint64_t)PROGRAM * MEBIBYTE;
}

uint64_t budget_spool(uint64_t line, const struct shape *shape, const struct plan *plan, int threads)
{
    if (line == 0)
        return UINT64_C(1) << 30;
    uint64_t fixed = budget_fixed(shape, plan, threads), least = fixed + LEAST_SPOOL * MEBIBYTE;
    if (line < least)
        die(STATUS_USAGE, "--memory %lluM is too little: this model, batch and %d threads need %lluM",
            (unsigned long long)(line / MEBIBYTE), threads, (unsigned long long)(least / MEBIBYTE + 1));
    return line - fixed;
}
