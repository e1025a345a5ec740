/* The base room: random numbers, numbers as typed, words for a shell, directories, memory, texts and their
 * numbers, the pool. */
#include <setjmp.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/interner.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/shell.h"
#include "base/terminal.h"
#include "caught.h"
#include "check.h"

/* Known answers of Philox4x32-10 from Random123's kat_vectors. */
static void test_philox(void)
{
    uint32_t out[4];
    random_block(out, 0, 0, 0);
    CHECK(out[0] == 0x6627e8d5 && out[1] == 0xe169c58d && out[2] == 0xbc57ac4c && out[3] == 0x9b00dbd8);
    random_block(out, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    CHECK(out[0] == 0x408f276d && out[1] == 0x41c83b0e && out[2] == 0xa20bc7c6 && out[3] == 0x6d5451fd);
    random_block(out, 0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e);
    CHECK(out[0] == 0xd16cfe09 && out[1] == 0x94fdcceb && out[2] == 0x5001e420 && out[3] == 0x24126ea1);
}

static void test_random_use(void)
{
    CHECK(random_bits(1, RANDOM_SPLIT, 2, 3) == random_bits(1, RANDOM_SPLIT, 2, 3));
    CHECK(random_bits(1, RANDOM_SPLIT, 2, 3) != random_bits(1, RANDOM_SHUFFLE, 2, 3));
    CHECK(random_bits(1, RANDOM_SPLIT, 2, 3) != random_bits(1, RANDOM_SPLIT, 3, 2));
    double sum = 0, squares = 0;
    enum { N = 20000 };
    for (uint64_t i = 0; i < N; i++) {
        double x = random_normal(7, RANDOM_INIT, 0, i);
        sum += x;
        squares += x * x;
    }
    CHECK_NEAR(sum / N, 0, 0.03, 0);
    CHECK_NEAR(squares / N, 1, 0.05, 0);
    size_t counts[7] = {0};
    for (uint64_t i = 0; i < 70000; i++)
        counts[random_below(7, 3, RANDOM_SAMPLE, 0, i)]++;
    for (int i = 0; i < 7; i++)
        CHECK_NEAR((double)counts[i], 10000, 400, 0);
}

static void test_permutation(void)
{
    uint32_t a[100], b[100];
    bool seen[100] = {false};
    random_permutation(a, 100, 5, RANDOM_SHUFFLE, 1);
    random_permutation(b, 100, 5, RANDOM_SHUFFLE, 1);
    CHECK(memcmp(a, b, sizeof a) == 0);
    random_permutation(b, 100, 5, RANDOM_SHUFFLE, 2);
    CHECK(memcmp(a, b, sizeof a) != 0);
    for (int i = 0; i < 100; i++)
        seen[a[i]] = true;
    for (int i = 0; i < 100; i++)
        CHECK(seen[i]);
}

static void test_numbers(void)
{
    int64_t i = 99;
    double d = 99;
    uint64_t bytes = 99;
    CHECK(parse_integer("42", 0, 100, &i) && i == 42);
    CHECK(parse_integer("-7", -10, 100, &i) && i == -7);
    CHECK(!parse_integer("101", 0, 100, &i) && i == -7);
    const char *const not_integers[] = {"", " 4", "4 ", "4.0", "0x10", "+4", "4e2", "99999999999999999999"};
    for (size_t k = 0; k < sizeof not_integers / sizeof *not_integers; k++)
        CHECK(!parse_integer(not_integers[k], INT64_MIN, INT64_MAX, &i));
    CHECK(parse_number("1e-4", 0, 1, &d) && d == 1e-4);
    const char *const not_numbers[] = {"", "nan", "inf", "1,5", "1.5x", " 1", "0x1p3", "--1", "1e999"};
    for (size_t k = 0; k < sizeof not_numbers / sizeof *not_numbers; k++)
        CHECK(!parse_number(not_numbers[k], -1e300, 1e300, &d));
    CHECK(parse_bytes("256M", &bytes) && bytes == 256u << 20);
    CHECK(parse_bytes("1k", &bytes) && bytes == 1024);
    CHECK(!parse_bytes("1T", &bytes) && !parse_bytes("M", &bytes) && !parse_bytes("1MB", &bytes));
    CHECK(!parse_bytes("17179869184G", &bytes));
    CHECK(!parse_bytes("4 ", &bytes) && !parse_bytes("4+", &bytes) && !parse_bytes("4 G", &bytes));
}

static void check_quoted(struct slice word, bool visible, const char *want)
{
    struct buffer out = {0};
    shell_quote(&out, word, visible);
    buffer_byte(&out, '\0');
    CHECK_TEXT(out.at, want);
    buffer_free(&out);
}

static void test_quote(void)
{
    check_quoted(SLICE("a-b/c.csv"), true, "a-b/c.csv");
    check_quoted(SLICE(""), true, "''");
    check_quoted(SLICE("it's a \\"), true, "'it'\\''s a \\'");
    check_quoted(SLICE("$HOME"), true, "'$HOME'");
    check_quoted(SLICE("caf\xC3\xA9"), true, "'caf\xC3\xA9'");
    check_quoted(SLICE("it's\n\\\xE2\x80\xAE\xFF"), true, "$'it\\'s\\012\\\\\\342\\200\\256\\377'");
    check_quoted(SLICE("a\nb"), false, "'a\nb'");
}

static void test_duration(void)
{
    char to[32];
    duration_format(to, sizeof to, 59.4);
    CHECK_TEXT(to, "59s");
    duration_format(to, sizeof to, 59.6);
    CHECK_TEXT(to, "1m00s");
    duration_format(to, sizeof to, 87);
    CHECK_TEXT(to, "1m27s");
    duration_format(to, sizeof to, 2 * 3600 + 599);
    CHECK_TEXT(to, "2h09m");
}

static void list_closed(void *unused)
{
    (void)unused;
    DIR *directory = opendir(".");
    close(dirfd(directory));
    while (directory_next(directory, "here"))
        continue;
}

static void test_directory(void)
{
    CHECK(caught(list_closed, NULL) == STATUS_SYSTEM);
    CHECK_TEXT(caught_message, "here: cannot list: Bad file descriptor");
    DIR *directory = opendir("/");
    bool listed = false;
    for (const char *name; (name = directory_next(directory, "/"));) {
        CHECK(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
        listed |= strcmp(name, "etc") == 0;
    }
    CHECK(listed);
    closedir(directory);
}

static jmp_buf back;
static enum status died_with;

static void catch_death(enum status status, const char *message)
{
    (void)message;
    died_with = status;
    longjmp(back, 1);
}

static void test_memory(void)
{
    error_set_hook(catch_death);
    if (setjmp(back) == 0) {
        free(memory_new(SIZE_MAX / 2, 3));
        CHECK(false); /* it must not return */
    }
    CHECK(died_with == STATUS_SYSTEM);
    error_set_hook(NULL);
    struct buffer b = {0};
    for (int i = 0; i < 1000; i++)
        buffer_format(&b, "%d,", i);
    CHECK(b.size == 3890);
    CHECK(memcmp(b.at + b.size - 8, "998,999,", 8) == 0);
    buffer_free(&b);
    int *array = NULL;
    size_t capacity = 0;
    memory_grow(&array, &capacity, 17, sizeof *array);
    CHECK(capacity >= 17);
    free(array);
}

/* Arrays and copies of all sizes stay where they are, aligned, until the arena is cleared. */
static void test_arena(void)
{
    struct arena arena = {0};
    enum { N = 3000 };
    static uint64_t *arrays[N];
    static struct slice copies[N];
    char text[N];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) {
            memset(text, (int)(i % 100), i);
            copies[i] = arena_copy(&arena, (struct slice){text, i % 7 ? i % 50 : i});
            arrays[i] = arena_array(&arena, i % 9, sizeof *arrays[i]);
            CHECK((uintptr_t)arrays[i] % 16 == 0);
            for (size_t k = 0; k < i % 9; k++)
                arrays[i][k] = i;
        }
        int wrong = 0;
        for (size_t i = 0; i < N; i++) {
            wrong += copies[i].size != (i % 7 ? i % 50 : i) || !copies[i].at;
            for (size_t k = 0; k < copies[i].size; k++)
                wrong += copies[i].at[k] != (char)(i % 100);
            for (size_t k = 0; k < i % 9; k++)
                wrong += arrays[i][k] != i;
        }
        CHECK(wrong == 0);
        size_t capacity = arena.capacity;
        arena_clear(&arena);
        CHECK(arena.capacity == capacity);
    }
    arena_free(&arena);
}

