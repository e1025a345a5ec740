/* Streams whole and damaged: what is written comes back; what was changed anywhere is refused. */
#include "check.h"
#include "stream_sample.h"

static const int32_t sample_ids[] = {101, 0, 127, 128, 255, 256, 30521, 65535, 65536, 102};

static void sample_record(struct record *record, int number)
{
    char id[32];
    snprintf(id, sizeof id, "essays.csv:%d", number + 2);
    record_clear(record);
    record_set_ids(record, "ids", sample_ids, sizeof sample_ids / sizeof *sample_ids);
    record_set_string(record, "id", slice_of(id));
    if (number != 1) {
        struct label y = {.type = LABEL_INTEGER, .integer = number - 1, .number = number - 1};
        record_set_label(record, "y", &y);
    }
    record_set_integer(record, "words", 7);
    record_set_string(record, "part", number ? SLICE("val") : SLICE("train"));
    record_set_integer(record, "fold", number);
    record_set_number(record, "w", 0.5);
    record_set_meta(
        record, (struct kept_text[]){{SLICE("prompt"), SLICE("p1")}, {SLICE("note"), SLICE("dr\xc3\xa9\n")}},
        2);
    static const char strange[] = "\x82\x01\xc7\x03\x05\x61\x62\x63\xa1k\xc4\x02\x00\xff";
    record_set_raw(record, "strange", (struct slice){strange, sizeof strange - 1});
}

static void write_segment(struct stream_writer *writer, int records)
{
    struct header header;
    header_init(&header, KIND_TOKENS, LABEL_INTEGER);
    struct label classes[] = {{.type = LABEL_INTEGER, .integer = -1, .number = -1},
                              {.type = LABEL_INTEGER, .integer = 0, .number = 0},
                              {.type = LABEL_INTEGER, .integer = 1, .number = 1}};
    header_set_labels(&header, classes, 3, true);
    header_set(&header, "tokenizer", json_pack("{s:s,s:i}", "vocab", "abc", "size", 30522));
    header_set_model(&header, "/models/tiny", "0123");
    char *args[] = {"--seed", "3", "a b.csv"};
    error_set_program("tok");
    header_sign(&header, &(struct command_record){.args = args, .count = 3, .operands = 1}, 3);
    stream_write_header(writer, &header);
    header_free(&header);
    struct record record = {0};
    for (int i = 0; i < records; i++) {
        sample_record(&record, i);
        stream_write(writer, &record);
    }
    record_free(&record);
    json_t *counts = json_pack("{s:i,s:i,s:i}", "truncated", 2, "end", 99, "hash", 7);
    stream_write_trailer(writer, counts);
    json_decref(counts);
}

static struct buffer sample_stream(int segments, int records)
{
    struct memory_file file = memory_file("", 0);
    struct stream_writer *writer = stream_create(file.path, true);
    for (int i = 0; i < segments; i++)
        write_segment(writer, records);
    stream_finish(NULL, writer);
    struct buffer all = memory_file_bytes(&file);
    close(file.fd);
    return all;
}

