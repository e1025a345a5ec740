#include "text/pseudonym.h"

#include <sha256.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

enum { BLOCK = 64, KEY_MOST = 1 << 20 };

/* Hash of the key's block, each byte changed by `pad`, and then `rest`. */
static void keyed_hash(const uint8_t key[BLOCK], uint8_t pad, struct slice rest, uint8_t digest[HMAC_BYTES])
{
    uint8_t block[BLOCK];
    SHA256_CTX hash;
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = key[i] ^ pad;
    SHA256_Init(&hash);
    SHA256_Update(&hash, block, BLOCK);
    SHA256_Update(&hash, (const uint8_t *)rest.at, rest.size);
    SHA256_Final(digest, &hash);
}

void hmac_sha256(struct slice key, struct slice message, uint8_t digest[HMAC_BYTES])
{
    uint8_t block[BLOCK] = {0}, inner[HMAC_BYTES];
    if (key.size > BLOCK) {
        SHA256_CTX hash;
        SHA256_Init(&hash);
        SHA256_Update(&hash, (const uint8_t *)key.at, key.size);
        SHA256_Final(block, &hash);
    } else {
        memcpy(block, key.at, key.size);
    }
    keyed_hash(block, 0x36, message, inner);
    keyed_hash(block, 0x5c, (struct slice){(const char *)inner, HMAC_BYTES}, digest);
}

struct pseudonym_key pseudonym_key_read(const char *path)
{
    struct pseudonym_key key = {0};
    struct file_view view = file_view(path, KEY_MOST);
    size_t size = view.size;
    if (size > 0 && view.at[size - 1] == '\n')
        size -= size > 1 && view.at[size - 2] == '\r' ? 2 : 1;
    if (size < PSEUDONYM_KEY_LEAST)
        die(STATUS_INPUT,
            "%s: a key of %zu bytes: expected at least %d (head -c 32 /dev/urandom makes a good one)", path,
            size, PSEUDONYM_KEY_LEAST);
    buffer_append(&key.bytes, view.at, size);
    file_unview(&view);
    return key;
}

void pseudonym_key_free(struct pseudonym_key *key)
{
    if (key->bytes.at)
        explicit_bzero(key->bytes.at, key->bytes.capacity);
    buffer_free(&key->bytes);
}

void pseudonym(const struct pseudonym_key *key, struct slice id, char to[PSEUDONYM_DIGITS])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t digest[HMAC_BYTES];
    hmac_sha256((struct slice){key->bytes.at, key->bytes.size}, id, digest);
    for (size_t i = 0; i < PSEUDONYM_DIGITS; i++)
        to[i] = hex[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
}
