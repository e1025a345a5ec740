#include "stream/label.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "stream/msgpack.h"

const char *label_type_name(enum label_type type)
{
    static const char *const names[] = {"none", "integer", "number", "string"};
    return names[type];
}

bool label_type_find(const char *name, enum label_type *type)
{
    for (enum label_type t = LABEL_NONE; t <= LABEL_STRING; t++)
        if (strcmp(name, label_type_name(t)) == 0) {
            *type = t;
            return true;
        }
    return false;
}

void label_print(struct buffer *to, const struct label *label)
{
    switch (label->type) {
    case LABEL_NONE:
        break;
    case LABEL_INTEGER:
        buffer_integer(to, label->integer);
        break;
    case LABEL_NUMBER:
        buffer_number(to, label->number);
        break;
    case LABEL_STRING:
        buffer_append(to, label->string.at, label->string.size);
        break;
    }
}

json_t *label_to_json(const struct label *label)
{
    switch (label->type) {
    case LABEL_INTEGER:
        return json_integer(label->integer);
    case LABEL_NUMBER:
        return json_real(label->number);
    case LABEL_STRING:
        return json_stringn(label->string.at, label->string.size);
    case LABEL_NONE:
        break;
    }
    return json_null();
}

struct label label_from_json(const json_t *value)
{
    if (json_is_integer(value))
        return (struct label){.type = LABEL_INTEGER,
                              .integer = json_integer_value(value),
                              .number = (double)json_integer_value(value)};
    if (json_is_real(value))
        return (struct label){.type = LABEL_NUMBER, .number = json_real_value(value)};
    if (json_is_string(value))
        return (struct label){.type = LABEL_STRING, .string = json_slice(value)};
    return (struct label){.type = LABEL_NONE};
}

json_t *label_to_plain_json(const struct label *label)
{
    double number = label->number;
    if (label->type == LABEL_STRING)
        return json_text(label->string);
    if (label->type == LABEL_NUMBER && number == floor(number) && fabs(number) < 0x1p53)
        return json_integer((json_int_t)number);
    return label_to_json(label);
}

bool label_from_msgpack(struct slice object, struct label *label)
{
    struct msgpack_token token = msgpack_first(object);
    if (token.type == MSGPACK_INTEGER)
        *label = (struct label){
            .type = LABEL_INTEGER, .integer = token.integer, .number = (double)token.integer};
    else if ((token.type == MSGPACK_FLOAT || token.type == MSGPACK_DOUBLE) && isfinite(token.number))
        *label = (struct label){.type = LABEL_NUMBER, .number = token.number};
    else if (token.type == MSGPACK_STRING)
        *label = (struct label){.type = LABEL_STRING, .string = token.bytes};
    else
        return false;
    return true;
}
