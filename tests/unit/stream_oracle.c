/* msgpack against msgpack-c: what it packs we read, what we write it reads, and both see the same values. */
#include <inttypes.h>
#include <msgpack.h>

#include "base/random.h"
#include "check.h"
#include "stream/msgpack.h"

static uint64_t draws;

static uint64_t draw(uint64_t below) { return random_below(below, 7, RANDOM_SAMPLE, draws++, 0); }

/* Integers of every width, at and around the borders. */
static uint64_t draw_bits(void)
{
    uint64_t bits = random_bits(7, RANDOM_SAMPLE, draws++, 1);
    return draw(3) ? bits >> draw(64) : (UINT64_C(1) << draw(64)) + draw(3) - 1;
}

static void draw_text(char *text, size_t *size)
{
    static const size_t sizes[] = {0, 1, 31, 32, 255, 256, 300};
    *size = sizes[draw(7)];
    for (size_t i = 0; i < *size; i++)
        text[i] = (char)('a' + draw(26));
}

static void pack_random(msgpack_packer *packer, int depth)
{
    char text[300];
    size_t size;
    uint64_t bits = draw_bits();
    switch (draw(depth < 6 ? 10 : 8)) {
    case 0:
        msgpack_pack_nil(packer);
        break;
    case 1:
        draw(2) ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
        break;
    case 2:
        msgpack_pack_uint64(packer, bits);
        break;
    case 3:
        msgpack_pack_int64(packer, (int64_t)bits);
        break;
    case 4:
        msgpack_pack_float(packer, (float)(int64_t)bits / 7);
        break;
    case 5:
        msgpack_pack_double(packer, (double)(int64_t)bits / 7);
        break;
    case 6:
        draw_text(text, &size);
        if (draw(2))
            msgpack_pack_str_with_body(packer, text, size);
        else
            msgpack_pack_bin_with_body(packer, text, size);
        break;
    case 7:
        draw_text(text, &size);
        msgpack_pack_ext_with_body(packer, text, size, (int8_t)bits);
        break;
    case 8:
        size = draw(20);
        msgpack_pack_array(packer, size);
        for (size_t i = 0; i < size; i++)
            pack_random(packer, depth + 1);
        break;
    case 9:
        size = draw(20);
        msgpack_pack_map(packer, size);
        for (size_t i = 0; i < size; i++) {
            snprintf(text, sizeof text, "key %zu", i);
            msgpack_pack_str_with_body(packer, text, strlen(text));
            pack_random(packer, depth + 1);
        }
        break;
    }
}

static bool same_bytes(struct slice ours, const char *at, size_t size)
{
    return slice_equal(ours, (struct slice){at, size});
}

/* Whether the next object at the cursor is `want`. */
static bool same(struct msgpack_cursor *c, const msgpack_object *want)
{
    struct msgpack_token got;
    if (msgpack_next(c, &got) != MSGPACK_GOOD)
        return false;
    switch (want->type) {
    case MSGPACK_OBJECT_NIL:
        return got.type == MSGPACK_NIL;
    case MSGPACK_OBJECT_BOOLEAN:
        return got.type == MSGPACK_BOOL && got.boolean == want->via.boolean;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        if (want->via.u64 > INT64_MAX)
            return got.type == MSGPACK_BIG && got.big == want->via.u64;
        return got.type == MSGPACK_INTEGER && got.integer == (int64_t)want->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return got.type == MSGPACK_INTEGER && got.integer == want->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
        return got.type == MSGPACK_FLOAT && got.number == want->via.f64;
    case MSGPACK_OBJECT_FLOAT64:
        return got.type == MSGPACK_DOUBLE && got.number == want->via.f64;
    case MSGPACK_OBJECT_STR:
        return got.type == MSGPACK_STRING && same_bytes(got.bytes, want->via.str.ptr, want->via.str.size);
    case MSGPACK_OBJECT_BIN:
        return got.type == MSGPACK_BINARY && same_bytes(got.bytes, want->via.bin.ptr, want->via.bin.size);
    case MSGPACK_OBJECT_EXT:
        return got.type == MSGPACK_EXTENSION && got.bytes.size == want->via.ext.size + 1 &&
               (int8_t)got.bytes.at[0] == want->via.ext.type &&
               memcmp(got.bytes.at + 1, want->via.ext.ptr, want->via.ext.size) == 0;
    case MSGPACK_OBJECT_ARRAY:
        if (got.type != MSGPACK_ARRAY || got.count != want->via.array.size)
            return false;
        for (uint32_t i = 0; i < got.count; i++)
            if (!same(c, &want->via.array.ptr[i]))
                return false;
        return true;
    case MSGPACK_OBJECT_MAP:
        if (got.type != MSGPACK_MAP || got.count != want->via.map.size)
            return false;
        for (uint32_t i = 0; i < got.count; i++)
            if (!same(c, &want->via.map.ptr[i].key) || !same(c, &want->via.map.ptr[i].val))
                return false;
        return true;
    }
    return false;
}

