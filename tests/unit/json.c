/* JSON files and values: what is refused, and the bytes that are written. */
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/json_cursor.h"
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

/* ---- The cursor, against jansson ---- */

/* The value at a cursor as jansson would have it; NULL where it is not JSON, or has a key twice. */
static json_t *built(struct json_cursor *c)
{
    struct json_token token;
    struct buffer text = {0};
    json_t *value = NULL, *item;
    if (!json_cursor_value(c, &token))
        return NULL;
    switch (token.type) {
    case JSON_NULL:
        return json_null();
    case JSON_TRUE:
    case JSON_FALSE:
        return json_boolean(token.type == JSON_TRUE);
    case JSON_INTEGER:
        return json_integer(token.integer);
    case JSON_REAL:
        return json_real(token.real);
    case JSON_STRING:
        json_unescape(&text, token.text);
        CHECK(token.escaped == (text.size != token.text.size));
        value = memchr(text.at ? text.at : "", 0, text.size)
                    ? NULL
                    : json_stringn(text.at ? text.at : "", text.size);
        buffer_free(&text);
        return value;
    case JSON_ARRAY:
        value = json_array();
        for (bool first = true; json_cursor_item(c, first); first = false)
            if (!(item = built(c)) || json_array_append_new(value, item) != 0)
                goto bad;
        break;
    case JSON_OBJECT:
        value = json_object();
        for (bool first = true; json_cursor_key(c, first, &token); first = false) {
            text.size = 0;
            json_unescape(&text, token.text);
            buffer_byte(&text, '\0');
            item = strlen(text.at) + 1 == text.size && !json_object_get(value, text.at) ? built(c) : NULL;
            if (!item || json_object_set_new(value, text.at, item) != 0)
                goto bad;
        }
        break;
    }
    buffer_free(&text);
    if (!c->problem)
        return value;
bad:
    buffer_free(&text);
    json_decref(value);
    return NULL;
}

/* The cursor takes what jansson takes, and means the same. */
static void check_as_jansson(struct slice text)
{
    json_error_t error;
    json_t *want = json_loadb(text.at, text.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error),
           *got = NULL;
    bool valid = utf8_invalid_at(text) == text.size;
    struct json_cursor c = json_cursor_of(text), again = c;
    if (valid)
        got = built(&c);
    bool good = got && json_cursor_end(&c);
    if (good != (want != NULL))
        printf("\"%.*s\": %s\n", (int)text.size, text.at, want ? c.problem : error.text);
    CHECK(good == (want != NULL));
    CHECK(!good || json_equal(got, want));
    if (want)
        CHECK(json_cursor_skip(&again) && json_cursor_end(&again));
    json_decref(got);
    json_decref(want);
}

static const char *const samples[] = {
    "{\"a\": [1, -2, 0, -0, 10, 9223372036854775807, -9223372036854775808], "
    "\"b\": {\"c\": null}, \"d\": true}",
    "[0.5, -1e3, 1E-2, 1.25e+10, 1e308, 5e-324, 0e0, 123456789012345678901234567890.0, false]",
    "{\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\": \"\xC3\xA9\xF0\x9F\x98\x80\"}",
    " [ ] ",
    "{}",
    "\"\"",
    "[[[[[[[[[[]]]]]]]]], {\"x\":{\"x\":{\"x\":[]}}}]",
};

static void test_cursor(void)
{
    static const char *const odd[] = {
        "9223372036854775808",
        "-9223372036854775809",
        "1e309",
        "-1e309",
        "01",
        "-",
        "-a",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "nul",
        "truee",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\u12g4\"",
        "\"\\x\"",
        "\"\t\"",
        "\"\\",
        "\"a",
        "\"\\u0000\"",
        "[1]]",
        "{}{}",
        "",
        " ",
        "\"\\u00",
        "\v1",
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        check_as_jansson(slice_of(odd[i]));
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct slice whole = slice_of(samples[i]);
        for (size_t size = 0; size <= whole.size; size++) {
            char *text = slice_string((struct slice){whole.at, size});
            check_as_jansson((struct slice){text, size});
            for (size_t at = 0; at < size && size == whole.size; at++) { /* each byte by each of these */
                for (const char *by = "\"\\{}[],:0-.eu \n\x80n"; *by; by++) {
                    text[at] = *by;
                    check_as_jansson((struct slice){text, size});
                }
                text[at] = whole.at[at];
            }
            free(text);
        }
    }
    struct buffer deep = {0};
    for (int i = 0; i < 5000; i++)
        buffer_byte(&deep, '[');
    struct json_cursor c = json_cursor_of((struct slice){deep.at, deep.size});
    CHECK(!json_cursor_skip(&c) && strstr(c.problem, "nested too deep"));
    buffer_free(&deep);
}

static void check_described(const char *text, const char *want)
{
    struct json_cursor c = json_cursor_of(slice_of(text));
    struct buffer out = {0};
    CHECK(!(json_cursor_skip(&c) && json_cursor_end(&c)));
    json_cursor_describe(&c, &out);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, want);
    buffer_free(&out);
}

static void test_descriptions(void)
{
    check_described("{\"\xC3\xA9\": 1 \xC3\xA9", "column 9: found '\xC3\xA9': expected ',' or '}'");
    check_described("[1,", "column 4: found the end: expected a value");
    check_described("[12345678901234567890]", "column 2: an integer of more than 64 bits");
    check_described("[\"a", "column 4: the quote of a string is never closed");
    check_described("{} {", "column 4: found '{': expected the end");
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
    CHECK(caught(read_it, NULL) == STATUS_BROKEN && strstr(caught_message, "larger than the 16777216 bytes"));
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
    test_cursor();
    test_descriptions();
    test_files();
    return check_report("json");
}
