/* fit on any stream, with any file of class weights: networks of one step, and heads on vectors. */
#include "filter.h"

int fit_main(int argc, char **argv);

#define SMALL "fit -q -f --threads 1 -o m "
#define SCRATCH SMALL "--scratch --shape 1,4,1 --max-steps 1 --class-weight a "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const commands[] = {
        SCRATCH "b",
        SCRATCH "--loss ce --keep best b",
        SCRATCH "--loss coral --token-dropout 0.5 b",
        SCRATCH "--fold 1 --sample balanced b",
        SMALL "--head ridge -m " FIXTURES "/model/trained b",
        SMALL "--head logistic --class-weight a -m " FIXTURES "/model/trained b",
        SMALL "--head ordinal -m " FIXTURES "/model/trained b",
    };
    filter_prepare();
    struct slice rest = {(const char *)data, size};
    const char *command = FILTER_PICK(commands, filter_byte(&rest));
    filter_put("a", filter_part(&rest));
    filter_put("b", rest);
    filter_run(fit_main, command);
    return 0;
}
