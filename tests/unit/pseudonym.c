/* HMAC-SHA-256 on the vectors of RFC 4231, and pseudonyms of it. */
#include "text/pseudonym.h"
#include "check.h"

static struct slice repeated(int byte, size_t size)
{
    static char bytes[256];
    memset(bytes, byte, size);
    return (struct slice){bytes, size};
}

static void expect(struct slice key, struct slice message, const char *want)
{
    uint8_t digest[HMAC_BYTES];
    char hex[2 * HMAC_BYTES + 1];
    hmac_sha256(key, message, digest);
    for (size_t i = 0; i < HMAC_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    CHECK_TEXT(hex, want);
    struct pseudonym_key copy = {0};
    char digits[PSEUDONYM_DIGITS];
    buffer_append(&copy.bytes, key.at, key.size);
    pseudonym(&copy, message, digits);
    CHECK(memcmp(digits, want, sizeof digits) == 0);
    pseudonym_key_free(&copy);
}

int main(void)
{
    char data[50];
    memset(data, 0xdd, sizeof data);
    expect(repeated(0x0b, 20), SLICE("Hi There"),
           "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect(SLICE("Jefe"), SLICE("what do ya want for nothing?"),
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    expect(repeated(0xaa, 20), (struct slice){data, sizeof data},
           "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    expect(repeated(0xaa, 131), SLICE("Test Using Larger Than Block-Size Key - Hash Key First"),
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    return check_report("pseudonym");
}
