#include "eval/json_values.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/terminal.h"

void json_put(json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        die(STATUS_SYSTEM, "out of memory");
}

void json_add(json_t *array, json_t *value)
{
    if (!value || json_array_append_new(array, value) != 0)
        die(STATUS_SYSTEM, "out of memory");
}

json_t *json_metric(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *json_count(uint64_t n) { return json_integer((json_int_t)n); }

json_t *json_label(const struct label *label)
{
    double number = label->number;
    if (label->type == LABEL_STRING)
        return json_text(label->string);
    if (label->type == LABEL_INTEGER)
        return json_integer(label->integer);
    return number == floor(number) && fabs(number) < 0x1p53 ? json_integer((json_int_t)number)
                                                            : json_real(number);
}

json_t *json_text(struct slice text)
{
    json_t *value = json_stringn(text.size ? text.at : "", text.size);
    if (value)
        return value;
    struct buffer escaped = {0};
    terminal_put(&escaped, text);
    value = json_stringn(escaped.at, escaped.size);
    buffer_free(&escaped);
    return value;
}
