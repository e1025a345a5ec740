/* Values in and out of records and headers: labels of every type, every setter, JSON Lines, CSV, trails. */
#include "check.h"
#include "stream/internal.h"
#include "stream/jsonlines.h"
#include "stream/trail.h"
#include "stream/view.h"
#include "stream_sample.h"

static struct slice bytes_of(const struct buffer *b) { return (struct slice){b->at, b->size}; }

static void expect_label(const struct label *label, enum label_type y, const char *text)
{
    struct record record = {0}, back = {0};
    struct buffer packed = {0}, printed = {0};
    record_clear(&record);
    record_set_string(&record, "id", SLICE("a"));
    record_set_label(&record, "y", label);
    CHECK(record.y.type == label->type);
    record_pack(&record, &packed);
    record_unpack(&back, bytes_of(&packed), y);
    CHECK(back.y.type == y && slice_is(back.id, "a") && back.w == 1 && back.fold == -1 && !back.part.size);
    label_print(&printed, &back.y);
    CHECK(slice_is(bytes_of(&printed), text));
    struct label got;
    CHECK(record_label(&back, "y", &got) && !record_label(&back, "pred", &got));
    buffer_free(&packed);
    buffer_free(&printed);
    record_free(&record);
    record_free(&back);
}

static void test_labels(void)
{
    struct label integer = {.type = LABEL_INTEGER, .integer = INT64_MIN, .number = (double)INT64_MIN};
    struct label number = {.type = LABEL_NUMBER, .number = 0.1}, whole = {.type = LABEL_NUMBER, .number = 3};
    struct label text = {.type = LABEL_STRING, .string = SLICE("très bien")},
                 three = {.type = LABEL_INTEGER, .integer = 3, .number = 3};
    expect_label(&integer, LABEL_INTEGER, "-9223372036854775808");
    expect_label(&number, LABEL_NUMBER, "0.1");
    expect_label(&whole, LABEL_NUMBER, "3");
    expect_label(&three, LABEL_NUMBER, "3");
    expect_label(&text, LABEL_STRING, "très bien");

    struct header header;
    header_init(&header, KIND_PREDICTIONS, LABEL_NUMBER);
    struct label classes[] = {{.type = LABEL_NUMBER, .number = 1}, {.type = LABEL_NUMBER, .number = 1.5}};
    header_set_labels(&header, classes, 2, true);
    CHECK(header.classes.count == 2 && header.classes.ordered &&
          classes_find(&header.classes, &classes[1]) == 1);
    struct label one = {.type = LABEL_INTEGER, .integer = 1, .number = 1};
    CHECK(classes_find(&header.classes, &one) == 0);
    CHECK(classes_find(&header.classes, &text) == -1);
    CHECK(classes_find(&header.classes, &(struct label){0}) == -1);
    CHECK(!header_model_path(&header) && !header_model_fingerprint(&header));
    struct header copy = header_copy(&header);
    CHECK(!header_difference(&header, &copy) && copy.classes.count == 2 &&
          copy.classes.labels[1].number == 1.5);
    header_set(&copy, "pool", json_string("mean"));
    CHECK_TEXT(header_difference(&header, &copy), "pool");
    header_set_kind(&copy, KIND_VECTORS);
    CHECK_TEXT(header_difference(&header, &copy), "kind");
    header_free(&copy);
    header_free(&header);

    header_init(&header, KIND_TOKENS, LABEL_STRING);
    header_set_labels(&header, &text, 1, false);
    CHECK(classes_find(&header.classes, &text) == 0 && !header.classes.ordered);
    header_free(&header);
}

/* What a field's bytes point to must survive all that is set later. */
static void test_store(void)
{
    struct record record = {0};
    char key[16], value[5000];
    for (int round = 0; round < 3; round++) {
        record_clear(&record);
        for (int i = 0; i < 200; i++) {
            snprintf(key, sizeof key, "k%d", i);
            memset(value, 'a' + i % 26, sizeof value);
            record_set_string(&record, key, (struct slice){value, (size_t)(i * 25)});
        }
        CHECK(record.field_count == 200);
        for (int i = 0; i < 200; i++) {
            struct slice got;
            snprintf(key, sizeof key, "k%d", i);
            memset(value, 'a' + i % 26, sizeof value);
            CHECK(record_string(&record, key, &got));
            CHECK(slice_equal(got, (struct slice){value, (size_t)(i * 25)}));
        }
    }
    record_free(&record);
}