/* Reads `bytes` with both and compares; then every shorter run must be MSGPACK_MORE. */
static bool agree(const char *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t offset = 0;
    struct msgpack_cursor c = {(const uint8_t *)bytes, (const uint8_t *)bytes + size}, skipped = c;
    bool good = msgpack_unpack_next(&unpacked, bytes, size, &offset) == MSGPACK_UNPACK_SUCCESS &&
                offset == size && same(&c, &unpacked.data) && c.at == c.end &&
                msgpack_skip(&skipped, 0) == MSGPACK_GOOD && skipped.at == skipped.end;
    msgpack_unpacked_destroy(&unpacked);
    for (size_t cut = size > 200 ? size - 200 : 0; cut < size && good; cut++) {
        struct msgpack_cursor shorter = {(const uint8_t *)bytes, (const uint8_t *)bytes + cut};
        good = msgpack_skip(&shorter, 0) == MSGPACK_MORE && shorter.at == (const uint8_t *)bytes;
    }
    return good;
}

static void test_reading(void)
{
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    for (int i = 0; i < 1000; i++) {
        msgpack_sbuffer_clear(&bytes);
        pack_random(&packer, 0);
        CHECK(agree(bytes.data, bytes.size));
    }
    msgpack_sbuffer_destroy(&bytes);
}

/* Ours and msgpack-c's bytes for one value: both write the shortest form. */
#define CHECK_SAME_BYTES(ours_call, theirs_call)                                                             \
    do {                                                                                                     \
        struct buffer ours = {0};                                                                            \
        msgpack_sbuffer_clear(&theirs);                                                                      \
        ours_call;                                                                                           \
        theirs_call;                                                                                         \
        CHECK(ours.size == theirs.size && memcmp(ours.at, theirs.data, ours.size) == 0);                     \
        buffer_free(&ours);                                                                                  \
    } while (0)

static void test_writing(void)
{
    msgpack_sbuffer theirs;
    msgpack_packer packer;
    msgpack_sbuffer_init(&theirs);
    msgpack_packer_init(&packer, &theirs, msgpack_sbuffer_write);
    static const size_t sizes[] = {0, 15, 16, 31, 32, 255, 256, 65535, 65536};
    char *text = memory_zeroed(65536, 1);
    for (int i = 0; i < 3000; i++) {
        int64_t value = (int64_t)draw_bits();
        CHECK_SAME_BYTES(msgpack_put_integer(&ours, value), msgpack_pack_int64(&packer, value));
        CHECK_SAME_BYTES(msgpack_put_double(&ours, (double)value),
                         msgpack_pack_double(&packer, (double)value));
        CHECK_SAME_BYTES(msgpack_put_float(&ours, (float)value), msgpack_pack_float(&packer, (float)value));
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t size = (uint32_t)sizes[i];
        CHECK_SAME_BYTES(msgpack_put_string(&ours, (struct slice){text, size}),
                         msgpack_pack_str_with_body(&packer, text, size));
        CHECK_SAME_BYTES(msgpack_put_array(&ours, size), msgpack_pack_array(&packer, size));
        CHECK_SAME_BYTES(msgpack_put_map(&ours, size), msgpack_pack_map(&packer, size));
    }
    CHECK_SAME_BYTES(msgpack_put_nil(&ours), msgpack_pack_nil(&packer));
    CHECK_SAME_BYTES(msgpack_put_bool(&ours, true), msgpack_pack_true(&packer));
    CHECK_SAME_BYTES(msgpack_put_bool(&ours, false), msgpack_pack_false(&packer));
    struct buffer always = {0};
    msgpack_put_unsigned64(&always, 1);
    CHECK(always.size == 9 && agree(always.at, always.size));
    buffer_free(&always);
    free(text);
    msgpack_sbuffer_destroy(&theirs);
}

