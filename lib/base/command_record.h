/* A command line as trails keep it: ready to be run again, but without what may tell who ran it, or on
 * whom.  Of a path (an operand, or the value of an OPTION_FILE) only the last component stays; of a
 * record's id (an OPTION_ID, or id=VALUE of an OPTION_WHERE) only "...". */
#ifndef RUBRIC_BASE_COMMAND_RECORD_H
#define RUBRIC_BASE_COMMAND_RECORD_H

#include "base/options.h"

struct command_record {
    char **args; /* [count] all but the command's name; owned */
    size_t count;
    size_t operands; /* of the args, at their end */
};

/* `argv` and `first` as command_parse has left and returned them. */
struct command_record command_record_new(const struct command *command, int argc, char **argv, int first);
void command_record_free(struct command_record *record);

#endif
