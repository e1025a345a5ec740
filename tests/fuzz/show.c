/* Any bytes as a stream in every view of it, selected from, and under a vocabulary; trails and headers
 * too. */
#include "filter.h"

int show_main(int argc, char **argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        "show -q a",
        "show -q -m " FIXTURES "/model/trained a",
        "show -q --csv a",
        "show -q --trail a",
        "show -q --header a",
        "show -q --where part=train --json a",
        "show -q --id 1 a",
        "show -q --at 2 --csv a",
        "show -q --stream --where school= -f -o b a",
        "show -q --check --records 3 a",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("a", rest);
    filter_run(show_main, command);
    return 0;
}
