/* Any bytes as the JSON Lines of show --pack: they make a stream that show --json reads back, or are
 * refused. */
#include "filter.h"

int show_main(int argc, char **argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    filter_prepare();
    filter_put("lines", (struct slice){(const char *)data, size});
    /* Segments that do not go together are found by whoever reads them. */
    if (filter_run(show_main, "show -q --pack -f -o stream lines") == STATUS_GOOD &&
        filter_run(show_main, "show -q --check stream") == STATUS_GOOD &&
        filter_run(show_main, "show -q --json stream") != STATUS_GOOD)
        abort();
    return 0;
}
