/* Downloads over HTTP, by libcurl.  Proxies as libcurl reads them from the environment (https_proxy, ...).
 * HF_TOKEN goes to the first host only, never along a redirection to another.
 *
 * Failures that may pass (a connection that breaks off, a server that is overloaded) are tried again a few
 * times, each time from where the last one stopped; all others die with STATUS_SYSTEM, naming the address and
 * what to do. */
#ifndef RUBRIC_FETCH_DOWNLOAD_H
#define RUBRIC_FETCH_DOWNLOAD_H

#include <jansson.h>
#include <stdint.h>

#include "base/terminal.h"

/* The JSON object at `url`, of at most `limit` bytes; released with json_decref.  Dies with STATUS_BROKEN on
 * anything else (a login page in HTML, say). */
json_t *download_json(const char *url, size_t limit) __attribute__((warn_unused_result));

/* Downloads `url` into the file `fd`, which holds its first `have` bytes already, until it has `size` bytes.
 * Dies with STATUS_BROKEN when the server sends more or fewer than those, keeping what came for the next try.
 *   name, progress   the file's name in messages; the line to update with bytes done, counted from
 *                    `before` */
void download_file(const char *url, int fd, uint64_t have, uint64_t size, const char *name,
                   struct progress *progress, uint64_t before);

#endif