static void test_setters(void)
{
    struct record record = {0};
    record_clear(&record);
    CHECK(record.w == 1 && record.fold == -1 && record.y.type == LABEL_NONE);
    CHECK_TEXT(record_name(&record), "number 1");
    const float floats[] = {1.5f, -0.0f, 3.4e38f};
    const double doubles[] = {0.1, 0.25};
    const int32_t ids[] = {-1, 0, 127, 128, 255, 256, 65535, 65536, INT32_MAX, INT32_MIN};
    record_set_doubles(&record, "prob", doubles, 2);
    record_set_floats(&record, "vec", floats, 3);
    record_set_ids(&record, "ids", ids, 10);
    record_set_string(&record, "id", SLICE("a\x1b[31m"));
    json_t *value = json_pack("[i,{s:n}]", 1, "x");
    struct buffer packed = {0};
    msgpack_put_json(&packed, value);
    record_set_raw(&record, "zzz", bytes_of(&packed));
    buffer_free(&packed);
    json_decref(value);
    record_set_number(&record, "w", 2);
    record_set_integer(&record, "fold", 4);
    record_set_string(&record, "part", SLICE("val"));
    CHECK_TEXT(record_name(&record), "a\\x1b[31m");
    CHECK(record.w == 2 && record.fold == 4 && slice_is(record.part, "val"));
    struct buffer order = {0};
    for (size_t i = 0; i < record.field_count; i++)
        buffer_format(&order, "%.*s ", (int)record.fields[i].key.size, record.fields[i].key.at);
    CHECK(slice_is(bytes_of(&order), "id w part fold ids vec prob zzz "));
    struct float_array f = {0};
    struct double_array d = {0};
    struct int_array n = {0};
    CHECK(record_floats(&record, "vec", &f) && f.count == 3 && memcmp(f.at, floats, sizeof floats) == 0);
    CHECK(record_doubles(&record, "prob", &d) && d.count == 2 && d.at[0] == 0.1 && d.at[1] == 0.25);
    CHECK(record_doubles(&record, "vec", &d) && d.count == 3 && d.at[0] == 1.5);
    CHECK(record_floats(&record, "prob", &f) && f.count == 2 && f.at[0] == 0.1f);
    CHECK(record_ids(&record, "ids", &n) && n.count == 10 && memcmp(n.at, ids, sizeof ids) == 0);
    CHECK(slice_equal(record_field(&record, "zzz"), SLICE("\x92\x01\x81\xa1x\xc0")));

    record_set_string(&record, "part", SLICE("test"));
    record_set_integer(&record, "fold", 0);
    CHECK(slice_is(record.part, "test") && record.fold == 0 && record.field_count == 8);
    static const char *const removed[] = {"id", "w", "part", "fold", "zzz", "nothing"};
    for (size_t i = 0; i < 6; i++)
        record_remove(&record, removed[i]);
    CHECK(record.w == 1 && record.fold == -1 && !record.part.at && !record.id.at && record.field_count == 3);
    struct label none = {0}, label = {.type = LABEL_INTEGER, .integer = 2, .number = 2};
    record_set_label(&record, "y", &label);
    record_set_label(&record, "y", &none);
    CHECK(record.y.type == LABEL_NONE && !record_field(&record, "y").at);
    buffer_free(&order);
    free(f.at);
    free(d.at);
    free(n.at);
    record_free(&record);
}

static void set_bad_part(void *with) { record_set_string(with, "part", SLICE("")); }
static void set_bad_fold(void *with) { record_set_integer(with, "fold", -3); }
static void set_bad_weight(void *with) { record_set_number(with, "w", (double)NAN); }
static void read_bad_vector(void *with) { record_floats(with, "vec", &(struct float_array){0}); }
static void read_bad_number(void *with) { record_number(with, "id", &(double){0}); }
static void read_bad_text(void *with) { record_text(with, "vec", &(struct buffer){0}); }
static void set_bad_meta(void *with) { record_set_integer(with, "meta", 3); }
static void set_meta_twice(void *with)
{
    record_set_meta(
        with,
        (struct kept_text[]){{SLICE("a"), SLICE("1")}, {SLICE("b"), SLICE("2")}, {SLICE("a"), SLICE("3")}},
        3);
}

