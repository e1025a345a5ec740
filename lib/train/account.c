#include "train/account.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "eval/metrics.h"

static void print_figure(struct buffer *to, const char *name, double value)
{
    if (isnan(value))
        buffer_format(to, ", %s undefined", name);
    else
        buffer_format(to, ", %s %.3f", name, value);
}

static void print_marks(struct buffer *to, const struct marks *marks)
{
    buffer_format(to, "loss %.4f", marks_loss(marks));
    if (marks->k) {
        print_figure(to, "accuracy", marks_accuracy(marks));
        print_figure(to, "kappa", marks_qwk(marks));
    } else {
        print_figure(to, "root mean squared error", marks_deviation(marks));
    }
}

static const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

static const char *chooser_name(const struct plan *plan)
{
    return plan->select == CHOOSE_VAL ? "val" : "slice";
}

static void account_classes(const struct training *t, struct buffer *to)
{
    const struct classes *classes = &t->intake->classes;
    if (classes->count == 0) {
        buffer_text(to, "numbers, no classes");
        return;
    }
    buffer_format(to, "%zu classes (", classes->count);
    for (size_t c = 0; c < classes->count && c < 12; c++) {
        if (c)
            buffer_text(to, ", ");
        label_print(to, &classes->list[c]);
    }
    buffer_text(to, classes->count > 12 ? ", ...)" : ")");
}

static void account_choice(const struct training *t)
{
    struct source choosing;
    bool chooses = choosing_source(t->plan, t->intake, &choosing);
    if (!chooses && t->plan->select == CHOOSE_SLICE)
        warn("too few records of each class to hold a tenth back: nothing chooses, the last epoch is kept");
    if (!chooses) {
        note("all of them are learned from, and the last epoch is kept%s",
             t->plan->select == CHOOSE_NOTHING ? " (--keep best has a tenth choose it)" : "");
        return;
    }
    const char *what = t->plan->keep == KEEP_LAST ? "are watched" : "choose the epoch";
    if (t->plan->select == CHOOSE_SLICE)
        note("%" PRIu64 " of the training records, drawn by class, are not trained on: they %s (by %s)",
             source_count(&choosing), what, monitor_name((enum monitor)t->plan->monitor));
    else
        note("the %" PRIu64 " records of val %s (by %s)%s", source_count(&choosing), what,
             monitor_name((enum monitor)t->plan->monitor),
             intake_val_chooses(t->intake) ? "; only the other parts pass on"
                                           : " AND pass on: their figures are not honest");
}

void account_plan(const struct training *t)
{
    const struct plan *plan = t->plan;
    struct source source = training_source(plan, t->intake);
    struct buffer line = {0};
    account_classes(t, &line);
    note("training on %" PRIu64 " records, %.*s, %.0f tokens each on average", source_count(&source),
         (int)line.size, line.at,
         (double)t->intake->tokens / (double)(t->intake->train_sums.n + t->intake->slice_sums.n));
    buffer_free(&line);
    account_choice(t);
    if (t->intake->with_part == 0 && plan->fold < 0)
        note("the records carry no parts: all that have a label are trained on, and none of them passes on "
             "(split marks some as val)");
    if (t->intake->folds_seen && plan->fold < 0)
        note("the records carry folds and none is held out (--fold K would): training on all of them");
    const struct shape *s = &t->model->layout->shape;
    char length[64];
    if (plan->max_steps > 0)
        snprintf(length, sizeof length, "at most %" PRId64 " step%s", plan->max_steps, plural(plan->max_steps));
    else
        snprintf(length, sizeof length, "%" PRId64 " epoch%s", plan->epochs, plural(plan->epochs));
    note("%s: %d layer%s, hidden size %d, %zu parameters%s; %s, %s, batch %" PRId64
         ", learning rate %g, %d thread%s",
         plan->scratch ? "random weights" : t->model->directory, s->L, plural(s->L), s->H,
         t->model->layout->size,
         t->model->pretrained ? ""
                              : " that were never pretrained (a model that was learns more from few essays)",
         loss_name((enum loss)plan->loss), length, plan->batch, plan->rate, pool_threads(t->pool),
         plural(pool_threads(t->pool)));
}

void account_epoch(const struct training *t, uint64_t epoch, const struct marks *running,
                   const struct marks *choosing, bool best, double seconds)
{
    struct buffer line = {0};
    print_marks(&line, running);
    if (choosing) {
        buffer_format(&line, " | %s: ", chooser_name(t->plan));
        print_marks(&line, choosing);
        if (best)
            buffer_text(&line, " (best)");
    }
    note("epoch %" PRIu64 "/%" PRId64 " | train: %.*s | %.1f s", epoch, t->plan->epochs, (int)line.size,
         line.at, seconds);
    buffer_free(&line);
}

/* How much of each class was found: what class weights and sampling are for. */
static void account_recall(const struct training *t, const struct marks *marks)
{
    struct buffer line = {0};
    for (size_t c = 0; c < marks->k; c++) {
        uint64_t support = metric_support(marks->counts, marks->k, c);
        if (c)
            buffer_text(&line, ", ");
        label_print(&line, &t->intake->classes.list[c]);
        if (!support)
            buffer_text(&line, " has none");
        else if (metric_predicted(marks->counts, marks->k, c))
            buffer_format(&line, " %.0f %% of %" PRIu64, 100 * metric_recall(marks->counts, marks->k, c),
                          support);
        else
            buffer_format(&line, " none of %" PRIu64 " (never predicted)", support);
    }
    note("of the records that chose, found by class: %.*s", (int)line.size, line.at);
    buffer_free(&line);
}

void account_centre(double off)
{
    note("without dropout the scores of training records were %+.3f off on average: put right", off);
}

void account_outcome(const struct training *t, const struct outcome *o)
{
    if (!o->chose)
        return;
    struct buffer line = {0};
    print_marks(&line, &o->choosing);
    note("kept epoch %" PRIu64 " of %" PRIu64 " (%s: %.*s)", o->kept_epoch, o->epochs, chooser_name(t->plan),
         (int)line.size, line.at);
    buffer_free(&line);
    if (o->overfitted)
        note("after epoch %" PRIu64 " the loss in training went on falling while that of the %s rose: "
             "the model began to learn the essays by heart (fewer epochs, a lower --lr or more --dropout may "
             "help)",
             o->best_epoch, chooser_name(t->plan));
    if (o->choosing.k > 0 && o->choosing.k <= 20)
        account_recall(t, &o->choosing);
}
