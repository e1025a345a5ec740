#include "stream/check.h"

#include <stdlib.h>

#include "base/error.h"
#include "stream/msgpack.h"

void record_checker_free(struct record_checker *checker)
{
    free(checker->ids.at);
    free(checker->types.at);
    free(checker->windows.at);
    free(checker->vector.at);
    free(checker->probabilities.at);
    *checker = (struct record_checker){0};
}

/* A record without its payload says why, as those of tok --bad-rows mark do. */
static void check_excuse(const struct record *record, const char *key, enum stream_kind kind)
{
    struct slice why;
    if (!record_string(record, "bad", &why))
        die(STATUS_BROKEN, "record %s: no '%s': records of %s have one, or say in a string 'bad' why not",
            record_name(record), key, stream_kind_name(kind));
}

static void check_tokens(struct record_checker *checker, const struct record *record,
                         const struct header *header)
{
    struct int_array *ids = &checker->ids, *windows = &checker->windows;
    const json_t *size = json_object_get(json_object_get(header->map, "tokenizer"), "size");
    int64_t vocabulary = json_is_integer(size) ? json_integer_value(size) : INT32_MAX;
    if (!record_ids(record, "ids", ids)) {
        check_excuse(record, "ids", KIND_TOKENS);
        return;
    }
    for (size_t i = 0; i < ids->count; i++)
        if (ids->at[i] < 0 || ids->at[i] >= vocabulary)
            die(STATUS_BROKEN, "record %s: 'ids': item %zu is %d: expected 0 to %lld", record_name(record),
                i + 1, ids->at[i], (long long)vocabulary - 1);
    if (record_ids(record, "types", &checker->types) && checker->types.count != ids->count)
        die(STATUS_BROKEN, "record %s: %zu 'types' for %zu 'ids'", record_name(record), checker->types.count,
            ids->count);
    if (!record_ids(record, "win", windows))
        return;
    bool good = windows->count >= 2 && windows->at[0] == 0 &&
                windows->at[windows->count - 1] == (int64_t)ids->count;
    for (size_t i = 1; good && i < windows->count; i++)
        good = windows->at[i - 1] < windows->at[i];
    if (!good)
        die(STATUS_BROKEN, "record %s: 'win' does not ascend from 0 to the %zu ids", record_name(record),
            ids->count);
}

static void check_predictions(struct record_checker *checker, const struct record *record,
                              const struct header *header)
{
    struct label pred;
    double score;
    if (!record_label(record, "pred", &pred))
        check_excuse(record, "pred", KIND_PREDICTIONS);
    record_number(record, "score", &score);
    if (record_doubles(record, "prob", &checker->probabilities) && header->classes.count &&
        checker->probabilities.count != header->classes.count)
        die(STATUS_BROKEN, "record %s: %zu 'prob' for %zu labels", record_name(record),
            checker->probabilities.count, header->classes.count);
}

/* A map from string to string. */
static void check_meta(const struct record *record)
{
    struct meta_cursor meta = record_meta_begin(record);
    for (struct slice column, value; record_meta_next(&meta, &column, &value);)
        if (msgpack_first(value).type != MSGPACK_STRING)
            die(STATUS_BROKEN, "record %s: 'meta.%.*s' is %s: expected a string", record_name(record),
                (int)column.size, column.at, msgpack_kind(value));
}

void record_check(struct record_checker *checker, const struct record *record, const struct header *header)
{
    check_meta(record);
    switch (header->kind) {
    case KIND_TOKENS:
        check_tokens(checker, record, header);
        break;
    case KIND_VECTORS:
        if (!record_floats(record, "vec", &checker->vector))
            check_excuse(record, "vec", KIND_VECTORS);
        break;
    case KIND_PREDICTIONS:
        check_predictions(checker, record, header);
        break;
    case KIND_ANY:
        break;
    }
}
