#include "nn/network.h"

#include "base/error.h"

static void check_windows(const struct network_input *e, const struct shape *shape, const char *name)
{
    int64_t before = 0;
    if (e->window_count < 1 || e->windows[0] != 0)
        die(STATUS_BROKEN, "%s: its windows do not start at its first token: expected 0", name);
    for (size_t i = 1; i <= e->window_count; i++) {
        int64_t at = e->windows[i];
        if (at <= before || at > (int64_t)e->tokens)
            die(STATUS_BROKEN,
                "%s: window %zu of %zu ends at token %lld: expected more than %lld and at most %zu", name, i,
                e->window_count, (long long)at, (long long)before, e->tokens);
        if (at - before > shape->P)
            die(STATUS_BROKEN, "%s: window %zu has %lld tokens: expected at most the model's %d positions",
                name, i, (long long)(at - before), shape->P);
        before = at;
    }
    if (before != (int64_t)e->tokens)
        die(STATUS_BROKEN, "%s: its windows end at token %lld: expected %zu", name, (long long)before,
            e->tokens);
}

void input_check(const struct network_input *e, const struct shape *shape, const char *name)
{
    if (e->tokens == 0)
        die(STATUS_BROKEN, "%s: no tokens: expected at least one", name);
    if (e->windows)
        check_windows(e, shape, name);
    else if (e->tokens > (size_t)shape->P)
        die(STATUS_BROKEN, "%s: %zu tokens: expected at most the model's %d positions", name, e->tokens,
            shape->P);
    for (size_t i = 0; i < e->tokens; i++) {
        if (e->ids[i] < 0 || e->ids[i] >= shape->V)
            die(STATUS_BROKEN, "%s: token %zu has the id %d: expected 0 to %d, the model's vocabulary", name,
                i, e->ids[i], shape->V - 1);
        if (e->types && (e->types[i] < 0 || e->types[i] >= shape->types))
            die(STATUS_BROKEN, "%s: token %zu has the type %d: expected 0 to %d", name, i, e->types[i],
                shape->types - 1);
    }
}

double input_cost(const struct network_input *e, const struct shape *s, bool training)
{
    int top = s->taps[s->tap_count - 1];
    bool one_query = top > 0 && (s->pool == POOL_CLS || s->pool == POOL_POOLER);
    double H = s->H, F = s->F, total = 0;
    for (size_t w = 0; w < e->window_count; w++) {
        double T = e->windows ? e->windows[w + 1] - e->windows[w] : (double)e->tokens;
        double full = 2 * T * (4 * H * H + 2 * H * F) + 4 * T * T * H;
        double single = 4 * T * H * s->A + 2 * (4 * H * H + 2 * H * F);
        total += one_query ? (top - 1) * full + single : top * full;
        total += 20 * T * H; /* embeddings and their layer norm */
    }
    return training ? 3 * total : total;
}
