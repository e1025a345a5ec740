/* Model directories in every form, against what PyTorch computes from them
 * (tests/parity/make_model_fixtures.py). */
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "caught.h"
#include "check.h"
#include "model/config.h"
#include "model/fingerprint.h"
#include "base/json.h"
#include "model/model.h"
#include "scratch.h"

#define FIXTURES "tests/fixtures/model"

/* ---- The numbers ---- */

/* One line of expected.txt. */
struct expected {
    char directory[64], pool[16];
    int layer, ids[64];
    size_t tokens, count;
    double values[512];
};

static bool next_expected(FILE *file, struct expected *e)
{
    static char ids[512], values[16384];
    if (fscanf(file, "%63s %15s %d %511s %16383s", e->directory, e->pool, &e->layer, ids, values) != 5)
        return false;
    e->tokens = e->count = 0;
    for (char *p = ids, *item; (item = strsep(&p, ","));)
        e->ids[e->tokens++] = atoi(item);
    for (char *p = values, *item; (item = strsep(&p, ","));)
        e->values[e->count++] = strtod(item, NULL);
    return true;
}

static void compare(const struct expected *e, const struct model *model, bool logits)
{
    float got[512] = {0};
    struct network_input input = {.ids = e->ids, .tokens = e->tokens, .window_count = 1};
    struct workspace *ws = workspace_new(model->layout);
    if (logits)
        network_logits(ws, model->params, &input, got);
    else
        network_embed(ws, model->params, &input, got);
    for (size_t i = 0; i < e->count; i++) {
        if (!(fabs((double)got[i] - e->values[i]) <= 1e-5 * (1 + fabs(e->values[i]))))
            printf("%s, %s of layer %d, number %zu:\n", e->directory, e->pool, e->layer, i);
        CHECK_NEAR((double)got[i], e->values[i], 1e-5, 1e-5);
    }
    workspace_free(ws);
}

static void test_numbers(void)
{
    FILE *file = fopen(FIXTURES "/expected.txt", "r");
    struct expected e;
    size_t lines = 0;
    CHECK(file != NULL);
    for (; file && next_expected(file, &e); lines++) {
        char *directory = memory_format(FIXTURES "/%s", e.directory);
        bool logits = strcmp(e.pool, "logits") == 0;
        struct shape head = {.tap_count = 1, .taps = {e.layer}};
        CHECK(logits || pooling_parse(e.pool, &head.pool));
        struct model_request request = {.need_head = logits, .head = logits ? NULL : &head};
        struct model *model = model_open(directory, &request);
        CHECK(model->pretrained && model->has_head == logits);
        compare(&e, model, logits);
        model_free(model);
        free(directory);
    }
    CHECK(lines == 8 * 2 * 11 + 3 * 2);
    if (file)
        fclose(file);
}

/* ---- What a directory says ---- */

static void test_settings(void)
{
    struct model_request request = {.need_head = true};
    struct model *m = model_open(FIXTURES "/classifier", &request);
    CHECK(m->classes.type == LABEL_INTEGER && m->classes.count == 5 && m->classes.ordered);
    CHECK(m->classes.labels[4].integer == 5);
    CHECK(m->scoring.loss == LOSS_CE && m->scoring.classes == 5 && m->scoring.values[0] == 1);
    CHECK(m->layout->shape.activation == ACTIVATION_GELU_TANH && m->layout->shape.pool == POOL_POOLER &&
          !m->rubric);
    model_free(m);
    m = model_open(FIXTURES "/regression", &request);
    CHECK(m->classes.type == LABEL_NUMBER && m->classes.count == 0 && m->scoring.loss == LOSS_MSE &&
          m->scoring.classes == 0);
    CHECK(m->layout->shape.activation == ACTIVATION_RELU && m->layout->shape.C == 1);
    model_free(m);
    m = model_open(FIXTURES "/trained", &request);
    CHECK(m->layout->shape.pool == POOL_MEAN && m->layout->shape.tap_count == 2 &&
          m->layout->shape.taps[1] == 2);
    CHECK(m->scoring.thresholds && m->scoring.thresholds[3] == 4.25 && m->scoring.deviation == 0.5);
    CHECK(m->text.max_length == 24 && m->text.stride == 8 && m->vocabulary_size == 64 &&
          strlen(m->fingerprint) == 32);
    CHECK_TEXT(m->vocabulary_hash, json_string_value(json_object_get(m->rubric, "vocabulary")));
    model_free(m);
}

