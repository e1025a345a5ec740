/* Decoders: any cut of the input gives the same text, and what cannot be decoded is marked and comes back. */
#include "check.h"
#include "base/utf8.h"
#include "text/encoding.h"
#include "text/validate.h"

/* Decodes `bytes` in pieces of `step`; the text must be `want`, and its restoration the bytes from `from`
 * on. */
static void check_decoding(const char *encoding, struct slice bytes, struct slice want, size_t from)
{
    for (size_t step = 1; step <= bytes.size; step++) {
        struct decoder *d = decoder_new(encoding);
        struct buffer text = {0}, back = {0};
        for (size_t at = 0; at < bytes.size; at += step)
            decoder_feed(d, bytes.at + at, step < bytes.size - at ? step : bytes.size - at, false, &text);
        decoder_feed(d, NULL, 0, true, &text);
        CHECK(slice_equal((struct slice){text.at, text.size}, want));
        decoder_restore(d, (struct slice){text.at, text.size}, &back);
        CHECK(slice_equal((struct slice){back.at, back.size},
                          (struct slice){bytes.at + from, bytes.size - from}));
        struct decoder *copy = decoder_copy(d);
        CHECK(decoder_same(copy, d) && !decoder_same(copy, NULL));
        decoder_free(copy);
        decoder_free(d);
        buffer_free(&text);
        buffer_free(&back);
    }
}
#define CHECK_DECODING(encoding, bytes, want) check_decoding((encoding), SLICE(bytes), SLICE(want), 0)

static void test_marks(void)
{
    static const char marked[] = "\xff\x88\x81";
    CHECK(decoder_marked(marked, 3) == 0x81);
    CHECK(decoder_marked(marked, 2) == -1);
    CHECK(decoder_marked("abc", 3) == -1);
    CHECK(utf8_invalid_at(SLICE("ab\xff\x88\x81")) == 2); /* no mark is UTF-8, whatever stands around it */
}

int main(void)
{
    CHECK(decoder_new("UTF-8") == NULL && decoder_new("utf8") == NULL);
    CHECK_DECODING("windows-1252", "caf\xe9 \x80", "caf\xc3\xa9 \xe2\x82\xac");
    CHECK_DECODING("windows-1252",
                   "a\x81\x8d"
                   "b",
                   "a\xff\x88\x81\xff\x88\x8d"
                   "b");
    CHECK_DECODING("utf-16le", "a\0\xe9\0\x3d\xd8\x00\xde", "a\xc3\xa9\xf0\x9f\x98\x80");
    CHECK_DECODING("utf-16be", "\0a\x20\xac", "a\xe2\x82\xac");
    /* A lone surrogate takes its two bytes, so that what follows is read in step. */
    CHECK_DECODING("utf-16le",
                   "a\0\x00\xdc"
                   "b\0",
                   "a\xff\x80\x80\xff\x8d\x8c"
                   "b");
    CHECK_DECODING("utf-16le", "\x3d\xd8\x3e\xd8\x00\xde", "\xff\x83\x8d\xff\x8d\x88\xf0\x9f\xa8\x80");
    /* Half of a unit at the end. */
    CHECK_DECODING("utf-16le", "a\0b", "a\xff\x86\x82");
    CHECK_DECODING("shift-jis", "\x82\xa0x\x83\x41", "\xe3\x81\x82x\xe3\x82\xa2");
    CHECK_DECODING("euc-jp", "\xa4\xa2", "\xe3\x81\x82");
    test_marks();
    return check_report("encoding");
}
