/* tok of any rows: columns found and named, labels, prompts, windows. */
#include "filter.h"

int tok_main(int argc, char **argv);

#define MODEL "tok -q --threads 1 -m " FIXTURES "/model/trained -f -o out "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        MODEL "a",
        MODEL "--bad-rows mark a",
        MODEL "--bad-rows skip --long windows --max-length 8 --stride 2 a",
        MODEL "--bad-rows rejects --long ends --pair prompt a",
        MODEL "--classes 1..5 --keep school --bad-rows mark a",
        MODEL "--label-type string --placeholders mask --shard 1/2 a",
        MODEL "--format jsonl --bad-rows skip a",
        "tok -q --threads 1 --vocab v --cased -f -o out --format text a",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("v", filter_part(&rest));
    filter_put("a", rest);
    filter_run(tok_main, command);
    return 0;
}
