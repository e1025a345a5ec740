/* Command lines as trails keep them: every way to write an option, with a path, an id, or neither. */
#include "base/command_record.h"
#include "base/file.h"
#include "check.h"

struct settings {
    const char *model, *output, *text, *id, *where;
    int64_t number;
    bool flag, other;
};
#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {'m', "model", OPTION_FILE, AT(model), "DIR", .help = ""},
    {'o', "output", OPTION_FILE, AT(output), "FILE", .help = ""},
    {0, "text", OPTION_TEXT, AT(text), "COL", .help = ""},
    {0, "id", OPTION_ID, AT(id), "ID", .help = ""},
    {0, "where", OPTION_WHERE, AT(where), "NAME=VALUE", .help = ""},
    {'n', "number", OPTION_INTEGER, AT(number), "N", 0, 100, ""},
    {'f', "flag", OPTION_FLAG, AT(flag), NULL, .help = ""},
    {'g', "other", OPTION_FLAG, AT(other), NULL, .help = ""},
};
static const struct command command = {"test", "", "", rows, OPTION_COUNT(rows), .reads_input = false};

/* The record of a command line (words separated by '|'), its words separated so, then the operands'
 * number. */
static const char *recorded(const char *line)
{
    static char *kept;
    char copy[200], *argv[20], *rest = copy, *word;
    int argc = 0;
    snprintf(copy, sizeof copy, "test|%s", line);
    while ((word = strsep(&rest, "|")))
        argv[argc++] = word;
    argv[argc] = NULL;
    struct settings settings = {0};
    int first = command_parse(&command, &settings, argc, argv);
    struct command_record r = command_record_new(&command, argc, argv, first);
    struct buffer out = {0};
    for (size_t i = 0; i < r.count; i++)
        buffer_format(&out, "%s%s", i ? "|" : "", r.args[i]);
    buffer_format(&out, " %zu", r.operands);
    command_record_free(&r);
    free(kept);
    return kept = out.at;
}

static bool last(const char *path, const char *want) { return slice_is(file_last_component(path), want); }

int main(void)
{
    CHECK(last("a", "a") && last("/x/a", "a") && last("x/a/", "a") && last("x//a//", "a") && last("/", "/"));
    CHECK(last("", "") && last("-", "-") && last("..", "..") && last("//", "/"));
    CHECK_TEXT(recorded("/home/anna/a.csv|-|b/c.csv"), "a.csv|-|c.csv 3");
    CHECK_TEXT(recorded("-m|/home/anna/m/|-o|x/y|--text|a/b"), "-m|m|-o|y|--text|a/b 0");
    CHECK_TEXT(recorded("-m/home/anna/m|--output=x/y|--text=a/b"), "-mm|--output=y|--text=a/b 0");
    CHECK_TEXT(recorded("-fgm|/home/m|-fo/home/o|-gf"), "-fgm|m|-foo|-gf 0");
    CHECK_TEXT(recorded("--model|/home/m|-n3|-n|4|--number=5"), "--model|m|-n3|-n|4|--number=5 0");
    CHECK_TEXT(recorded("--id|Anna|--id=Anna|--where|id=Anna|--where=id=Anna"),
               "--id|...|--id=...|--where|id=...|--where=id=... 0");
    CHECK_TEXT(recorded("--where|part=a/b|--where=ids=1"), "--where|part=a/b|--where=ids=1 0");
    CHECK_TEXT(recorded("--output=|--text|--id|--text|-m"), "--output=|--text|--id|--text|-m 0");
    CHECK_TEXT(recorded("-f|--|--id|x/Anna"), "-f|--|--id|Anna 2");
    CHECK_TEXT(recorded("a/b|-f|c/d|-q|--quiet"), "-f|-q|--quiet|b|d 2");
    return check_report("command_record");
}