static void test_requests(void)
{
    struct shape head = {.pool = POOL_MEAN, .tap_count = 1, .taps = {1}, .C = 3};
    struct model_request request = {.head = &head, .seed = 7, .layers = 1};
    struct model *cut = model_open(FIXTURES "/published-zip", &request);
    CHECK(cut->layout->shape.L == 1 && cut->layout->head_weight > 0 && !cut->has_head);
    struct model *again = model_open(FIXTURES "/published-legacy", &request);
    CHECK(memcmp(cut->params, again->params, cut->layout->size * sizeof(float)) == 0);
    request.seed = 8;
    struct model *other = model_open(FIXTURES "/published-zip", &request);
    size_t at = cut->layout->head_weight;
    CHECK(memcmp(cut->params, other->params, at * sizeof(float)) == 0 &&
          cut->params[at] != other->params[at]);
    model_free(cut);
    model_free(again);
    model_free(other);

    /* A head of the same form is kept, one of another form is drawn. */
    head = (struct shape){.pool = POOL_POOLER, .tap_count = 1, .taps = {2}, .C = 5};
    request = (struct model_request){.head = &head};
    struct model *kept = model_open(FIXTURES "/classifier", &request);
    CHECK(kept->has_head && kept->classes.count == 5);
    head.C = 4;
    struct model *drawn = model_open(FIXTURES "/classifier", &request);
    CHECK(!drawn->has_head && drawn->classes.count == 0 && drawn->params[drawn->layout->head_bias] == 0);
    model_free(kept);
    model_free(drawn);
}

/* ---- Refusals ---- */

static void open_directory(void *context)
{
    model_free(model_open(context, &(struct model_request){.need_head = false}));
}

static void open_head(void *context)
{
    model_free(model_open(context, &(struct model_request){.need_head = true}));
}

static void open_pooler(void *context)
{
    struct shape head = {.pool = POOL_POOLER, .tap_count = 1, .taps = {2}};
    model_free(model_open(context, &(struct model_request){.head = &head}));
}

static char scratch[] = "/tmp/rubric-unit-model-XXXXXX";

static void copy(const char *name, const char *from)
{
    char *path = memory_format("%s/%s", scratch, name);
    struct file_view view = file_view(from, 1 << 24);
    file_save(path, view.at, view.size);
    file_unview(&view);
    free(path);
}

/* The classifier directory with one field of config.json replaced. */
static enum status with_field(const char *key, const char *json)
{
    copy("vocab.txt", FIXTURES "/classifier/vocab.txt");
    copy("model.safetensors", FIXTURES "/classifier/model.safetensors");
    json_t *config = json_read_object(FIXTURES "/classifier/config.json", 0);
    json_object_set_new(config, key, json_loads(json, JSON_DECODE_ANY, NULL));
    char *path = memory_format("%s/config.json", scratch);
    json_save(path, config);
    free(path);
    json_decref(config);
    return caught(open_head, scratch);
}

