/* evalm on any predictions, and against any others of the same records. */
#include "filter.h"

int evalm_main(int argc, char **argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        "evalm -q b",
        "evalm -q --json b",
        "evalm -q --tsv --min qwk=0.5,mae=1 b",
        "evalm -q --against a --resamples 3 b",
        "evalm -q --against a --resamples 3 --json b",
        "evalm -q --ci --resamples 3 --errors 2 b",
        "evalm -q --by school --part val b",
        "evalm -q --rater second --errors 1 --json b",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("a", filter_part(&rest));
    filter_put("b", rest);
    filter_run(evalm_main, command);
    return 0;
}
