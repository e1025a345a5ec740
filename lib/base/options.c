#include "base/options.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/standard.h"
#include "base/terminal.h"

/* Values getopt_long returns for long options: beyond any letter. */
enum { FIRST_LONG = 256 };

static const struct option_row common_rows[] = {
    {'q', "quiet", OPTION_FLAG, 0, NULL, .help = "say nothing but warnings and errors"},
    {'h', "help", OPTION_FLAG, 0, NULL, .help = "print this and exit"},
    {'V', "version", OPTION_FLAG, 0, NULL, .help = "print the version and exit"},
};

bool parse_integer(const char *text, int64_t minimum, int64_t maximum, int64_t *out)
{
    char *end;
    errno = 0;
    if (!(*text >= '0' && *text <= '9') && *text != '-')
        return false;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < minimum || value > maximum)
        return false;
    *out = value;
    return true;
}

bool parse_number(const char *text, double minimum, double maximum, double *out)
{
    /* No setlocale is ever called, so strtod reads the C locale's numbers. */
    char *end;
    if (strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < minimum || value > maximum)
        return false;
    *out = value;
    return true;
}

bool parse_bytes(const char *text, uint64_t *out)
{
    static const char units[] = "KkMmGg";
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    int shift = unit ? 10 * (int)((unit - units) / 2 + 1) : 0;
    if (errno || (*end && (!unit || end[1])) || value > UINT64_MAX >> shift)
        return false;
    *out = (uint64_t)value << shift;
    return true;
}

void command_misuse(const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    die(STATUS_USAGE, "%s (see '%s --help')", message, error_program());
}

static void print_row(const struct option_row *row)
{
    char left[128];
    int used = snprintf(left, sizeof left, "  %c%c%s --%s", row->letter ? '-' : ' ',
                        row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name);
    if (row->value && used > 0 && (size_t)used < sizeof left)
        snprintf(left + used, sizeof left - (size_t)used, " %s", row->value);
    if (strlen(left) > 30)
        printf("%s\n%-32s", left, "");
    else
        printf("%-32s", left);
    for (const char *p = row->help; *p; p++) {
        putchar(*p);
        if (*p == '\n')
            printf("%-32s", "");
    }
    putchar('\n');
}

static _Noreturn void print_usage(const struct command *command)
{
    printf("usage: %s %s\n%s\n\n", command->name, command->operands, command->summary);
    for (size_t i = 0; i < command->count; i++)
        if (command->rows[i].help)
            print_row(&command->rows[i]);
    for (size_t i = 0; i < OPTION_COUNT(common_rows); i++)
        print_row(&common_rows[i]);
    standard_flush();
    exit(STATUS_GOOD);
}

static _Noreturn void print_version(void)
{
    printf("%s (rubric) %s\n", error_program(), RUBRIC_VERSION);
    standard_flush();
    exit(STATUS_GOOD);
}

static void add_to_list(struct text_list *list, const char *text)
{
    char *copy = memory_string(text), *rest = copy;
    for (char *item; (item = strsep(&rest, ","));) {
        memory_grow(&list->at, &list->capacity, list->count + 1, sizeof *list->at);
        list->at[list->count++] = memory_string(item);
    }
    free(copy);
}

/* Index of `text` in the choices "a|b|c", -1 if it is none of them. */
static int choice_index(const char *choices, const char *text)
{
    size_t size = strlen(text);
    int index = 0;
    for (const char *at = choices;; index++) {
        size_t length = strcspn(at, "|");
        if (length == size && memcmp(at, text, size) == 0)
            return index;
        if (!at[length])
            return -1;
        at += length + 1;
    }
}

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->at[i]);
    free(list->at);
    *list = (struct text_list){0};
}

static void set_option(const struct option_row *row, void *settings, const char *text)
{
    void *at = (char *)settings + row->offset;
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)at = true;
        break;
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_ID:
    case OPTION_WHERE:
        *(const char **)at = text;
        break;
    case OPTION_LIST:
        add_to_list(at, text);
        break;
    case OPTION_CHOICE: {
        int index = choice_index(row->value, text);
        if (index < 0)
            command_misuse("--%s is '%s': expected one of %s", row->name, text, row->value);
        *(int *)at = index;
        break;
    }
    case OPTION_INTEGER:
        /* Bounds are kept as doubles; 2^63 stands for "no bound". */
        if (!parse_integer(text, row->minimum <= -0x1p63 ? INT64_MIN : (int64_t)row->minimum,
                           row->maximum >= 0x1p63 ? INT64_MAX : (int64_t)row->maximum, at))
            command_misuse(row->maximum >= 0x1p62 ? "--%s is '%s': expected a whole number of at least %.0f"
                                                  : "--%s is '%s': expected a whole number from %.0f to %.0f",
                           row->name, text, row->minimum, row->maximum);
        break;
    case OPTION_NUMBER:
        if (!parse_number(text, row->minimum, row->maximum, at))
            command_misuse("--%s is '%s': expected a number from %g to %g", row->name, text, row->minimum,
                           row->maximum);
        break;
    case OPTION_BYTES:
        if (!parse_bytes(text, at))
            command_misuse("--%s is '%s': expected bytes, such as 4096, 256M or 2G", row->name, text);
        break;
    }
}