/* JSON to msgpack and back, seen by msgpack-c in between. */
static void test_json(void)
{
    static const char text[] =
        "{\"a\":[1,-1,127,128,-32,-33,65536,-9223372036854775808,1.5,-0.0,true,false,null],"
        "\"caf\\u00e9\":{\"\":\"\",\"deep\":[[[]]]}}";
    json_t *value = json_loads(text, 0, NULL);
    struct buffer bytes = {0};
    msgpack_put_json(&bytes, value);
    CHECK(agree(bytes.at, bytes.size));
    json_t *back = msgpack_to_json((struct slice){bytes.at, bytes.size});
    CHECK(back && json_equal(value, back));
    CHECK(!msgpack_to_json((struct slice){bytes.at, bytes.size - 1}));
    CHECK(!msgpack_to_json((struct slice){NULL, 0}));
    buffer_byte(&bytes, 0);
    CHECK(!msgpack_to_json((struct slice){bytes.at, bytes.size}));
    json_decref(value);
    json_decref(back);
    buffer_free(&bytes);

    /* What JSON cannot say. */
    CHECK(!msgpack_to_json(SLICE("\xc4\x01\x00")));
    CHECK(!msgpack_to_json(SLICE("\xd4\x01\x00")));
    CHECK(!msgpack_to_json(SLICE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")));
    CHECK(!msgpack_to_json(SLICE("\xa1\xff")));
    CHECK(!msgpack_to_json(SLICE("\x81\x01\x02")));
    CHECK(!msgpack_to_json(SLICE("\x82\xa1k\x01\xa1k\x02")));
    CHECK(!msgpack_to_json(SLICE("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00")));
    CHECK(!msgpack_to_json(SLICE("\x93\x01\xc4\x00\x02")));
}

static void test_limits(void)
{
    char nested[40];
    memset(nested, '\x91', sizeof nested);
    nested[MSGPACK_MAX_DEPTH] = 1;
    struct msgpack_cursor c = {(uint8_t *)nested, (uint8_t *)nested + MSGPACK_MAX_DEPTH + 1};
    CHECK(msgpack_skip(&c, 0) == MSGPACK_GOOD);
    c.at = (uint8_t *)nested;
    CHECK(msgpack_skip(&c, 1) == MSGPACK_TOO_DEEP);
    static const struct slice longer[] = {
        {"\xdb\x04\x00\x00\x01", 5}, {"\xc6\xff\xff\xff\xff", 5}, {"\xdd\xff\xff\xff\xff", 5},
        {"\xdf\x80\x00\x00\x00", 5}, {"\xc9\xff\xff\xff\xff", 5},
    };
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
        struct msgpack_token token;
        c = (struct msgpack_cursor){(const uint8_t *)longer[i].at,
                                    (const uint8_t *)longer[i].at + longer[i].size};
        CHECK(msgpack_next(&c, &token) == MSGPACK_TOO_LONG);
    }
    struct buffer map = {0};
    msgpack_put_map(&map, MSGPACK_MAX_KEYS + 1);
    for (int i = 0; i <= MSGPACK_MAX_KEYS; i++) {
        msgpack_put_integer(&map, i);
        msgpack_put_nil(&map);
    }
    c = (struct msgpack_cursor){(uint8_t *)map.at, (uint8_t *)map.at + map.size};
    CHECK(msgpack_skip(&c, 0) == MSGPACK_TOO_LONG);
    buffer_free(&map);
    for (int result = MSGPACK_GOOD; result <= MSGPACK_KEYS; result++)
        CHECK(strcmp(msgpack_result_text((enum msgpack_result)result), "unknown") != 0);
}

int main(void)
{
    test_reading();
    test_writing();
    test_json();
    test_limits();
    return check_report("stream_oracle");
}
