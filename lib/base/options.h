/* Command lines: one table per command parses its options, prints its usage and is what the pages
 * are checked against.
 *
 *     struct settings { const char *output; int64_t seed; bool stratify; };
 *     static const struct option_row rows[] = {
 *         {'o', "output", OPTION_TEXT, OPTION_AT(struct settings, output), "FILE", .help = "write to FILE"},
 *         {0, "seed", OPTION_INTEGER, OPTION_AT(struct settings, seed), "N", 0, INT64_MAX, "seed of ..."},
 *     };
 *     static const struct command command = {"split", "[OPTION]... [FILE]...", "mark each record ...",
 *                                            rows, OPTION_COUNT(rows)};
 *     int first = command_parse(&command, &settings, argc, argv);   // -h, -V, misuse: never returns
 *
 * Defaults are what the settings hold before the call.  -h --help, -V --version and -q --quiet are
 * known to every command and stand in no table.  Options and operands may come in any order; "-" is
 * an operand; "--" ends the options. */
#ifndef RUBRIC_BASE_OPTIONS_H
#define RUBRIC_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_FLAG,    /* bool: set to true */
    OPTION_TEXT,    /* const char *: kept by reference */
    OPTION_FILE,    /* the same, the path of a file or directory */
    OPTION_ID,      /* the same, the id of a record */
    OPTION_WHERE,   /* the same, NAME=VALUE */
    OPTION_LIST,    /* struct text_list: separated by commas, repeatable */
    OPTION_CHOICE,  /* int: index in `value`, the choices joined by '|' ("ce|mse") */
    OPTION_INTEGER, /* int64_t in minimum .. maximum */
    OPTION_NUMBER,  /* double in minimum .. maximum, finite */
    OPTION_BYTES,   /* uint64_t: a number with an optional K, M or G (powers of 1,024) */
};

struct text_list {
    char **at;
    size_t count, capacity;
};

void text_list_free(struct text_list *list);

struct option_row {
    char letter;      /* 0: none */
    const char *name; /* without dashes */
    enum option_type type;
    size_t offset;     /* in the settings */
    const char *value; /* what stands for the value in the usage; the choices of OPTION_CHOICE */
    double minimum, maximum;
    const char *help; /* NULL: an alias, not shown */
};
#define OPTION_AT(settings, member) offsetof(settings, member)
#define OPTION_COUNT(rows) (sizeof(rows) / sizeof *(rows))

struct command {
    const char *name;
    const char *operands; /* "[OPTION]... [FILE]..." */
    const char *summary;  /* what it does, in a line or a few */
    const struct option_row *rows;
    size_t count;
    bool reads_input; /* with no operands and a terminal on stdin, the usage is printed */
};

/* Parses argv into `settings`, moving operands behind options.  Returns the index in argv of the
 * first operand.  Prints usage or version and exits for -h and -V; dies with STATUS_USAGE on an
 * unknown option (naming the nearest known one), a missing value, or one out of its range.
 * Sets the program name and the quiet flag. */
int command_parse(const struct command *command, void *settings, int argc, char **argv);

/* STATUS_USAGE with a pointer to --help: for combinations that the table cannot express. */
_Noreturn void command_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Numbers as users type them: the whole of `text`, in range, independent of the locale.
 * Return false and leave `*out` alone when it is not so. */
bool parse_integer(const char *text, int64_t minimum, int64_t maximum, int64_t *out);
bool parse_number(const char *text, double minimum, double maximum, double *out);
bool parse_bytes(const char *text, uint64_t *out);

#endif