static void test_interner(void)
{
    struct interner in = {0};
    CHECK(interner_find(&in, SLICE("a")) == INTERNER_NONE);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 5000; i++) {
            char text[16];
            bool added;
            struct slice name = {text, (size_t)snprintf(text, sizeof text, "%zx", i * i)};
            CHECK(interner_add(&in, name, &added) == i && added == (round == 0));
            CHECK(interner_find(&in, name) == i && slice_equal(in.at[i], name) && !in.at[i].at[name.size]);
        }
    }
    CHECK(in.count == 5000 && interner_find(&in, SLICE("no")) == INTERNER_NONE);
    const char *first = in.at[0].at; /* stays */
    CHECK(interner_add(&in, (struct slice){0}, NULL) == 5000 && in.at[5000].size == 0 &&
          in.at[0].at == first);
    CHECK(interner_add(&in, SLICE("a\0b"), NULL) == 5001 && interner_find(&in, SLICE("a")) == INTERNER_NONE);
    interner_free(&in);
}

static void count_item(void *context, size_t item, int worker)
{
    (void)worker;
    atomic_int *done = context;
    atomic_fetch_add(&done[item], 1);
}

static void test_pool(void)
{
    for (int threads = 1; threads <= 5; threads += 2) {
        struct pool *pool = pool_new(threads);
        CHECK(pool_threads(pool) == threads);
        for (int round = 0; round < 200; round++) {
            atomic_int done[50];
            for (int i = 0; i < 50; i++)
                atomic_init(&done[i], 0);
            pool_run(pool, 50, count_item, done);
            int once = 0;
            for (int i = 0; i < 50; i++)
                once += atomic_load(&done[i]) == 1;
            CHECK(once == 50);
        }
        pool_run(pool, 0, count_item, NULL);
        pool_free(pool);
    }
}

int main(void)
{
    test_philox();
    test_random_use();
    test_permutation();
    test_numbers();
    test_quote();
    test_duration();
    test_directory();
    test_memory();
    test_arena();
    test_interner();
    test_pool();
    return check_report("base");
}
