/* JSON files and values: what is refused, and the bytes that are written. */
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "caught.h"
#include "check.h"

static const char *written(const json_t *value, enum json_layout layout)
{
    static struct buffer out;
    out.size = 0;
    json_put(&out, value, layout);
    buffer_byte(&out, '\0');
    return out.at;
}

static void test_layouts(void)
{
    json_t *value = json_loads("{\"z\":[1,-2.5,1e300,true,null,\"a\"],\"empty\":{},\"none\":[],"
                               "\"list\":[{\"k\":1.0},[[]]],\"a\\\"\\u202e\":false}",
                               0, NULL);
    CHECK_TEXT(written(value, JSON_LINE), "{\"z\":[1,-2.5,1e+300,true,null,\"a\"],\"empty\":{},\"none\":[],"
                                          "\"list\":[{\"k\":1.0},[[]]],\"a\\\"\\u202e\":false}");
    CHECK_TEXT(written(value, JSON_LINES), "{\n"
                                           "  \"z\": [1, -2.5, 1e+300, true, null, \"a\"],\n"
                                           "  \"empty\": {},\n"
                                           "  \"none\": [],\n"
                                           "  \"list\": [\n"
                                           "    {\n"
                                           "      \"k\": 1.0\n"
                                           "    },\n"
                                           "    [\n"
                                           "      []\n"
                                           "    ]\n"
                                           "  ],\n"
                                           "  \"a\\\"\\u202e\": false\n"
                                           "}");
    json_t *again = json_loads(written(value, JSON_LINES), 0, NULL);
    CHECK(json_equal(value, again));
    json_decref(again);
    json_decref(value);
}

/* Every string comes back, whatever is escaped in it. */
static void test_strings(void)
{
    int wrong = 0;
    for (uint32_t point = 1; point < 0x110000; point += point < 0x10000 ? 1 : 97) {
        if (point >= 0xD800 && point < 0xE000)
            continue;
        struct buffer text = {0}, out = {0};
        buffer_text(&text, "\\a");
        utf8_write(&text, point);
        buffer_byte(&text, '"');
        struct slice want = {text.at, text.size};
        json_put_string(&out, want);
        json_t *back = json_loadb(out.at, out.size, JSON_DECODE_ANY, NULL);
        wrong += !back || !slice_equal(json_slice(back), want);
        json_decref(back);
        buffer_free(&text);
        buffer_free(&out);
    }
    CHECK(wrong == 0);
    json_t *escaped = json_text(SLICE("a\xFF\n"));
    CHECK_TEXT(json_string_value(escaped), "a\\xff\\x0a");
    json_decref(escaped);
}

static void check_real(double value, const char *want)
{
    struct buffer out = {0};
    json_put_real(&out, value);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, want);
    CHECK(strtod(out.at, NULL) == value);
    buffer_free(&out);
}

static void test_numbers(void)
{
    check_real(0.1, "0.1");
    check_real(3, "3.0");
    check_real(-0.0, "-0.0");
    check_real(1e22, "1e+22");
    check_real(0.1 + 0.2, "0.30000000000000004");
    check_real(5e-324, "4.94065645841247e-324");
    struct buffer out = {0};
    json_put_float(&out, 0.1f);
    json_put_float(&out, 16777217.0f);
    CHECK(slice_is((struct slice){out.at, out.size}, "0.116777216.0"));
    buffer_free(&out);
    CHECK(json_widen(1e-12f) == 1e-12 && json_widen(0.02f) == 0.02);
    json_t *none = json_finite((double)INFINITY);
    CHECK(json_is_null(none));
    json_decref(none);
}

static void set_nan(void *object) { json_set(object, "key", json_real((double)NAN)); }
static void set_bytes(void *object) { json_set(object, "key", json_string("\xFF")); }
static void add_nan(void *array) { json_add(array, json_real((double)NAN)); }

static void test_refused_values(void)
{
    json_t *object = json_object(), *array = json_array();
    CHECK(caught(set_nan, object) == STATUS_INPUT &&
          strstr(caught_message, "'key' cannot be written as JSON"));
    CHECK(caught(set_bytes, object) == STATUS_INPUT);
    json_add(array, json_null());
    CHECK(caught(add_nan, array) == STATUS_INPUT && strstr(caught_message, "item 2 of a list"));
    CHECK(json_object_size(object) == 0 && json_array_size(array) == 1);
    json_decref(object);
    json_decref(array);
}

static char path[] = "/tmp/rubric-json-XXXXXX";

static void read_it(void *unused)
{
    (void)unused;
    json_decref(json_read_object(path, 0));
}

static void check_refused(const char *text, const char *message)
{
    file_save(path, text, strlen(text));
    CHECK(caught(read_it, NULL) == STATUS_BROKEN);
    if (!strstr(caught_message, message))
        printf("said: %s\n", caught_message);
    CHECK(strstr(caught_message, message));
}

static void test_files(void)
{
    close(mkstemp(path));
    check_refused("", "expected JSON");
    check_refused("{\"a\":1,\n\"a\":2}", ":2:3: duplicate object key near '\"a\"': expected JSON");
    check_refused("{\"a\":\"\xFF\"}", ":1:");
    check_refused("[1]", "expected a JSON object");
    CHECK(truncate(path, JSON_FILE_LIMIT + 1) == 0);
    CHECK(caught(read_it, NULL) == STATUS_BROKEN &&
          strstr(caught_message, "16777217 bytes, more than the 16777216"));
    json_t *value = json_pack("{s:[i,i],s:s}", "a", 1, 2, "c", "d");
    json_save(path, value);
    json_t *back = json_read_object(path, 0);
    CHECK(json_equal(value, back));
    json_decref(back);
    json_decref(value);
    unlink(path);
}

int main(void)
{
    test_layouts();
    test_strings();
    test_numbers();
    test_refused_values();
    test_files();
    return check_report("json");
}
