/* split of any stream, and --from any file. */
#include "filter.h"

int split_main(int argc, char **argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        "split -q --from a -f -o out b",
        "split -q --from a --folds 3 -f -o out b",
        "split -q --from a --keep -f -o out b",
        "split -q -f -o out b",
        "split -q --stratify --bins 2 -f -o out b",
        "split -q --stratify --replace --ratio 60:20:20 -f -o out b",
        "split -q --group school --folds 2 --replace -f -o out b",
        "split -q --hold-out school=B --by id --keep -f -o out b",
        "split -q --stratify --edges 1.5,2 --replace -f -o out b",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("a", filter_part(&rest));
    filter_put("b", rest);
    filter_run(split_main, command);
    return 0;
}
