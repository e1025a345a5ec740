/* JSON values of reports: every failure ends the process, so that no caller checks. */
#ifndef RUBRIC_EVAL_JSON_VALUES_H
#define RUBRIC_EVAL_JSON_VALUES_H

#include <jansson.h>
#include <stdint.h>

#include "stream/label.h"

/* Adds `value`, which they take over, to an object or array. */
void json_put(json_t *object, const char *key, json_t *value);
void json_add(json_t *array, json_t *value);

/* NAN and infinity are null; bytes that are not UTF-8 are escaped. */
json_t *json_metric(double value);
json_t *json_count(uint64_t n);
json_t *json_text(struct slice text);
/* A label: numbers as numbers, whole ones without a point. */
json_t *json_label(const struct label *label);

#endif