static void test_refusals(void)
{
    struct record record = {0};
    record_clear(&record);
    record_set_string(&record, "id", SLICE("a"));
    record_set_integer(&record, "vec", 3);
    CHECK(attempted_apart(set_bad_part, &record).status == STATUS_INPUT);
    CHECK(attempted_apart(set_bad_fold, &record).status == STATUS_INPUT);
    CHECK(attempted_apart(set_bad_weight, &record).status == STATUS_INPUT);
    struct outcome got = attempted_apart(read_bad_vector, &record);
    CHECK(got.status == STATUS_BROKEN);
    CHECK_TEXT(got.message, "record a: 'vec' is an integer: expected an array of numbers");
    CHECK_TEXT(attempted_apart(read_bad_number, &record).message,
               "record a: 'id' is a string: expected a finite number");
    CHECK_TEXT(attempted_apart(set_bad_meta, &record).message,
               "record a: 'meta' was to become an integer: expected a map");
    CHECK_TEXT(attempted_apart(set_meta_twice, &record).message,
               "record a: 'meta' would have the column 'a' twice");
    record_set_raw(&record, "vec", SLICE("\x91\xca\x7f\xc0\x00\x00"));
    CHECK(strstr(attempted_apart(read_bad_vector, &record).message, "item 1 is not a finite number"));
    CHECK(strstr(attempted_apart(read_bad_text, &record).message, "expected a single value"));
    record_free(&record);
}

static void test_meta(void)
{
    struct record record = {0};
    struct kept_text kept[] = {{SLICE("a"), SLICE("1")}, {SLICE("b"), {0}}, {SLICE("c"), SLICE("")}};
    record_clear(&record);
    record_set_meta(&record, kept + 1, 1);
    CHECK(!record_field(&record, "meta").at);
    record_set_meta(&record, kept, 3);
    CHECK(slice_equal(record_field(&record, "meta"), SLICE("\x82\xa1"
                                                           "a\xa1"
                                                           "1\xa1"
                                                           "c\xa0")));
    CHECK(record_value(&record, "c").size == 1 && !record_value(&record, "b").at);
    record_set_meta(&record, kept, 0);
    CHECK(!record_field(&record, "meta").at);

    /* a key that is no string is passed over */
    record_set_raw(&record, "meta",
                   SLICE("\x83\x01\x02\xa1"
                         "a\x93\x01\x02\x03\xa1"
                         "b\x05"));
    struct buffer names = {0};
    struct meta_cursor meta = record_meta_begin(&record);
    for (struct slice column, value; record_meta_next(&meta, &column, &value);)
        buffer_format(&names, "%.*s %zu,", (int)column.size, column.at, value.size);
    CHECK(slice_is(bytes_of(&names), "a 4,b 1,"));
    buffer_free(&names);
    record_free(&record);
}

/* A map of `count` keys, of which number `second` is the same as number `first`. */
static struct buffer map_with_twin(uint32_t count, uint32_t first, uint32_t second)
{
    struct buffer map = {0};
    msgpack_put_map(&map, count);
    for (uint32_t i = 0; i < count; i++) {
        char key[16];
        size_t size = (size_t)snprintf(key, sizeof key, "k%u", i == second ? first : i);
        msgpack_put_string(&map, (struct slice){key, size});
        msgpack_put_nil(&map);
    }
    return map;
}

/* Two equal keys are found wherever they stand, in the record and in a map in it; without one, none is. */
static void test_twin_keys(void)
{
    struct record record = {0};
    static const uint32_t counts[] = {2, 8, 9, 10, 40, MSGPACK_MAX_KEYS};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        uint32_t count = counts[n], step = count < 50 ? 1 : 51;
        for (uint32_t second = 0; second < count; second += step) {
            for (uint32_t first = 0; first <= second; first += step) {
                struct buffer map = map_with_twin(count, first, second);
                struct msgpack_cursor c = msgpack_cursor_of(bytes_of(&map)), again = c;
                enum msgpack_result want = first < second ? MSGPACK_DUPLICATE : MSGPACK_GOOD;
                CHECK(msgpack_skip(&c, 0) == want);
                CHECK(record_split(&record, &again) == want);
                buffer_free(&map);
            }
        }
    }
    record_free(&record);
}

/* JSON of one msgpack object. */
static void expect_json(struct slice object, const char *want)
{
    struct buffer out = {0};
    json_put_msgpack(&out, object);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, want);
    buffer_free(&out);
}

