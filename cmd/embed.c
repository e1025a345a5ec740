/* embed: tokens to vectors, with the encoder of a model directory. */
#include <stdlib.h>

#include "base/error.h"
#include "base/options.h"
#include "base/standard.h"
#include "base/terminal.h"
#include "model/config.h"
#include "predict/embedding.h"
#include "stream/stream.h"

struct settings {
    const char *model, *output;
    struct text_list layers;
    bool force;
    int pool;
    int64_t threads;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {'m', "model", OPTION_FILE, AT(model), "DIR",
     .help = "the encoder (the stream's model, $RUBRIC_MODEL, or the default)"},
    {0, "layer", OPTION_LIST, AT(layers), "N,...",
     .help = "layers to read, joined (the top one; 0: the embeddings)"},
    {0, "pool", OPTION_CHOICE, AT(pool), "mean|cls|pooler|max|none",
     .help = "one vector of a text's token vectors (mean);\nnone: every token's vector"},
    {0, "threads", OPTION_INTEGER, AT(threads), "N", 1, 1024, "threads (the CPUs this process may use)"},
    {'o', "output", OPTION_FILE, AT(output), "FILE", .help = "write there instead of standard output"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "write over the file if it is there"},
};
static const enum pooling pools[] = {POOL_MEAN, POOL_CLS, POOL_POOLER, POOL_MAX, POOL_NONE};

static const struct command command = {
    "embed",
    "[OPTION]... [FILE]...",
    "Replaces the tokens of a stream by vectors: what the encoder of a model makes of each text.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = true};

static struct model *open_encoder(const struct settings *opt, const struct header *head)
{
    char *directory = model_find(opt->model, head);
    struct shape shape = embedding_shape(directory, &opt->layers, pools[opt->pool]);
    int top = shape.taps[shape.tap_count - 1];
    struct model_request request = {.head = &shape, .layers = top > 0 ? top : 1};
    struct model *model = model_open(directory, &request);
    if (!model->pretrained)
        warn("%s has no weights: these vectors come from random ones and mean little", directory);
    struct buffer names = {0};
    for (int i = 0; i < shape.tap_count; i++)
        buffer_format(&names, i ? ",%d" : "%d", shape.taps[i]);
    note("%s, layer %.*s of %d, pool %s", directory, (int)names.size, names.at, embedding_layers(directory),
         pooling_name(shape.pool));
    buffer_free(&names);
    free(directory);
    return model;
}

static void write_computed(struct batch *batch, const struct model *model, struct stream_writer *out)
{
    for (struct batch_result got; batch_take(batch, &got);) {
        embedding_set(&got, model);
        stream_write(out, got.record);
    }
}

int main(int argc, char **argv)
{
    struct settings opt = {.threads = pool_cpus()};
    int first = command_parse(&command, &opt, argc, argv);
    struct stream_reader *in = stream_open(argv + first, (size_t)(argc - first));
    standard_spare_inputs(opt.output, argv + first, (size_t)(argc - first));
    struct stream_writer *out = stream_create(opt.output, opt.force);
    struct pool *pool = pool_new((int)opt.threads);
    struct model *model = NULL;
    struct batch *batch = NULL;
    struct progress progress;
    struct command_record line = command_record_new(&command, argc, argv, first);
    uint64_t texts = 0;

    for (struct header head; stream_next(in, &head, KIND_TOKENS); header_free(&head)) {
        if (!model) {
            model = open_encoder(&opt, &head);
            batch = batch_new(model, BATCH_EMBED, pool);
            progress_start(&progress, "embed", "texts", 0);
        }
        model_check_tokens(model, &head);
        embedding_header(&head, model);
        header_sign(&head, &line, -1);
        stream_write_header(out, &head);
        batch_begin(batch, head.y);
        for (struct record *record; stream_read(in, &record);) {
            batch_put(batch, record);
            write_computed(batch, model, out);
            progress_update(&progress, ++texts);
        }
        batch_flush(batch);
        write_computed(batch, model, out);
        stream_write_trailer(out, stream_trailer(in));
    }
    progress_end(&progress);
    command_record_free(&line);
    batch_free(batch);
    model_free(model);
    pool_free(pool);
    text_list_free(&opt.layers);
    return stream_finish(in, out);
}
