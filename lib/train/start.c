#include "train/start.h"

#include <stdlib.h>

#include "base/error.h"

void start_check_header(void *context, const struct header *header)
{
    struct start *start = context;
    if (!start->settings) {
        char *directory = model_find(start->option, header);
        start->settings = model_open(directory, &(struct model_request){.no_weights = true});
        start->shape = start->settings->layout->shape;
        if (start->plan->shape)
            model_shape_parse(start->plan->shape, &start->shape);
        free(directory);
    }
    model_check_tokens(start->settings, header);
}

void start_free(struct start *start) { model_free(start->settings); }

/* The head's tensors, drawn; the loss's own parameters at their first values. */
static void draw_head(const struct goal *goal, struct model *model, uint64_t seed)
{
    const struct layout *layout = model->layout;
    for (size_t i = 0; i < layout->count; i++) {
        const struct parameter *p = &layout->table[i];
        if (p->offset == layout->head_weight || p->offset == layout->head_bias)
            network_initialise_tensor(layout, p, model->params, seed);
    }
    if (layout->shape.E)
        loss_initial_extra(&goal->objective, model->params + layout->extra);
}

/* A head fits when it was trained for the same end; else it is drawn anew, and that is said. */
static void settle_head(const struct goal *goal, struct model *model, uint64_t seed)
{
    bool same = model->has_head && model->scoring.loss == goal->objective.loss
        && model->label_count == goal->classes->count;
    if (same) {
        note("%s: its trained head is trained further", model->directory);
        goal_unfold(goal, model->layout, model->params);
        return;
    }
    if (model->has_head)
        note("%s: its head was trained for another loss or other classes and is drawn anew", model->directory);
    draw_head(goal, model, seed);
}

struct model *start_open(const struct start *start, const struct goal *goal, bool *pretrained)
{
    const struct plan *plan = start->plan;
    struct shape shape = start->shape;
    shape.pool = plan_pooling(plan->pool);
    shape.tap_count = 1;
    shape.taps[0] = shape.L;
    shape.C = loss_outputs(goal->objective.loss, goal->objective.classes);
    shape.E = loss_extra_count(goal->objective.loss, goal->objective.classes);
    struct model_request request = {.head = &shape, .seed = (uint64_t)plan->seed};
    struct model *model = plan->scratch ? model_scratch(start->settings->directory, &shape, (uint64_t)plan->seed)
                                        : model_open(start->settings->directory, &request);
    settle_head(goal, model, (uint64_t)plan->seed);
    if (plan->dropout >= 0) {
        struct shape *s = &model->layout->shape;
        s->hidden_dropout = s->attention_dropout = s->head_dropout = (float)plan->dropout;
    }
    *pretrained = model->pretrained;
    return model;
}
