#include "model/installed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

char *installed_directory(void)
{
    const char *data = absolute("XDG_DATA_HOME"), *home = absolute("HOME");
    if (data)
        return memory_format("%s/rubric/models", data);
    return home ? memory_format("%s/.local/share/rubric/models", home) : NULL;
}

char *installed_find(const char *name)
{
    char *models = installed_directory();
    if (!models || !*name || *name == '/' || *name == '.' || strstr(name, "/.")) {
        free(models);
        return NULL;
    }
    char *path = memory_format("%s/%s", models, name), *config = memory_format("%s/config.json", path);
    if (access(config, F_OK) != 0) {
        free(path);
        path = NULL;
    }
    free(config);
    free(models);
    return path;
}
