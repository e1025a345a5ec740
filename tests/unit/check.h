/* The smallest test harness: checks that print what differed, and a count at the end. */
#ifndef RUBRIC_TESTS_CHECK_H
#define RUBRIC_TESTS_CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures, check_count;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        check_count++;                                                                                       \
        if (!(condition)) {                                                                                  \
            check_failures++;                                                                                \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                   \
        }                                                                                                    \
    } while (0)

/* |got - want| <= absolute + relative |want|; NaN fails. */
#define CHECK_NEAR(got, want, absolute, relative)                                                            \
    do {                                                                                                     \
        double check_got = (got), check_want = (want);                                                       \
        check_count++;                                                                                       \
        if (!(fabs(check_got - check_want) <= (absolute) + (relative)*fabs(check_want))) {                   \
            check_failures++;                                                                                \
            printf("%s:%d: %s is %.9g, not %.9g\n", __FILE__, __LINE__, #got, check_got, check_want);        \
        }                                                                                                    \
    } while (0)

#define CHECK_TEXT(got, want)                                                                                \
    do {                                                                                                     \
        const char *check_got = (got), *check_want = (want);                                                 \
        check_count++;                                                                                       \
        if (strcmp(check_got, check_want) != 0) {                                                            \
            check_failures++;                                                                                \
            printf("%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got, check_got, check_want);    \
        }                                                                                                    \
    } while (0)

/* Last line of main: prints the count, gives the exit status. */
static inline int check_report(const char *name)
{
    printf("%s: %d checks, %d failed\n", name, check_count, check_failures);
    return check_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
