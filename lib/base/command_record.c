#include "base/command_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static char *recorded_value(const struct option_row *row, const char *value)
{
    if (row->type == OPTION_FILE)
        return slice_string(file_last_component(value));
    if (row->type == OPTION_ID)
        return memory_string("...");
    if (row->type == OPTION_WHERE && strncmp(value, "id=", 3) == 0)
        return memory_string("id=...");
    return memory_string(value);
}

static const struct option_row *row_called(const struct command *command, struct slice name)
{
    for (size_t i = 0; i < command->count; i++)
        if (slice_is(name, command->rows[i].name) ||
            (name.size == 1 && name.at[0] == command->rows[i].letter))
            return &command->rows[i];
    return NULL;
}

/* The row of the option whose value `arg` ends with, or is followed by; NULL where it has none.  `*head`
 * are the bytes before the value. */
static const struct option_row *row_with_value(const struct command *command, const char *arg, size_t *head)
{
    const struct option_row *row = NULL;
    if (arg[0] == '-' && arg[1] == '-') {
        struct slice name = {arg + 2, strcspn(arg + 2, "=")};
        *head = 2 + name.size + (name.at[name.size] == '=');
        row = row_called(command, name);
        return row && row->type != OPTION_FLAG ? row : NULL;
    }
    for (*head = 1; arg[0] == '-' && arg[*head];) {
        row = row_called(command, (struct slice){&arg[(*head)++], 1});
        if (row && row->type != OPTION_FLAG)
            return row;
    }
    return NULL;
}

struct command_record command_record_new(const struct command *command, int argc, char **argv, int first)
{
    struct command_record r = {.args = memory_new((size_t)argc, sizeof *r.args),
                               .operands = (size_t)(argc - first)};
    for (int i = 1; i < first; i++) {
        size_t head;
        const struct option_row *row = row_with_value(command, argv[i], &head);
        if (!row) {
            r.args[r.count++] = memory_string(argv[i]);
        } else if (argv[i][head]) {
            char *value = recorded_value(row, argv[i] + head);
            r.args[r.count++] = memory_format("%.*s%s", (int)head, argv[i], value);
            free(value);
        } else {
            r.args[r.count++] = memory_string(argv[i]);
            if (argv[i][head - 1] != '=' && i + 1 < first)
                r.args[r.count++] = recorded_value(row, argv[++i]);
        }
    }
    for (int i = first; i < argc; i++)
        r.args[r.count++] = slice_string(file_last_component(argv[i]));
    return r;
}

void command_record_free(struct command_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->args[i]);
    free(record->args);
    *record = (struct command_record){0};
}
