#include "base/json_cursor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Arrays and objects within each other. */
enum { MAX_DEPTH = 1000 };

struct json_cursor json_cursor_of(struct slice text)
{
    return (struct json_cursor){.at = text.at, .begin = text.at, .end = text.at + text.size};
}

static bool fail(struct json_cursor *c, const char *at, const char *problem)
{
    if (!c->problem) {
        c->at = at;
        c->problem = problem;
    }
    return false;
}

/* The next character that is not a blank, where it stands; 0 at the end. */
static char peek(struct json_cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
    return c->at < c->end ? *c->at : '\0';
}

/* ---- Strings ---- */

static int hex_value(const char *digits)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char d = digits[i], low = (char)(d | 0x20);
        if (d >= '0' && d <= '9')
            value = value << 4 | (d - '0');
        else if (low >= 'a' && low <= 'f')
            value = value << 4 | (low - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* What "\uNNNN", at its backslash, stands for, a pair of surrogates together; -1 where it is none.  `*size`
 * bytes. */
static int64_t unicode_escape(const char *at, const char *end, size_t *size)
{
    int high = end - at >= 6 ? hex_value(at + 2) : -1;
    *size = 6;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    *size = 12;
    int low = end - at >= 12 && at[6] == '\\' && at[7] == 'u' ? hex_value(at + 8) : -1;
    if (high > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return -1;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static const char escape_letters[] = "\"\\/bfnrt", escape_meanings[] = "\"\\/\b\f\n\r\t";

/* The text of a string behind its opening quote. */
static bool read_string(struct json_cursor *c, struct json_token *token)
{
    static const char unclosed[] = "the quote of a string is never closed";
    const char *at = c->at;
    token->type = JSON_STRING;
    token->escaped = false;
    while (at < c->end && *at != '"') {
        size_t size = 1;
        if ((unsigned char)*at < ' ')
            return fail(c, at, "a control character in a string: expected an escape");
        if (*at == '\\') {
            token->escaped = true;
            size = 2;
            if (at + 1 == c->end)
                return fail(c, c->end, unclosed);
            bool good = at[1] == 'u' ? unicode_escape(at, c->end, &size) >= 0
                                     : at[1] && strchr(escape_letters, at[1]);
            if (!good)
                return fail(c, at, "no such escape");
        }
        at += size;
    }
    if (at >= c->end)
        return fail(c, c->end, unclosed);
    token->text = (struct slice){c->at, (size_t)(at - c->at)};
    c->at = at + 1;
    return true;
}

void json_unescape(struct buffer *out, struct slice text)
{
    const char *at = text.at, *end = text.at + text.size;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = escape ? (size_t)(escape - at) : (size_t)(end - at), size = 2;
        buffer_append(out, at, plain);
        at += plain;
        if (!escape)
            break;
        if (at[1] == 'u')
            utf8_write(out, (uint32_t)unicode_escape(at, end, &size));
        else
            buffer_byte(out, escape_meanings[strchr(escape_letters, at[1]) - escape_letters]);
        at += size;
    }
}

/* ---- Numbers ---- */

static const char *digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool read_integer(struct json_cursor *c, struct json_token *token)
{
    bool negative = *token->text.at == '-';
    int64_t value = 0;
    token->type = JSON_INTEGER;
    for (size_t i = negative; i < token->text.size; i++) {
        int digit = token->text.at[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return fail(c, token->text.at, "an integer of more than 64 bits");
    }
    token->integer = value;
    return true;
}

static bool read_real(struct json_cursor *c, struct json_token *token)
{
    char few[64], *many = NULL;
    token->type = JSON_REAL;
    if (token->text.size < sizeof few) {
        memcpy(few, token->text.at, token->text.size);
        few[token->text.size] = '\0';
    } else {
        many = slice_string(token->text);
    }
    token->real = strtod(many ? many : few, NULL);
    free(many);
    return isfinite(token->real) || fail(c, token->text.at, "a number beyond the largest of 64 bits");
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool read_number(struct json_cursor *c, struct json_token *token)
{
    const char *at = c->at, *whole = at + (*at == '-'), *part;
    at = digits(whole, c->end);
    if (at == whole || (*whole == '0' && at > whole + 1))
        return fail(c, c->at, "expected a value");
    bool real = false;
    if (at < c->end && *at == '.') {
        real = true;
        part = at + 1;
        if ((at = digits(part, c->end)) == part)
            return fail(c, at, "expected a digit");
    }
    if (at < c->end && (*at | 0x20) == 'e') {
        real = true;
        part = at + 1 + (at + 1 < c->end && (at[1] == '+' || at[1] == '-'));
        if ((at = digits(part, c->end)) == part)
            return fail(c, at, "expected a digit");
    }
    token->text = (struct slice){c->at, (size_t)(at - c->at)};
    c->at = at;
    return real ? read_real(c, token) : read_integer(c, token);
}

/* ---- Values ---- */

static bool read_word(struct json_cursor *c, struct json_token *token)
{
    static const struct {
        struct slice word;
        json_type type;
    } words[] = {{{"true", 4}, JSON_TRUE}, {{"false", 5}, JSON_FALSE}, {{"null", 4}, JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct slice word = words[i].word;
        if ((size_t)(c->end - c->at) >= word.size && memcmp(c->at, word.at, word.size) == 0) {
            token->type = words[i].type;
            c->at += word.size;
            return true;
        }
    }
    return fail(c, c->at, "expected a value");
}

bool json_cursor_value(struct json_cursor *c, struct json_token *token)
{
    if (c->problem)
        return false;
    char first = peek(c);
    if (first == '"') {
        c->at++;
        return read_string(c, token);
    }
    if (first == '{' || first == '[') {
        token->type = first == '{' ? JSON_OBJECT : JSON_ARRAY;
        c->at++;
        return true;
    }
    if (first == '-' || (first >= '0' && first <= '9'))
        return read_number(c, token);
    return read_word(c, token);
}

/* Whether another one follows in what `closing` ends; else moves behind that. */
static bool another(struct json_cursor *c, bool first, char closing, const char *expected)
{
    if (c->problem)
        return false;
    char next = peek(c);
    if (next == closing) {
        c->at++;
        return false;
    }
    if (first)
        return true;
    if (next != ',')
        return fail(c, c->at, expected);
    c->at++;
    return true;
}

bool json_cursor_item(struct json_cursor *c, bool first)
{
    return another(c, first, ']', "expected ',' or ']'");
}

bool json_cursor_key(struct json_cursor *c, bool first, struct json_token *key)
{
    if (!another(c, first, '}', "expected ',' or '}'"))
        return false;
    if (peek(c) != '"')
        return fail(c, c->at, first ? "expected a key in quotes or '}'" : "expected a key in quotes");
    c->at++;
    if (!read_string(c, key))
        return false;
    if (peek(c) != ':')
        return fail(c, c->at, "expected ':'");
    c->at++;
    return true;
}

static bool skip(struct json_cursor *c, int depth)
{
    struct json_token token;
    if (!json_cursor_value(c, &token))
        return false;
    if (token.type != JSON_ARRAY && token.type != JSON_OBJECT)
        return true;
    if (depth == MAX_DEPTH)
        return fail(c, c->at - 1, "arrays and objects nested too deep");
    bool first = true, array = token.type == JSON_ARRAY;
    for (; array ? json_cursor_item(c, first) : json_cursor_key(c, first, &token); first = false)
        if (!skip(c, depth + 1))
            return false;
    return !c->problem;
}

bool json_cursor_skip(struct json_cursor *c) { return skip(c, 0); }

bool json_cursor_end(struct json_cursor *c)
{
    if (c->problem)
        return false;
    peek(c);
    return c->at == c->end || fail(c, c->at, "expected the end");
}

void json_cursor_describe(const struct json_cursor *c, struct buffer *out)
{
    struct slice before = {c->begin, (size_t)(c->at - c->begin)};
    buffer_format(out, "column %zu: ", utf8_count(before) + 1);
    if (strncmp(c->problem, "expected", 8) == 0) {
        size_t size = c->at < c->end ? utf8_length(c->at, (size_t)(c->end - c->at)) : 0;
        if (size)
            buffer_format(out, "found '%.*s': ", (int)size, c->at);
        else
            buffer_text(out, "found the end: ");
    }
    buffer_text(out, c->problem);
}
