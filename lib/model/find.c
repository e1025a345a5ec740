/* Which model directory to use, and what it is: apart from model.c, so that filters without a network need
 * not link one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "model/fingerprint.h"
#include "model/installed.h"
#include "model/model.h"

static bool has_config(const char *directory)
{
    char *path = memory_format("%s/config.json", directory);
    bool there = access(path, F_OK) == 0; /* a hint need not even be readable */
    free(path);
    return there;
}

/* The header's path is a hint: it is followed only to a directory with the header's print. */
static bool header_model_there(const struct header *header)
{
    const char *path = header_model_path(header), *fingerprint = header_model_fingerprint(header);
    if (!path || !fingerprint)
        return false;
    if (!has_config(path)) {
        note("the stream names the model %s, which is not there", path);
        return false;
    }
    char found[65];
    model_fingerprint(path, found);
    if (strcmp(found, fingerprint) == 0)
        return true;
    note("the stream names the model %s, which has changed since (print %.8s, not %.8s)", path, found,
         fingerprint);
    return false;
}

/* -m: a directory, or the name of an installed model. */
static char *directory_of(const char *option)
{
    char *installed = file_exists(option) ? NULL : installed_find(option);
    if (!installed)
        return memory_string(option);
    note("-m %s: the installed model %s", option, installed);
    return installed;
}

char *model_find(const char *option, const struct header *header)
{
    if (option)
        return directory_of(option);
    if (header && header_model_there(header))
        return memory_string(header_model_path(header));
    const char *variable = getenv("RUBRIC_MODEL");
    if (variable && *variable)
        return memory_string(variable);
    char *installed = file_beside_program("../../share/rubric/default");
    if (!has_config(installed))
        die(STATUS_SYSTEM,
            "no model: neither -m nor RUBRIC_MODEL names one, and the default model is missing from %s",
            installed);
    return installed;
}