static void check_sample_record(const struct record *record, int number)
{
    struct buffer text = {0};
    struct int_array ids = {0};
    int64_t integer = 0;
    double w = 0;
    struct slice slice;
    char id[32];
    snprintf(id, sizeof id, "essays.csv:%d", number + 2);
    CHECK(slice_is(record->id, id));
    CHECK_TEXT(record_name(record), id);
    CHECK(record->number == (uint64_t)number);
    CHECK(record->y.type == (number == 1 ? LABEL_NONE : LABEL_INTEGER));
    CHECK(number == 1 || (record->y.integer == number - 1 && record->y.number == number - 1));
    CHECK(record->w == 0.5 && record->fold == number);
    CHECK(slice_is(record->part, number ? "val" : "train"));
    CHECK(record_ids(record, "ids", &ids) && ids.count == 10 &&
          !memcmp(ids.at, sample_ids, sizeof sample_ids));
    CHECK(!record_ids(record, "types", &ids));
    CHECK(record_integer(record, "words", &integer) && integer == 7);
    CHECK(record_number(record, "w", &w) && w == 0.5);
    CHECK(record_string(record, "part", &slice) && slice_equal(slice, record->part));
    CHECK(slice_is(msgpack_first(record_value(record, "meta.note")).bytes, "dr\xc3\xa9\n"));
    CHECK(!record_value(record, "meta.no such column").at);
    CHECK(record_text(record, "prompt", &text) && slice_is((struct slice){text.at, text.size}, "p1"));
    text.size = 0;
    CHECK(record_text(record, "meta.prompt", &text) && text.size == 2);
    text.size = 0;
    CHECK(record_text(record, "fold", &text) && text.size == 1 && text.at[0] == '0' + number);
    text.size = 0;
    CHECK(record_text(record, "w", &text) && slice_is((struct slice){text.at, text.size}, "0.5"));
    CHECK(!record_text(record, "nothing", &text));
    static const char *const keys[] = {"id", "y", "w", "part", "fold", "meta", "ids", "words", "strange"};
    for (size_t i = 0, k = 0; i < record->field_count; i++, k++) {
        k += number == 1 && k == 1;
        CHECK(slice_is(record->fields[i].key, keys[k]));
    }
    CHECK(slice_equal(record_field(record, "strange"),
                      SLICE("\x82\x01\xc7\x03\x05\x61\x62\x63\xa1k\xc4\x02\x00\xff")));
    buffer_free(&text);
    free(ids.at);
}

/* Read everything, write it again: the same bytes. */
static void test_round_trip(void)
{
    struct buffer bytes = sample_stream(2, 3);
    struct memory_file in = memory_file(bytes.at, bytes.size), out = memory_file("", 0);
    char *paths[] = {in.path};
    struct stream_reader *reader = stream_open(paths, 1);
    struct stream_writer *writer = stream_create(out.path, true);
    struct header header;
    int segments = 0;
    while (stream_next(reader, &header, KIND_TOKENS)) {
        segments++;
        CHECK(header.kind == KIND_TOKENS && header.y == LABEL_INTEGER && header.classes.ordered);
        CHECK(header.classes.count == 3 && header.classes.labels[2].integer == 1);
        CHECK_TEXT(header_model_path(&header), "/models/tiny");
        CHECK_TEXT(header_model_fingerprint(&header), "0123");
        json_t *entry = json_array_get(json_object_get(header.map, "trail"), 0);
        CHECK_TEXT(json_string_value(json_object_get(entry, "cmd")), "tok");
        CHECK(json_integer_value(json_object_get(entry, "seed")) == 3);
        CHECK_TEXT(json_string_value(json_array_get(json_object_get(entry, "args"), 2)), "a b.csv");
        CHECK(json_integer_value(json_object_get(entry, "operands")) == 1);
        stream_write_header(writer, &header);
        int number = 0;
        for (struct record *record; stream_read(reader, &record); number++) {
            check_sample_record(record, number);
            stream_write(writer, record);
        }
        CHECK(number == 3 && stream_sealed(reader));
        CHECK(json_integer_value(json_object_get(stream_trailer(reader), "end")) == 3);
        CHECK(json_integer_value(json_object_get(stream_trailer(reader), "truncated")) == 2);
        CHECK(!json_object_get(stream_trailer(reader), "hash"));
        stream_write_trailer(writer, stream_trailer(reader));
        header_free(&header);
    }
    CHECK(segments == 2);
    CHECK_TEXT(stream_name(reader), in.path);
    CHECK(!stream_next(reader, &header, KIND_TOKENS));
    CHECK(stream_finish(reader, writer) == STATUS_GOOD);
    struct buffer again = memory_file_bytes(&out);
    CHECK(again.size == bytes.size && !memcmp(again.at, bytes.at, bytes.size));
    buffer_free(&again);
    buffer_free(&bytes);
    close(in.fd);
    close(out.fd);
}

