/* The splitter: exact after every record, seeded, fair to every position. */
#include "base/error.h"
#include "corpus/splitter.h"

#include "check.h"

/* After every record each part holds its share rounded down or up, in each of three interleaved strata. */
static void test_exact(const char *ratio, uint64_t seed)
{
    struct split_shares shares = split_shares_parse(ratio);
    struct splitter *s = splitter_new(&shares, seed);
    const char *const names[3] = {"low", "high", ""};
    uint64_t got[3][SPLIT_MAX_PARTS] = {{0}}, seen[3] = {0};
    bool exact = true;
    for (int i = 0; i < 2500; i++) {
        int stratum = (i * i + i / 7) % 3;
        int part = splitter_assign(s, slice_of(names[stratum]));
        got[stratum][part]++;
        seen[stratum]++;
        for (int p = 0; p < shares.parts; p++) {
            uint64_t product = seen[stratum] * shares.share[p];
            exact = exact && got[stratum][p] >= product / shares.period &&
                    got[stratum][p] <= (product + shares.period - 1) / shares.period;
        }
    }
    CHECK(exact);
    splitter_free(s);
}

/* Over many seeds each position goes to a part as often as its share says. */
static void test_marginals(const char *ratio)
{
    struct split_shares shares = split_shares_parse(ratio);
    enum { SEEDS = 4000, POSITIONS = 12 };
    unsigned counts[POSITIONS][SPLIT_MAX_PARTS] = {{0}};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct splitter *s = splitter_new(&shares, seed);
        for (int i = 0; i < POSITIONS; i++)
            counts[i][splitter_assign(s, SLICE("a"))]++;
        splitter_free(s);
    }
    for (int i = 0; i < POSITIONS; i++) {
        double r = (double)shares.share[0] / shares.period;
        CHECK_NEAR(counts[i][0] / (double)SEEDS, r, 5 * sqrt(r * (1 - r) / SEEDS), 0);
    }
}

static void test_seeds_differ(void)
{
    struct split_shares shares = split_shares_parse("80:20");
    struct splitter *a = splitter_new(&shares, 1), *b = splitter_new(&shares, 2),
                    *c = splitter_new(&shares, 1);
    int differ = 0, same = 0;
    for (int i = 0; i < 200; i++) {
        int part = splitter_assign(a, SLICE("x"));
        differ += part != splitter_assign(b, SLICE("x"));
        same += part == splitter_assign(c, SLICE("x"));
    }
    CHECK(differ > 20);
    CHECK(same == 200);
    splitter_free(a);
    splitter_free(b);
    splitter_free(c);
}

static void test_keys(void)
{
    struct split_shares shares = split_shares_parse("70:15:15");
    unsigned by_key[3] = {0}, at_random[3] = {0};
    for (uint64_t i = 0; i < 20000; i++) {
        char name[32];
        snprintf(name, sizeof name, "essay-%llu", (unsigned long long)i);
        by_key[splitter_by_key(&shares, 9, slice_of(name))]++;
        at_random[splitter_at_random(&shares, 9, i)]++;
    }
    CHECK_NEAR(by_key[0], 14000, 350, 0);
    CHECK_NEAR(by_key[1], 3000, 300, 0);
    CHECK_NEAR(at_random[0], 14000, 350, 0);
    CHECK_NEAR(at_random[2], 3000, 300, 0);
}

static void test_shares(void)
{
    struct split_shares s = split_shares_parse("70:15:15");
    CHECK(s.parts == 3 && s.period == 20 && s.share[0] == 14 && s.share[1] == 3);
    s = split_shares_parse("0.8:0.2");
    CHECK(s.parts == 2 && s.period == 5 && s.share[0] == 4);
    s = split_shares_equal(5);
    CHECK(s.parts == 5 && s.period == 5 && s.share[4] == 1);
}

int main(void)
{
    const char *const ratios[] = {"80:20",
                                  "70:15:15",
                                  "1:1:1",
                                  "33:33:34",
                                  "99:1",
                                  "1:1:1:1:1",
                                  "3:2:2",
                                  "5:3:1:1",
                                  "62.5:37.5",
                                  "90:5:5",
                                  "1:1:1:1:1:1:1:1:1:1",
                                  "97:2:1",
                                  "499:501"};
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++)
        for (uint64_t seed = 0; seed < 10; seed++)
            test_exact(ratios[i], seed);
    test_marginals("80:20");
    test_marginals("1:1:1");
    test_seeds_differ();
    test_keys();
    test_shares();
    return check_report("splitter");
}
