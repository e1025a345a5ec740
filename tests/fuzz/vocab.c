/* vocab trained on any rows. */
#include "filter.h"

int vocab_main(int argc, char **argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        "vocab -q --size 300 --bad-rows skip -f -o out a",
        "vocab -q --size 300 --min-frequency 1 --format text -f -o out a",
        "vocab -q --cased --placeholders keep -f -o out a",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("a", rest);
    filter_run(vocab_main, command);
    return 0;
}
