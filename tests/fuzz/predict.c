/* predict and embed on any stream, with a model that was trained. */
#include "filter.h"

int predict_main(int argc, char **argv);
int embed_main(int argc, char **argv);

#define MODEL " --threads 1 -m " FIXTURES "/model/trained "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        "predict -q" MODEL "-f -o out a",
        "predict -q" MODEL "--logits -f -o out a",
        "predict -q" MODEL "--csv -f -o out a",
        "predict -q" MODEL "--csv --columns id,mark=pred,prob,reason,school -f -o out a",
        "embed -q" MODEL "-f -o out a",
        "embed -q" MODEL "--layer 1,2 --pool max -f -o out a",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("a", rest);
    filter_run(*command == 'p' ? predict_main : embed_main, command);
    return 0;
}
