#include "train/example.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { WIDE_IDS = 1, HAS_TYPES = 2, HAS_VECTOR = 4, WIDE_TYPES = 8 };

/* What the compact form begins with; behind it: ids, types, windows (or the vector), id. */
struct packed {
    double value, weight;
    int32_t label;
    uint32_t tokens, window_count, id_size; /* tokens: of a vector, its numbers */
    uint64_t flags;                         /* of 8 bytes, so that nothing is padded: the bytes are hashed */
};

void example_store_free(struct example_store *store)
{
    buffer_free(&store->bytes);
    buffer_free(&store->id);
    free(store->ids.at);
    free(store->types.at);
    free(store->windows.at);
    free(store->vector.at);
    *store = (struct example_store){0};
}

static void read_tokens(const struct record *record, struct example_store *store, struct network_input *out)
{
    if (!record_ids(record, "ids", &store->ids))
        die(STATUS_BROKEN, "record %s has no 'ids'", record_name(record));
    bool typed = record_ids(record, "types", &store->types),
         windowed = record_ids(record, "win", &store->windows);
    if (typed && store->types.count != store->ids.count)
        die(STATUS_BROKEN, "record %s has %zu 'types' for %zu 'ids'", record_name(record), store->types.count,
            store->ids.count);
    if (windowed && store->windows.count < 2)
        die(STATUS_BROKEN, "record %s: 'win' has %zu entries: expected a start for each window and the end",
            record_name(record), store->windows.count);
    *out = (struct network_input){.ids = store->ids.at,
                                  .types = typed ? store->types.at : NULL,
                                  .tokens = store->ids.count,
                                  .windows = windowed ? store->windows.at : NULL,
                                  .window_count = windowed ? store->windows.count - 1 : 1};
}

void example_read(const struct record *record, bool vectors, struct example_store *store, struct example *out)
{
    store->id.size = 0;
    buffer_append(&store->id, record->id.at, record->id.size);
    *out = (struct example){
        .label = -1,
        .value = record->y.type == LABEL_INTEGER || record->y.type == LABEL_NUMBER ? record->y.number : 0,
        .weight = record->w,
        .id = {store->id.at, store->id.size},
    };
    if (!vectors) {
        read_tokens(record, store, &out->input);
        return;
    }
    if (!record_floats(record, "vec", &store->vector))
        die(STATUS_BROKEN, "record %s has no 'vec'", record_name(record));
    out->vector = store->vector.at;
    out->width = store->vector.count;
}

static bool fit_within(const int32_t *values, size_t count, int32_t limit)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] > limit)
            return false;
    return true;
}

static uint64_t flags_of(const struct example *example)
{
    const struct network_input *e = &example->input;
    if (example->vector)
        return HAS_VECTOR;
    return (fit_within(e->ids, e->tokens, UINT16_MAX) ? 0 : WIDE_IDS) | (e->types ? HAS_TYPES : 0) |
           (!e->types || fit_within(e->types, e->tokens, UINT8_MAX) ? 0 : WIDE_TYPES);
}

/* Bytes of one id, and of one type, in the packed form. */
static size_t id_size(uint64_t flags) { return flags & WIDE_IDS ? 4 : 2; }
static size_t type_size(uint64_t flags) { return flags & WIDE_TYPES ? 4 : 1; }

/* The low `size` bytes of each; the machine is little-endian. */
static void pack_integers(const int32_t *values, size_t count, size_t size, struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        buffer_append(out, &values[i], size);
}

static void pack_tokens(const struct network_input *e, uint64_t flags, struct buffer *out)
{
    pack_integers(e->ids, e->tokens, id_size(flags), out);
    if (e->types)
        pack_integers(e->types, e->tokens, type_size(flags), out);
    if (e->windows)
        pack_integers(e->windows, e->window_count + 1, sizeof *e->windows, out);
}

void example_pack(const struct example *example, struct buffer *out)
{
    const struct network_input *e = &example->input;
    struct packed head = {
        .value = example->value,
        .weight = example->weight,
        .label = example->label,
        .tokens = (uint32_t)(example->vector ? example->width : e->tokens),
        .window_count = e->windows ? (uint32_t)e->window_count : 0,
        .id_size = (uint32_t)example->id.size,
        .flags = flags_of(example),
    };
    buffer_append(out, &head, sizeof head);
    if (example->vector)
        buffer_append(out, example->vector, example->width * sizeof *example->vector);
    else
        pack_tokens(e, head.flags, out);
    buffer_append(out, example->id.at, example->id.size);
}

static int32_t *reserve(struct int_array *array, size_t count)
{
    array->count = count;
    memory_grow(&array->at, &array->capacity, count, sizeof *array->at);
    return array->at;
}

/* Back from pack_integers; returns where they end. */
static const char *unpack_integers(const char *at, size_t size, size_t count, int32_t *to)
{
    for (size_t i = 0; i < count; i++, at += size) {
        uint32_t value = 0;
        memcpy(&value, at, size);
        to[i] = (int32_t)value;
    }
    return at;
}

/* Returns where the tokens end. */
static const char *unpack_tokens(const struct packed *head, const char *at, struct example_store *store,
                                 struct network_input *out)
{
    size_t tokens = head->tokens;
    *out = (struct network_input){.ids = reserve(&store->ids, tokens), .tokens = tokens, .window_count = 1};
    at = unpack_integers(at, id_size(head->flags), tokens, store->ids.at);
    if (head->flags & HAS_TYPES) {
        out->types = reserve(&store->types, tokens);
        at = unpack_integers(at, type_size(head->flags), tokens, store->types.at);
    }
    if (head->window_count) {
        out->windows = reserve(&store->windows, head->window_count + 1);
        out->window_count = head->window_count;
        at = unpack_integers(at, sizeof(int32_t), head->window_count + 1, store->windows.at);
    }
    return at;
}

static const char *unpack_vector(const struct packed *head, const char *at, struct example_store *store,
                                 struct example *out)
{
    struct float_array *vector = &store->vector;
    memory_grow(&vector->at, &vector->capacity, head->tokens, sizeof *vector->at);
    memcpy(vector->at, at, head->tokens * sizeof *vector->at);
    out->vector = vector->at;
    out->width = vector->count = head->tokens;
    return at + head->tokens * sizeof *vector->at;
}

void example_unpack(struct slice packed, struct example_store *store, struct example *out)
{
    struct packed head;
    memcpy(&head, packed.at, sizeof head);
    const char *at = packed.at + sizeof head;
    *out = (struct example){.label = head.label, .value = head.value, .weight = head.weight};
    if (head.flags & HAS_VECTOR)
        at = unpack_vector(&head, at, store, out);
    else
        at = unpack_tokens(&head, at, store, &out->input);
    out->id = (struct slice){at, head.id_size};
}
