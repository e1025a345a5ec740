#include "train/augment.h"

#include "base/random.h"

/* What is being shortened: tokens that stay move down to `kept`. */
struct shortening {
    const struct augmentation *how;
    uint64_t key;
    int32_t *ids, *types; /* types: NULL without a pair */
    size_t kept;
};

/* Where the essay begins in a window: behind [CLS], and behind the prompt, which is of another type. */
static size_t essay_begin(const struct shortening *s, size_t from, size_t end)
{
    size_t begin = from + 1;
    while (s->types && begin < end && s->types[begin] != s->types[end - 1])
        begin++;
    return begin;
}

/* Moves the tokens of one window that stay. */
static void shorten_window(struct shortening *s, size_t from, size_t end)
{
    size_t begin = essay_begin(s, from, end), size = begin + 1 < end ? end - 1 - begin : 0;
    size_t longest = (size_t)(s->how->span_deletion * (double)size);
    size_t length = random_below(longest + 1, s->key, RANDOM_AUGMENT, 1, from);
    size_t span = begin + random_below(size - length + 1, s->key, RANDOM_AUGMENT, 2, from);
    for (size_t t = from; t < end; t++) {
        bool essay = t >= begin && t + 1 < end, in_span = t >= span && t < span + length;
        if (essay && (in_span || random_uniform(s->key, RANDOM_AUGMENT, 0, t) < s->how->token_dropout))
            continue;
        s->ids[s->kept] = s->ids[t];
        if (s->types)
            s->types[s->kept] = s->types[t];
        s->kept++;
    }
}

void augment(const struct augmentation *how, uint64_t epoch, uint64_t number, struct example_store *store,
             struct example *example)
{
    if (how->token_dropout <= 0 && how->span_deletion <= 0)
        return;
    struct network_input *input = &example->input;
    struct shortening s = {.how = how,
                           .key = random_bits(how->seed, RANDOM_AUGMENT, epoch, number),
                           .ids = store->ids.at,
                           .types = input->types ? store->types.at : NULL};
    size_t from = 0;
    for (size_t w = 0; w < input->window_count; w++) {
        size_t end = input->windows ? (size_t)input->windows[w + 1] : input->tokens;
        shorten_window(&s, from, end);
        from = end;
        if (input->windows)
            store->windows.at[w + 1] = (int32_t)s.kept;
    }
    input->tokens = s.kept;
}
