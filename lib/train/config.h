/* What the user asked of a run, and what it comes to once labels and model are known. */
#ifndef RUBRIC_TRAIN_CONFIG_H
#define RUBRIC_TRAIN_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "linear/linear.h"
#include "linear/thresholds.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "model/model.h"
#include "stream/classes.h"
#include "train/sampler.h"
#include "train/schedule.h"

enum monitor { MONITOR_QWK, MONITOR_ACCURACY, MONITOR_LOSS, MONITOR_MACRO_F1 };
#define MONITOR_CHOICES "qwk|accuracy|loss|macro_f1"
const char *monitor_name(enum monitor monitor);
enum select_by { SELECT_AUTO = -1, SELECT_SLICE, SELECT_VAL, SELECT_NONE };
#define SELECT_CHOICES "slice|val|none"
enum keep_epoch { KEEP_BEST, KEEP_LAST };
#define KEEP_CHOICES "best|last"
enum fit_config_pool { FIT_POOL_CLS, FIT_POOL_MEAN, FIT_POOL_MAX, FIT_POOL_ATTENTION, FIT_POOL_FIRST };
#define FIT_POOL_CHOICES "cls|mean|max|attention|first"

/* Most shards of a batch, each with a gradient of its own (step.h).  Part of the result: another number gives
 * other bits. */
enum { BATCH_SHARDS = 8 };

/* Everything that shapes the model, and nothing that does not (threads, memory, where it goes).  -1 in an int
 * and 0 in `epochs` and `rate`: not given, resolved by fit_config_resolve. */
struct fit_config {
    int head; /* enum linear_kind; -1: none given, and of tokens none */
    int loss, pool, schedule, select, monitor, keep, sample, thresholds;
    int64_t epochs, batch, max_steps, seed, patience, fold;
    double rate, head_rate, layer_decay, warmup, weight_decay, clip, dropout, label_smoothing, ema,
        token_dropout, span_deletion;
    const char *freeze;       /* as given; NULL: nothing */
    const char *class_weight; /* as given; NULL: none */
    bool scratch;
    const char *shape; /* as given; NULL: the model's own */
    int frozen;        /* resolved from `freeze`: struct training_step */
};

/* What stands where no option is given. */
struct fit_config fit_config_defaults(void);

/* Dies with STATUS_USAGE on combinations that make no sense, before anything is read. */
void fit_config_check(const struct fit_config *config);

/* Fills what depends on the labels and the model: loss, pooling, which records select the epoch and by which
 * figure, learning rate and epochs (which differ between pretrained and random weights).  A head that the
 * model brings for as many classes gives its loss and pooling where none are asked for, so that it can be
 * trained further (linear probing, then fine-tuning: Kumar et al. 2022).
 *
 *   trainable    records that may be trained on
 *   val_selects  there are records of val, and a test part beside them
 *
 * Dies with STATUS_USAGE where an option does not go with the labels or the model. */
void fit_config_resolve(struct fit_config *config, const struct classes *classes, const struct model *model,
                        uint64_t trainable, bool val_selects);

/* The same for a head on vectors, where only the head, the loss that goes with it, thresholds, class weights,
 * fold and seed mean anything.  Nothing but the training records selects. */
void fit_config_resolve_head(struct fit_config *config, const struct classes *classes);

/* The head that is fitted to vectors: by default ridge where labels have an order, else logistic. */
enum linear_kind fit_config_head(const struct fit_config *config, bool ordered);

/* Of a resolved config: the part whose records selected the model, "val" or (also where none did) "train". */
const char *fit_config_selected_by(const struct fit_config *config);

enum pooling fit_config_pooling(int pool);

/* The resolved config as a JSON object with the options' names, for config.json and checkpoints. */
json_t *fit_config_json(const struct fit_config *config) __attribute__((warn_unused_result));

#endif
