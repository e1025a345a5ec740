/* config.json: the fields of Hugging Face's BertConfig that change the arithmetic, honoured or refused by
 * name, and the "rubric" object that says what that class cannot. */
#ifndef RUBRIC_MODEL_CONFIG_H
#define RUBRIC_MODEL_CONFIG_H

#include <jansson.h>

#include "model/model.h"

/* DIRECTORY/config.json; dies with STATUS_BROKEN, saying what a model directory is, when it is missing. */
json_t *config_read(const char *directory);

/* The encoder that `config` describes: L H A F V P, types, activation, epsilon, dropouts, pad; no head (C = E
 * = 0, POOL_CLS, one tap at the top).  Absent fields have BertConfig's defaults.  `path` is for messages. */
struct shape config_shape(const json_t *config, const char *path);

/* The head that `config` describes, into shape's pool, taps, C and E: from the "rubric" object where there is
 * one, else Hugging Face's classifier under the pooler with as many outputs as it has labels. */
void config_head(const json_t *config, const char *path, struct shape *shape);

/* Labels, label type, order, loss, values, thresholds and deviation of the head, into the model: from the
 * "rubric" object where there is one, else from id2label and problem_type. */
void config_scoring(const json_t *config, const char *path, struct model *model);

/* Whether Hugging Face's BertForSequenceClassification can express the head: linear, under the pooler, on
 * top. */
bool config_standard_head(const struct shape *shape);

/* config.json for a model in memory, "rubric" included; the caller releases it. */
json_t *config_write(const struct model *model);

/* tokenizer_config.json for a model's text settings, with the added and special tokens of its tokenizer; the
 * caller releases it. */
json_t *config_write_tokenizer(const struct tokenizer_settings *text, const struct tokenizer *tokenizer);

/* tokenizer.json for the same, the one file in which Hugging Face's libraries look for a word limit.  The
 * added tokens are left to tokenizer_config.json. */
json_t *config_write_word_limit(const struct tokenizer_settings *text, const struct tokenizer *tokenizer);

const char *pooling_name(enum pooling pool); /* "cls", "pooler", "mean", "max", "attention", "none" */
bool pooling_parse(const char *name, enum pooling *pool);

#endif
