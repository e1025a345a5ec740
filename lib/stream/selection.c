#include "stream/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

bool selection_where(struct selection *selection, const char *where)
{
    const char *equals = strchr(where, '=');
    if (!equals || equals == where)
        return false;
    selection->name = slice_string((struct slice){where, (size_t)(equals - where)});
    selection->value = equals + 1;
    return true;
}

void selection_free(struct selection *selection)
{
    free(selection->name);
    buffer_free(&selection->text);
}

bool selection_wants(struct selection *s, const struct record *record)
{
    s->seen++;
    if (s->limit >= 0 && s->taken >= (uint64_t)s->limit)
        return false;
    if (s->at && s->seen != s->at)
        return false;
    if (s->id && !slice_is(record->id, s->id))
        return false;
    if (s->name) {
        s->text.size = 0;
        record_text(record, s->name, &s->text);
        if (!slice_is((struct slice){s->text.at, s->text.size}, s->value))
            return false;
    }
    s->taken++;
    return true;
}

bool selection_done(const struct selection *s)
{
    return (s->limit >= 0 && s->taken >= (uint64_t)s->limit) || (s->at && s->seen >= s->at) ||
           (s->taken && s->id);
}

void selection_check(const struct selection *s)
{
    if (s->id && !s->taken && s->limit != 0)
        die(STATUS_INPUT, "no record has the id '%s'", s->id);
    if (s->at > s->seen)
        die(STATUS_INPUT, "there is no record %llu: the stream has %llu", (unsigned long long)s->at,
            (unsigned long long)s->seen);
}
