#include "base/names.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"

/* Where in the table `name` is, or would be. */
static size_t place_of(const struct names *names, struct slice name, uint64_t hash)
{
    size_t i = hash & (names->table_size - 1);
    for (; names->table[i]; i = (i + 1) & (names->table_size - 1)) {
        size_t number = names->table[i] - 1;
        if (names->hashes[number] == hash && slice_equal(names->at[number], name))
            break;
    }
    return i;
}

static uint64_t hash_of(struct slice name) { return XXH3_64bits(name.size ? name.at : "", name.size); }

static void grow_table(struct names *names)
{
    free(names->table);
    names->table_size = names->table_size ? 2 * names->table_size : 64;
    names->table = memory_zeroed(names->table_size, sizeof *names->table);
    for (size_t number = 0; number < names->count; number++) {
        size_t i = names->hashes[number] & (names->table_size - 1);
        while (names->table[i])
            i = (i + 1) & (names->table_size - 1);
        names->table[i] = (uint32_t)number + 1;
    }
}

size_t names_add(struct names *names, struct slice name, bool *added)
{
    if (2 * (names->count + 1) > names->table_size)
        grow_table(names);
    uint64_t hash = hash_of(name);
    size_t place = place_of(names, name, hash);
    bool fresh = names->table[place] == 0;
    if (added)
        *added = fresh;
    if (!fresh)
        return names->table[place] - 1;
    if (names->count == UINT32_MAX - 1)
        die(STATUS_SYSTEM, "more than %u different names", UINT32_MAX - 1);
    size_t room = names->room;
    memory_grow(&names->at, &room, names->count + 1, sizeof *names->at);
    memory_grow(&names->hashes, &names->room, names->count + 1, sizeof *names->hashes);
    names->at[names->count] = (struct slice){slice_string(name), name.size};
    names->hashes[names->count] = hash;
    names->table[place] = (uint32_t)++names->count;
    return names->count - 1;
}

size_t names_find(const struct names *names, struct slice name)
{
    if (names->count == 0)
        return NAMES_NONE;
    return (size_t)names->table[place_of(names, name, hash_of(name))] - 1; /* 0 - 1 is NAMES_NONE */
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free((char *)(uintptr_t)names->at[i].at);
    free(names->at);
    free(names->hashes);
    free(names->table);
    *names = (struct names){0};
}
