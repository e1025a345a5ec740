/* What training minimises: the loss, targets and weights of examples, and what outputs mean meanwhile.
 *
 * Squared error is minimised on standardised scores z = (y - centre) / spread of the training records, so
 * that learning rates mean the same on every scale; objective_fold puts the scale into the head. */
#ifndef RUBRIC_TRAIN_OBJECTIVE_H
#define RUBRIC_TRAIN_OBJECTIVE_H

#include "nn/loss.h"
#include "nn/network.h"
#include "nn/scoring.h"
#include "stream/classes.h"
#include "train/example.h"

struct objective {
    struct loss_spec spec; /* its arrays are owned */
    const struct classes *classes;
    double centre, spread;
    double *class_weights;  /* [K]; NULL: all 1 */
    struct scoring scoring; /* on the labels' scale; owned arrays */
};

struct label_sum {
    uint64_t count;
    double weight;
};

/* What is known of the training records: counts and weights of the labels found and of all, and of numbers
 * their mean and deviation. */
struct label_sums {
    struct label_sum *labels; /* [label_count] by number */
    size_t label_count, capacity;
    uint64_t n;
    double weight;
    double mean, squares; /* Welford's: the sum of squared differences from the mean */
};
/* Start with {0}; `label` is the label's number among the classes met, -1 where it has none. */
void label_sums_add(struct label_sums *sums, int32_t label, double value, double weight);
void label_sums_join(struct label_sums *to, const struct label_sums *from);
void label_sums_free(struct label_sums *sums);

/* Class weights.  With n_c members of class c, N in all, and K' classes that have members:
 *   none       1
 *   balanced   N / (K' n_c)
 *   effective  (1 - b) / (1 - b^n_c), b = 0.999, scaled so that the members' weights add up to N
 *              (Cui et al. 2019, eq. 4)
 *   a file     lines of a label, blanks, a weight; classes it does not name weigh 1
 *
 *   how      "none" (or NULL), "balanced", "effective" or a file's path
 *   counts   [K] training records of each class
 *   returns  [K], which the caller frees; NULL for none.  Any of them may be 0
 *
 * Dies with STATUS_INPUT on a file with a line that is not a label and a number of at least 0, with a label
 * that is not a class or is there twice; with STATUS_USAGE where there are no classes. */
double *class_weights(const char *how, const struct classes *classes, const double *counts);

/* XXH3-64 of the file that `how` names; 0 when it names none. */
uint64_t class_weights_hash(const char *how);

/* For a loss that suits the classes; `class_weight` as class_weights takes it.  Dies with STATUS_INPUT when
 * records of no weight, or of one class only, are left, or when single precision cannot hold the labels'
 * scale; with STATUS_USAGE or STATUS_INPUT on class weights that do not fit the classes. */
void objective_init(struct objective *objective, enum loss loss, double smoothing,
                    const struct classes *classes, const struct label_sums *sums, const char *class_weight);
/* No standardisation: scores are on the labels' own scale afterwards, for heads that are fitted there. */
void objective_plain(struct objective *objective);
void objective_free(struct objective *objective);

/* Target and weight (record times class) of an example. */
struct target objective_target(const struct objective *objective, const struct example *example);
double objective_weight(const struct objective *objective, const struct example *example);
/* The label as a number on the labels' scale: a class's value, or its index where it has none. */
double objective_value(const struct objective *objective, const struct example *example);

/* What the network's outputs say, on the labels' scale. */
struct scored objective_score(const struct objective *objective, const float *outputs, const float *extra,
                              double *prob);

/* Changes a head trained on z into one that gives y, and back (for a head that was fitted before). */
void objective_fold(const struct objective *objective, const struct layout *layout, float *params);
void objective_unfold(const struct objective *objective, const struct layout *layout, float *params);

/* One example's loss for network_train: context is a struct objective_call. */
struct objective_call {
    const struct objective *objective;
    struct target target;
    double scale; /* of the gradient: the example's weight over the batch's */
};
double objective_loss(void *context, const float *outputs, const float *extra, float *doutputs,
                      float *dextra);

#endif