static void test_json(void)
{
    expect_json(SLICE("\x93\xc0\xc2\xc3"), "[null,false,true]");
    expect_json(SLICE("\xcb\x40\x08\x00\x00\x00\x00\x00\x00"), "3.0");
    expect_json(SLICE("\xca\x3d\xcc\xcc\xcd"), "0.1");
    expect_json(SLICE("\xca\x80\x00\x00\x00"), "-0.0");
    expect_json(SLICE("\xcb\x7f\xef\xff\xff\xff\xff\xff\xff"), "1.7976931348623157e+308");
    expect_json(SLICE("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), "{\"$float\":\"inf\"}");
    expect_json(SLICE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "{\"$big\":\"18446744073709551615\"}");
    expect_json(SLICE("\xa8\"\\\n\x01\x7f\xc2\x9b"
                      "e"),
                "\"\\\"\\\\\\n\\u0001\\u007f\\u009be\"");
    expect_json(SLICE("\xa2\xc3\xa9"), "\"é\"");
    expect_json(SLICE("\xa7\xe2\x80\xae\xf3\xa0\x80\x81"), "\"\\u202e\\udb40\\udc01\"");
    expect_json(SLICE("\xa2\xff"
                      "a"),
                "{\"$str\":\"ff61\"}");
    expect_json(SLICE("\xd5\xfe"
                      "ab"),
                "{\"$ext\":[-2,\"6162\"]}");
    expect_json(SLICE("\x81\x01\x02"), "{\"$map\":[[1,2]]}");
    expect_json(SLICE("\x81\xa4$bin\xa0"), "{\"$map\":[[\"$bin\",\"\"]]}");
    expect_json(SLICE("\x82\xa4$bin\x01\xa1x\x02"), "{\"$bin\":1,\"x\":2}");
}

struct packing_case {
    struct memory_file in, out;
};

static void pack_lines(void *with)
{
    struct packing_case *c = with;
    struct stream_writer *writer = stream_create(c->out.path, true);
    jsonlines_pack(c->in.path, writer);
    stream_finish(NULL, writer);
}

static void expect_pack_refusal(const char *text, const char *message)
{
    struct packing_case c = {memory_file(text, strlen(text)), memory_file("", 0)};
    struct outcome got = attempted_apart(pack_lines, &c);
    if (!strstr(got.message, message))
        printf("said: %s\n", got.message);
    CHECK(got.status == STATUS_INPUT && strstr(got.message, message));
    close(c.in.fd);
    close(c.out.fd);
}

#define HEAD "{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"integer\"}\n"

static void test_pack_refusals(void)
{
    expect_pack_refusal("", "it is empty");
    expect_pack_refusal("{\"id\":\"a\"}\n", "a segment begins with a header");
    expect_pack_refusal(HEAD "{\"id\":\"a\"\n", ":2: column 10: found the end: expected ',' or '}'");
    expect_pack_refusal(HEAD "{\"id\":\"a\"} 1\n", ":2: column 12: found '1': expected the end");
    expect_pack_refusal(HEAD "{\"id\":\"\xff\"}\n", ":2: byte 8 is not UTF-8");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"x\":{\"$map\":[[1]]}}\n", "an array of [KEY, VALUE]");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"x\":{\"$map\":[[1,2,3]]}}\n", "an array of [KEY, VALUE]");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"x\":{\"$ext\":[200,\"\"]}}\n", "[TYPE, HEX]");
    expect_pack_refusal("{\"rubric\":1,\"end\":1}\n", ":1: one object is header and trailer");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"id\":\"b\"}\n", ":2: a map with one key twice");
    expect_pack_refusal(HEAD "[1]\n", ":2: expected an object");
    expect_pack_refusal(HEAD "{\"id\":\"a\"}\n", "expected a trailer");
    expect_pack_refusal(HEAD HEAD, "a header before the trailer");
    expect_pack_refusal(HEAD "{\"y\":1}\n{\"end\":1}\n", ":2: it has no 'id'");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"y\":\"b\"}\n", "'y' is of type string");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"x\":{\"$bin\":\"f\"}}\n", "an even number of digits");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"x\":{\"$big\":\"99999999999999999999\"}}\n", "below 2^64");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"vec\":[1e300]}\n", "beyond float32");
    expect_pack_refusal(HEAD "{\"id\":\"a\",\"x\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}\n", "too deep");
}

static void test_trail(void)
{
    struct buffer out = {0};
    json_t *trail = json_loads(
        "[{\"cmd\":\"tok\",\"args\":[\"-o\",\"a.rs\",\"in.csv\"],\"operands\":1},"
        "{\"cmd\":\"split\",\"args\":[\"--output=b.rs\",\"--folds\",\"5\",\"a.rs\"],\"operands\":1},"
        "{\"cmd\":\"fit\",\"args\":[\"-o\",\"m\"]},{\"no\":1},{\"cmd\":\"sh\",\"args\":[\"-c\",\"x\"]},"
        "{\"cmd\":\"predict\",\"args\":[\"-op.rs\"]}]",
        0, NULL);
    CHECK(trail_put_pipeline(&out, trail) == 2);
    CHECK(slice_is(bytes_of(&out), "tok in.csv | split --folds 5 | fit -o m | predict -op.rs"));
    out.size = 0;
    trail_put_pipeline(&out, NULL);
    CHECK(out.size == 0);
    json_decref(trail);
    buffer_free(&out);
}

int main(void)
{
    test_labels();
    test_store();
    test_setters();
    test_refusals();
    test_meta();
    test_twin_keys();
    test_json();
    test_pack_refusals();
    test_trail();
    return check_report("stream_values");
}
