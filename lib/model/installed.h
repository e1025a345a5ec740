/* Models installed by name: where `get` puts them and where -m NAME looks. */
#ifndef RUBRIC_MODEL_INSTALLED_H
#define RUBRIC_MODEL_INSTALLED_H

/* $XDG_DATA_HOME/rubric/models, else $HOME/.local/share/rubric/models; NULL when neither is set (to an
 * absolute path, as the XDG base directory specification asks).  The caller frees. */
char *installed_directory(void) __attribute__((warn_unused_result));

/* The directory of the installed model `name` ("minilm", "OWNER/NAME"); NULL when there is none.  The caller
 * frees. */
char *installed_find(const char *name) __attribute__((warn_unused_result));

#endif