static void test_every_cut(void)
{
    struct buffer bytes = sample_stream(1, 2);
    for (size_t size = 0; size < bytes.size; size++) {
        struct outcome got = read_bytes(bytes.at, size, 0);
        CHECK(got.status == STATUS_BROKEN);
        if (got.records) {
            char last[128];
            snprintf(last, sizeof last, "the last good record is number %zu, essays.csv:%zu", got.records,
                     got.records + 1);
            CHECK(strstr(got.message, last));
        }
    }
    CHECK(read_bytes(bytes.at, bytes.size, 0).status == STATUS_GOOD);
    buffer_free(&bytes);
}

static void test_every_flip(void)
{
    struct buffer bytes = sample_stream(1, 2);
    for (size_t at = 0; at < bytes.size; at++) {
        char right = bytes.at[at];
        int accepted = 0;
        for (int change = 1; change < 256; change++) {
            bytes.at[at] = (char)(right ^ change);
            struct outcome got = read_bytes(bytes.at, bytes.size, 0);
            accepted += got.status != STATUS_BROKEN;
        }
        if (accepted)
            printf("byte %zu of %zu (0x%02x): %d changes were accepted\n", at, bytes.size, (uint8_t)right,
                   accepted);
        CHECK(accepted == 0);
        bytes.at[at] = right;
    }
    buffer_free(&bytes);
}

/* A stream from msgpack put together by hand, as another program might. */
static struct outcome read_json(const char *header, const char *records, const char *trailer, unsigned kinds)
{
    struct buffer bytes = {0};
    const char *texts[] = {header, records, trailer};
    for (size_t i = 0; i < 3; i++) {
        if (!texts[i])
            continue;
        json_t *value = json_loads(texts[i], 0, NULL);
        if (!value)
            die(STATUS_SYSTEM, "the test's JSON is wrong: %s", texts[i]);
        size_t index;
        json_t *item;
        if (json_is_array(value))
            json_array_foreach(value, index, item) msgpack_put_json(&bytes, item);
        else
            msgpack_put_json(&bytes, value);
        json_decref(value);
    }
    struct outcome got = read_bytes(bytes.at, bytes.size, kinds);
    buffer_free(&bytes);
    return got;
}

#define HEAD "{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"integer\"}"

static void expect_refusal(const char *header, const char *records, const char *trailer, const char *message)
{
    struct outcome got = read_json(header, records, trailer, KIND_TOKENS);
    CHECK(got.status == STATUS_BROKEN);
    if (!strstr(got.message, message))
        printf("said: %s\n", got.message);
    CHECK(strstr(got.message, message));
}

