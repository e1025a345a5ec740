#include "train/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/standard.h"
#include "base/terminal.h"
#include "eval/report.h"
#include "predict/prediction.h"
#include "train/save.h"

struct reporting {
    const struct fit_config *config;
    struct dataset *dataset;
    struct model *model;
    struct batch *batch;
    struct report *report;
    struct header *headers; /* [segments] of predictions */
    double *prob;           /* [K] */
    size_t segment;
    uint64_t scored; /* that have a label */
};

static void take_computed(struct reporting *r)
{
    for (struct batch_result got; batch_take(r->batch, &got);) {
        prediction_set(&got, r->model, &r->headers[r->segment], false, r->prob);
        report_add(r->report, got.record);
        r->scored += got.record->y.type != LABEL_NONE;
    }
}

static void begin_segment(struct reporting *r, size_t segment)
{
    batch_flush(r->batch);
    take_computed(r);
    r->segment = segment;
    batch_begin(r->batch, r->headers[segment].y);
    report_segment(r->report, &r->headers[segment]);
}

static void report_record(void *context, size_t segment, const struct record *record)
{
    struct reporting *r = context;
    if (segment != r->segment)
        begin_segment(r, segment);
    batch_put(r->batch, record);
    take_computed(r);
}

static void make_headers(struct reporting *r)
{
    struct dataset *in = r->dataset;
    r->headers = memory_new(in->segments, sizeof *r->headers);
    for (size_t i = 0; i < in->segments; i++) {
        r->headers[i] = fit_header(r->config, in, i);
        prediction_header(&r->headers[i], r->model);
    }
}

void fit_report(const struct fit_config *config, struct dataset *dataset, const char *directory,
                struct pool *pool)
{
    struct model *model = model_open(directory, &(struct model_request){.need_head = true});
    struct report_plan how = {0};
    struct reporting r = {.config = config,
                          .dataset = dataset,
                          .model = model,
                          .report = report_new(&how),
                          .batch = batch_new(model, dataset->vectors ? BATCH_HEAD : BATCH_LOGITS, pool),
                          .prob = memory_new(model->classes.count, sizeof *r.prob)};
    make_headers(&r);
    begin_segment(&r, 0);
    dataset_pass_on(dataset, val_passes_on(config, dataset), report_record, &r);
    batch_flush(r.batch);
    take_computed(&r);
    if (r.scored == 0) {
        printf("No record with a label was held out: nothing to evaluate %s on.\n", directory);
    } else {
        report_settle(r.report);
        report_text(r.report, stdout, terminal_columns(STDOUT_FILENO), terminal_colour(STDOUT_FILENO));
    }
    standard_flush();
    for (size_t i = 0; i < dataset->segments; i++)
        header_free(&r.headers[i]);
    free(r.headers);
    free(r.prob);
    report_free(r.report);
    batch_free(r.batch);
    model_free(model);
}
