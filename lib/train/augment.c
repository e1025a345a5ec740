#include "train/augment.h"

#include "base/random.h"

/* What is being shortened: tokens move down to `kept`. */
struct cutting {
    const struct augmentation *how;
    uint64_t key;
    struct example_store *store;
    bool typed;
    size_t kept;
};

/* Copies the tokens of one window that stay. */
static void cut_window(struct cutting *c, size_t from, size_t end)
{
    size_t inner = end - from > 2 ? end - from - 2 : 0;
    size_t longest = (size_t)(c->how->span_deletion * (double)inner);
    size_t length = random_below(longest + 1, c->key, RANDOM_AUGMENT, 1, from);
    size_t initial = from + 1 + random_below(inner - length + 1, c->key, RANDOM_AUGMENT, 2, from);
    for (size_t t = from; t < end; t++) {
        bool edge = t == from || t + 1 == end, in_span = t >= initial && t < initial + length;
        if (!edge && (in_span || random_uniform(c->key, RANDOM_AUGMENT, 0, t) < c->how->token_dropout))
            continue;
        c->store->ids.at[c->kept] = c->store->ids.at[t];
        if (c->typed)
            c->store->types.at[c->kept] = c->store->types.at[t];
        c->kept++;
    }
}

void augment(const struct augmentation *how, uint64_t epoch, uint64_t input, struct example_store *store,
             struct example *example)
{
    if (how->token_dropout <= 0 && how->span_deletion <= 0)
        return;
    struct network_input *e = &example->input;
    struct cutting c = {how, random_bits(how->seed, RANDOM_AUGMENT, epoch, input), store, e->types != NULL,
                        0};
    size_t from = 0;
    for (size_t w = 0; w < e->window_count; w++) {
        size_t end = e->windows ? (size_t)e->windows[w + 1] : e->tokens;
        cut_window(&c, from, end);
        from = end;
        if (e->windows)
            store->windows.at[w + 1] = (int32_t)c.kept;
    }
    e->tokens = c.kept;
}
