/* tally of any stream. */
#include "filter.h"

int tally_main(int argc, char **argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        "tally -q a",
        "tally -q --json a",
        "tally -q --csv --part val a",
        "tally -q --no-duplicates -m " FIXTURES "/model/trained a",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("a", rest);
    filter_run(tally_main, command);
    return 0;
}