static void test_rules(void)
{
    struct outcome got = read_json(HEAD, "[{\"id\":\"a\",\"ids\":[1]},{\"id\":\"b\",\"y\":3}]", "{\"end\":2}",
                                   0);
    CHECK(got.status == STATUS_GOOD && got.records == 2 && !got.sealed);
    got = read_json("[" HEAD ",{\"end\":0}," HEAD "]", "[{\"id\":\"a\"}]", "{\"end\":1,\"rows\":4}", 0);
    CHECK(got.status == STATUS_GOOD && got.records == 1 && got.segments == 2);

    expect_refusal(HEAD, "[{\"id\":\"a\"}]", "{\"end\":2}", "its trailer counts 2 records, it has 1");
    expect_refusal(HEAD, "[{\"id\":\"a\"}]", NULL, "it ends before its trailer");
    expect_refusal(HEAD, "[{\"id\":\"a\"}]", HEAD, "a header before the trailer");
    expect_refusal(HEAD, "[{\"id\":\"a\"}]", "{\"end\":1,\"rubric\":1}", "one map is header and trailer");
    expect_refusal("{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"integer\",\"end\":0}", "[]", NULL,
                   "one map is header and trailer");
    expect_refusal("{\"id\":\"a\"}", "[]", NULL, "begins with no header");
    expect_refusal(HEAD, "[{\"y\":1}]", "{\"end\":1}", "it has no 'id'");
    expect_refusal(HEAD, "[{\"id\":7}]", "{\"end\":1}", "'id' is an integer: expected a string");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"y\":\"x\"}]", "{\"end\":1}",
                   "'y' is of type string: the header says integer");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"y\":1.5}]", "{\"end\":1}", "'y' is of type number");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"y\":null}]", "{\"end\":1}", "'y' is nil");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"w\":-1}]", "{\"end\":1}",
                   "'w' is an integer: expected a number of at least 0");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"part\":\"\"}]", "{\"end\":1}", "'part' is a string");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"fold\":-1}]", "{\"end\":1}", "'fold' is an integer");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"ids\":[1,\"2\"]}]", "{\"end\":1}",
                   "'ids': item 2 is not an integer");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"ids\":[4294967296]}]", "{\"end\":1}",
                   "'ids': item 1 is not an integer");
    expect_refusal(HEAD, "[{\"id\":\"a\",\"ids\":7}]", "{\"end\":1}",
                   "'ids' is an integer: expected an array");
    expect_refusal(HEAD, "[[1,2]]", "{\"end\":1}", "where a map with string keys is expected");
    expect_refusal(HEAD, "[]", "{\"end\":\"x\"}", "'end' is no count");
    expect_refusal(HEAD, "[]", "{\"end\":0,\"hash\":12}", "'hash' is not its last key with a uint64");
    expect_refusal(HEAD, "[{\"id\":\"a\"}]", "[{\"end\":1},7]", "it begins with");
    expect_refusal("{\"rubric\":2,\"kind\":\"tokens\",\"y\":\"none\"}", "[]", NULL, "format version 2");
    expect_refusal("{\"rubric\":\"1\"}", "[]", NULL, "'rubric' is no format version");
    expect_refusal("{\"rubric\":1,\"kind\":\"cats\"}", "[]", NULL, "'kind' is 'cats'");
    expect_refusal("{\"rubric\":1,\"kind\":\"tokens\"}", "[]", NULL, "'y' is ''");
    expect_refusal("{\"rubric\":1,\"kind\":\"vectors\",\"y\":\"none\"}", "[]", "{\"end\":0}",
                   "a stream of vectors: expected tokens");
    expect_refusal("{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"integer\",\"labels\":[1,\"a\"]}", "[]", NULL,
                   "labels are of type number and string");
    expect_refusal("{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"integer\",\"labels\":[1,2.5]}", "[]", NULL,
                   "labels are of type number: 'y' says integer");
    expect_refusal("{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"number\",\"labels\":[1,2.5,1.0]}", "[]", NULL,
                   "labels 1 and 3 are the same");
    expect_refusal("[" HEAD ",{\"end\":0}]", "[{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"number\"}]",
                   "{\"end\":0}", "'y' differs");
    expect_refusal("[" HEAD ",{\"end\":0}]",
                   "[{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"integer\",\"tokenizer\":{\"vocab\":\"x\"}}]",
                   "{\"end\":0}", "'tokenizer' differs");
    got = read_json("[" HEAD ",{\"end\":0}]",
                    "[{\"rubric\":1,\"kind\":\"tokens\",\"y\":\"integer\",\"labels\":[1],\"model\":{}}]",
                    "{\"end\":0}", 0);
    CHECK(got.status == STATUS_GOOD && got.segments == 2);
}

static void expect_text(const char *text, const char *message)
{
    struct outcome got = read_bytes(text, strlen(text), 0);
    CHECK(got.status == STATUS_BROKEN && strstr(got.message, message));
}

static void test_not_streams(void)
{
    expect_text("", "is empty: the command before it wrote nothing");
    expect_text("content,score\n1,2\n", "it begins with 'content,score' (tok makes one from CSV)");
    expect_text("\xef\xbb\xbf"
                "content,score\n",
                "it begins with 'content,score' (tok makes one from CSV)");
    expect_text("{\"text\": 1}\n", "JSON Lines");
    expect_text("\x1f\x8b\x08\x02", "it begins with the bytes '\\x1f\\x8b\\x08\\x02'");
}

