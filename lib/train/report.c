#include "train/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "eval/metrics.h"
#include "model/model.h"
#include "train/evaluate.h"
#include "train/finish.h"

static void print_figure(const char *name, double value)
{
    if (isnan(value))
        printf("%-24s undefined\n", name);
    else
        printf("%-24s %.4f\n", name, value);
}

static void print_confusion(const struct classes *classes, const struct marks *marks)
{
    struct buffer name = {0};
    printf("\n%12s", "true \\ pred");
    for (size_t row = 0; row <= marks->k; row++) {
        if (row > 0) {
            name.size = 0;
            label_print(&name, &classes->list[row - 1]);
            printf("%12.*s", (int)name.size, name.at);
        }
        for (size_t c = 0; c < marks->k; c++) {
            name.size = 0;
            label_print(&name, &classes->list[c]);
            if (row == 0)
                printf(" %8.*s", (int)(name.size > 8 ? 8 : name.size), name.at);
            else
                printf(" %8" PRIu64, marks->counts[(row - 1) * marks->k + c]);
        }
        putchar('\n');
    }
    buffer_free(&name);
}

static void print_marks(const struct classes *classes, const struct marks *marks)
{
    printf("%-24s %" PRIu64 "\n", "records held out", marks->n);
    if (marks->n == 0)
        return;
    if (marks->k == 0) {
        print_figure("root mean squared error", marks_deviation(marks));
        return;
    }
    print_figure("accuracy", marks_accuracy(marks));
    print_figure("largest class", metric_majority(marks->counts, marks->k));
    print_figure("quadratic kappa", marks_qwk(marks));
    print_figure("macro F1", marks_macro_f1(marks));
    print_confusion(classes, marks);
}

void fit_report(const struct plan *plan, struct intake *intake, const char *directory, struct pool *pool)
{
    struct model *model = model_open(directory, &(struct model_request){.need_head = true});
    int threads = pool_threads(pool);
    struct workspace **workspaces = memory_new((size_t)threads, sizeof *workspaces);
    for (int i = 0; i < threads; i++)
        workspaces[i] = workspace_new(model->layout);
    struct goal goal = goal_of_scoring(&model->scoring, &intake->classes);
    struct marks marks;
    marks_init(&marks, intake->classes.count);
    struct evaluation e = {model->layout, model->params, pool, workspaces, &goal};
    evaluate(&e, &(struct source){intake, SOURCE_REST}, &marks, NULL);
    if (val_passes_on(plan, intake))
        evaluate(&e, &(struct source){intake, SOURCE_VAL}, &marks, NULL);
    print_marks(&intake->classes, &marks);
    if (fflush(stdout) != 0 || ferror(stdout))
        die_errno("cannot write to standard output");
    marks_free(&marks);
    for (int i = 0; i < threads; i++)
        workspace_free(workspaces[i]);
    free(workspaces);
    model_free(model);
}
