#include "train/held_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/standard.h"
#include "base/terminal.h"
#include "eval/report.h"
#include "model/fingerprint.h"
#include "predict/prediction.h"

/* A segment's header as it came, with the classes and what selected the model. */
static struct header output_header(const struct fit_config *config, const struct dataset *dataset,
                                   size_t segment)
{
    struct header header = header_copy(&dataset->headers[segment]);
    const struct classes *classes = &dataset->classes;
    if (classes->count)
        header_set_labels(&header, classes->labels, classes->count, classes->ordered);
    header_set(&header, "chosen_by", json_string(fit_config_selected_by(config)));
    return header;
}

void held_out_write(const struct fit_config *config, const struct dataset *dataset,
                    struct stream_writer *writer, const char *directory, const struct command_record *command)
{
    char fingerprint[65];
    model_fingerprint(directory, fingerprint);
    struct held_out *records = held_out_open(config, dataset);
    for (size_t segment = 0; segment < dataset->segments; segment++) {
        struct header header = output_header(config, dataset, segment);
        header_set_model(&header, directory, fingerprint);
        header_sign(&header, command, config->seed);
        stream_write_header(writer, &header);
        for (struct record *record; (record = held_out_read(records, segment));)
            stream_write(writer, record);
        stream_write_trailer(writer, NULL);
        header_free(&header);
    }
    held_out_close(records);
}

/* ---- The report ---- */

struct reporting {
    const struct model *model;
    struct batch *batch;
    struct report *report;
    double *prob;    /* [K] */
    uint64_t scored; /* that have a label */
};

static void report_computed(struct reporting *r, const struct header *header)
{
    for (struct batch_result got; batch_take(r->batch, &got);) {
        prediction_set(&got, r->model, header, false, r->prob);
        report_add(r->report, got.record);
        r->scored += got.record->y.type != LABEL_NONE;
    }
}

static void report_segment_records(struct reporting *r, struct held_out *records, size_t segment,
                                   const struct header *header)
{
    batch_begin(r->batch, header->y);
    report_segment(r->report, header);
    for (struct record *record; (record = held_out_read(records, segment));) {
        batch_put(r->batch, record);
        report_computed(r, header);
    }
    batch_flush(r->batch);
    report_computed(r, header);
}

void held_out_report(const struct fit_config *config, const struct dataset *dataset, const char *directory,
                     struct pool *pool)
{
    struct model *model = model_open(directory, &(struct model_request){.need_head = true});
    struct report_plan plan = {0};
    struct reporting r = {.model = model,
                          .report = report_new(&plan),
                          .batch = batch_new(model, dataset->vectors ? BATCH_HEAD : BATCH_LOGITS, pool),
                          .prob = memory_new(model->classes.count, sizeof *r.prob)};
    struct held_out *records = held_out_open(config, dataset);
    for (size_t segment = 0; segment < dataset->segments; segment++) {
        struct header header = output_header(config, dataset, segment);
        prediction_header(&header, model);
        report_segment_records(&r, records, segment, &header);
        header_free(&header);
    }
    held_out_close(records);
    if (r.scored == 0) {
        printf("No record with a label was held out: nothing to evaluate %s on.\n", directory);
    } else {
        report_settle(r.report);
        report_text(r.report, stdout, terminal_columns(STDOUT_FILENO), terminal_colour(STDOUT_FILENO));
    }
    standard_flush();
    free(r.prob);
    report_free(r.report);
    batch_free(r.batch);
    model_free(model);
}