static void test_hostile_lengths(void)
{
    static const struct slice cases[] = {
        {"\xdd\xff\xff\xff\xff", 5},
        {"\xdf\xff\xff\xff\xff", 5},
        {"\xdb\xff\xff\xff\xff", 5},
        {"\xc6\xff\xff\xff\xff", 5},
        {"\xc9\xff\xff\xff\xff\x01", 6},
        {"\xdf\x00\x00\x01\x01", 5},
        {"\xdc\xff\xff", 3},
        {"\xc1", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer bytes = {0};
        buffer_append(&bytes, "\x81\xa6rubric", 8);
        buffer_append(&bytes, cases[i].at, cases[i].size);
        CHECK(read_bytes(bytes.at, bytes.size, 0).status == STATUS_BROKEN);
        CHECK(read_bytes(cases[i].at, cases[i].size, 0).status == STATUS_BROKEN);
        buffer_free(&bytes);
    }
    char deep[64];
    memset(deep, '\x91', sizeof deep);
    memcpy(deep, "\x81\xa1x", 3);
    struct outcome got = read_bytes(deep, sizeof deep, 0);
    CHECK(got.status == STATUS_BROKEN && strstr(got.message, "16 deep"));
    got = read_bytes("\x82\xa1x\x01\xa1x\x02", 7, 0);
    CHECK(got.status == STATUS_BROKEN && strstr(got.message, "one key twice"));
    got = read_bytes("\x81\xa1x\x82\xa1x\x01\xa1x\x02", 9, 0);
    CHECK(got.status == STATUS_BROKEN && strstr(got.message, "one key twice"));
}

/* Records larger than the reader's buffer, and one larger than any may be. */
static void test_large_records(void)
{
    struct memory_file file = memory_file("", 0);
    struct stream_writer *writer = stream_create(file.path, true);
    struct header header;
    header_init(&header, KIND_TOKENS, LABEL_NONE);
    stream_write_header(writer, &header);
    header_free(&header);
    struct record record = {0};
    const size_t sizes[] = {10, 3000000, 1, 700000, 0};
    int32_t *ids = memory_zeroed(sizes[1], sizeof *ids);
    for (size_t i = 0; i < sizes[1]; i++)
        ids[i] = (int32_t)i;
    for (size_t i = 0; i < 5; i++) {
        record_clear(&record);
        record_set_string(&record, "id", SLICE("x"));
        record_set_ids(&record, "ids", ids, sizes[i]);
        stream_write(writer, &record);
    }
    stream_write_trailer(writer, NULL);
    stream_finish(NULL, writer);
    char *paths[] = {file.path};
    struct stream_reader *reader = stream_open(paths, 1);
    struct int_array got = {0};
    CHECK(stream_next(reader, &header, KIND_ANY));
    size_t n = 0;
    for (struct record *next; stream_read(reader, &next); n++) {
        CHECK(record_ids(next, "ids", &got) && got.count == sizes[n]);
        CHECK(!memcmp(got.at, ids, got.count * sizeof *ids));
    }
    CHECK(n == 5 && stream_sealed(reader));
    header_free(&header);
    stream_finish(reader, NULL);
    free(got.at);
    free(ids);
    record_free(&record);
    close(file.fd);

    struct buffer huge = {0};
    buffer_append(&huge, "\x81\xa6rubric\xdd\x03\xff\xff\xff", 13);
    memset(buffer_reserve(&huge, (70 << 20)), 1, 70 << 20);
    huge.size += 70 << 20;
    struct outcome end = read_bytes(huge.at, huge.size, 0);
    CHECK(end.status == STATUS_BROKEN && strstr(end.message, "64 MiB"));
    buffer_free(&huge);
}

int main(void)
{
    test_round_trip();
    test_every_cut();
    test_every_flip();
    test_rules();
    test_not_streams();
    test_hostile_lengths();
    test_large_records();
    return check_report("stream");
}