static void test_fields(void)
{
    static const char *const refused[][2] = {
        {"model_type", "\"roberta\""},
        {"hidden_act", "\"silu\""},
        {"position_embedding_type", "\"relative_key\""},
        {"is_decoder", "true"},
        {"add_cross_attention", "true"},
        {"is_encoder_decoder", "true"},
        {"pruned_heads", "{\"0\": [1]}"},
        {"quantization_config", "{\"bits\": 4}"},
        {"auto_map", "{\"AutoModel\": \"x.y\"}"},
        {"problem_type", "\"multi_label_classification\""},
        {"problem_type", "\"regression\""},
        {"hidden_size", "9"},
        {"hidden_size", "16"},
        {"hidden_size", "-8"},
        {"hidden_size", "\"8\""},
        {"num_hidden_layers", "3"},
        {"num_hidden_layers", "100000"},
        {"intermediate_size", "13"},
        {"vocab_size", "65"},
        {"vocab_size", "63"},
        {"max_position_embeddings", "25"},
        {"type_vocab_size", "3"},
        {"num_attention_heads", "3"},
        {"num_attention_heads", "0"},
        {"layer_norm_eps", "\"x\""},
        {"hidden_dropout_prob", "1"},
        {"pad_token_id", "64"},
        {"id2label", "{\"0\": \"a\", \"1\": \"b\"}"},
        {"id2label", "{\"1\": \"a\"}"},
        {"id2label", "{}"},
        {"id2label", "[\"a\", \"b\", \"c\"]"},
        {"id2label", "{\"0\": \"a\", \"1\": \"b\", \"2\": \"a\"}"},
        {"num_labels", "2"},
        {"num_labels", "10001"},
        {"rubric", "3"},
        {"rubric", "{\"loss\": \"hinge\", \"trained\": true}"},
        {"rubric", "{\"loss\": \"ce\", \"trained\": true}"},
        {"rubric", "{\"loss\": \"mse\", \"trained\": false}"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        enum status status = with_field(refused[i][0], refused[i][1]);
        if (status != STATUS_BROKEN)
            printf("%s = %s: status %d %s\n", refused[i][0], refused[i][1], status, caught_message);
        CHECK(status == STATUS_BROKEN && strlen(caught_message) > 0);
    }
    CHECK(with_field("hidden_act", "\"silu\"") == STATUS_BROKEN);
    CHECK(strstr(caught_message, "hidden_act") && strstr(caught_message, "silu") &&
          strstr(caught_message, "config.json"));
    CHECK(with_field("id2label", "{\"0\": \"a\", \"1\": \"b\", \"2\": \"a\"}") == STATUS_BROKEN);
    CHECK(strstr(caught_message, "'id2label': outputs 0 and 2 have one name"));
    CHECK(with_field("num_labels", "5") == STATUS_GOOD);
    /* Names are compared by hash: 10,000 of them take no time. */
    CHECK(with_field("num_labels", "10000") == STATUS_BROKEN);
    CHECK(strstr(caught_message, "calls for 10000 x 8"));
    CHECK(with_field("rubric", "{\"loss\": \"ce\", \"trained\": true, \"y\": \"integer\", "
                               "\"labels\": [1, 2, 3, 2, 5]}") == STATUS_BROKEN);
    CHECK(strstr(caught_message, "'rubric.labels': labels 2 and 4 are the same"));
    CHECK(with_field("layer_norm_eps", "1.0") == STATUS_GOOD);
    CHECK(with_field("classifier_dropout", "0.2") == STATUS_GOOD);
    CHECK(with_field("is_decoder", "false") == STATUS_GOOD);
    CHECK(with_field("pruned_heads", "{}") == STATUS_GOOD);
    CHECK(with_field("use_cache", "true") == STATUS_GOOD);
}

static void test_refusals(void)
{
    CHECK(caught(open_directory, (char *)(uintptr_t) "/nowhere/at/all") == STATUS_BROKEN);
    CHECK(strstr(caught_message, "no config.json"));
    CHECK(caught(open_head, (char *)(uintptr_t)FIXTURES "/published-zip") == STATUS_BROKEN);
    CHECK(strstr(caught_message, "no trained head"));
    CHECK(caught(open_pooler, (char *)(uintptr_t)FIXTURES "/trained") == STATUS_BROKEN);
    CHECK(strstr(caught_message, "pooler"));
}

/* ---- Saving ---- */

static void check_unchanged(void *context) { model_check_unchanged(context); }

static void test_save(const char *from)
{
    struct model *m = model_open(from, &(struct model_request){.need_head = true, .own = true});
    model_save(m, scratch, from);
    char fingerprint[65];
    model_fingerprint(scratch, fingerprint);
    CHECK_TEXT(m->fingerprint, fingerprint);
    struct model *back = model_open(scratch, &(struct model_request){.need_head = true});
    CHECK(!m->weights.map && back->weights.map); /* rubric's own file is mapped where it need not be copied */
    CHECK(back->layout->size == m->layout->size);
    CHECK(memcmp(back->params, m->params, m->layout->size * sizeof(float)) == 0);
    CHECK(memcmp(&back->layout->shape, &m->layout->shape, sizeof m->layout->shape) == 0);
    const struct classes *was = &m->classes, *is = &back->classes;
    CHECK(is->type == was->type && is->ordered == was->ordered && is->count == was->count);
    for (size_t i = 0; i < was->count; i++)
        CHECK(classes_find(is, &was->labels[i]) == (ptrdiff_t)i);
    CHECK(back->scoring.deviation == m->scoring.deviation && back->scoring.loss == m->scoring.loss);
    CHECK_TEXT(back->vocabulary_hash, m->vocabulary_hash);
    model_check_unchanged(back);
    char before[65];
    snprintf(before, sizeof before, "%s", back->fingerprint);
    model_fingerprint(scratch, fingerprint);
    CHECK_TEXT(before, fingerprint);
    model_save(m, scratch, from); /* the same bytes */
    CHECK_TEXT(m->fingerprint, before);
    CHECK(caught(check_unchanged, back) == STATUS_BROKEN &&
          strstr(caught_message, "was changed while it was in use"));
    m->params[m->layout->size - 1] += 1;
    model_save(m, scratch, from);
    CHECK(strcmp(m->fingerprint, before) != 0);
    model_free(back);
    model_free(m);
}

static void test_scratch(void)
{
    struct shape shape = {
        .V = 64, .P = 24, .types = 2, .C = 2, .pool = POOL_POOLER, .layer_norm_eps = 1e-12f, .tap_count = 1};
    CHECK(model_shape_parse("2,8,2", &shape) && shape.L == 2 && shape.H == 8 && shape.A == 2 &&
          shape.F == 32);
    CHECK(!model_shape_parse("2,8", &shape) && !model_shape_parse("2,8,2,", &shape) &&
          !model_shape_parse("huge", &shape));
    shape.taps[0] = 2;
    struct model *m = model_scratch(FIXTURES "/trained", &shape, 3);
    CHECK(!m->pretrained && m->text.max_length == 24 && m->params[m->layout->norm_weight] == 1);
    model_free(m);
}

int main(void)
{
    error_set_quiet(true);
    if (!mkdtemp(scratch))
        return 1;
    test_numbers();
    test_settings();
    test_requests();
    test_refusals();
    test_fields();
    test_save(FIXTURES "/classifier");
    test_save(FIXTURES "/regression");
    test_save(FIXTURES "/trained");
    test_scratch();
    scratch_remove(scratch);
    return check_report("model");
}