/* Levenshtein distance, for "did you mean"; names are short. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[64];
    if (n >= 63 || strlen(a) >= 63)
        return 64;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j], best = corner + (a[i - 1] != b[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            corner = above;
            row[j] = best;
        }
    }
    return row[n];
}

static _Noreturn void unknown_option(const struct command *command, const char *text)
{
    if (strncmp(text, "--", 2) != 0)
        command_misuse("unknown option '%s'", text);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text + 2, "="), text + 2);
    const char *nearest = NULL;
    size_t least = 4;
    for (size_t i = 0; i < command->count; i++) {
        size_t distance = edit_distance(name, command->rows[i].name);
        if (distance < least) {
            least = distance;
            nearest = command->rows[i].name;
        }
    }
    if (nearest)
        command_misuse("unknown option '--%s': did you mean '--%s'?", name, nearest);
    command_misuse("unknown option '--%s'", name);
}

static const struct option_row *row_of(const struct command *command, int code)
{
    for (size_t i = 0; i < command->count; i++)
        if (code == FIRST_LONG + (int)i || (command->rows[i].letter && code == command->rows[i].letter))
            return &command->rows[i];
    return NULL;
}

/* getopt_long takes a long option's first letters for the whole: here they are an unknown option, so that
 * a script means the same when options are added. */
static void refuse_abbreviation(const struct command *command, char **argv, const char *name)
{
    const char *text = optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
    size_t size = strcspn(text, "=");
    if (strncmp(text, "--", 2) == 0 && !(strlen(name) == size - 2 && memcmp(text + 2, name, size - 2) == 0))
        unknown_option(command, text);
}

/* What jansson cannot allocate ends the process as everything else does, so that no call of it needs a
 * check. */
static void *json_memory(size_t size) { return memory_new(size, 1); }

int command_parse(const struct command *command, void *settings, int argc, char **argv)
{
    error_set_program(command->name);
    standard_begin();
    json_set_alloc_funcs(json_memory, free);
    size_t total = command->count + OPTION_COUNT(common_rows);
    struct option *longs = memory_zeroed(total + 1, sizeof *longs);
    char *letters = memory_zeroed(2 * total + 2, 1), *next = letters;
    *next++ = ':'; /* a missing value is reported as ':' */
    for (size_t i = 0; i < total; i++) {
        const struct option_row *row = i < command->count ? &command->rows[i]
                                                          : &common_rows[i - command->count];
        int has_value = row->type == OPTION_FLAG ? no_argument : required_argument;
        int code = i < command->count ? FIRST_LONG + (int)i : row->letter;
        longs[i] = (struct option){row->name, has_value, NULL, code};
        if (row->letter) {
            *next++ = row->letter;
            if (has_value)
                *next++ = ':';
        }
    }
    opterr = 0;
    optind = 0; /* start over: a process may parse more than one command line */
    for (int code, index = -1; (code = getopt_long(argc, argv, letters, longs, &index)) != -1; index = -1) {
        const struct option_row *row = row_of(command, code);
        if (index >= 0)
            refuse_abbreviation(command, argv, longs[index].name);
        if (row)
            set_option(row, settings, optarg);
        else if (code == 'q')
            error_set_quiet(true);
        else if (code == 'h')
            print_usage(command);
        else if (code == 'V')
            print_version();
        else if (code == ':')
            command_misuse("option '%s' needs a value", argv[optind - 1]);
        else if (optopt > 0 && optopt < FIRST_LONG)
            command_misuse("unknown option '-%c'", optopt);
        else
            unknown_option(command, argv[optind - 1]);
    }
    free(longs);
    free(letters);
    if (command->reads_input && optind == argc && terminal_is(STDIN_FILENO))
        print_usage(command);
    return optind;
}
