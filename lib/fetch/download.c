#include "fetch/download.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

enum {
    TRIES = 5,
    CONNECT_SECONDS = 30,
    STALL_SECONDS = 60, /* without a byte in so long, the connection counts as broken */
    REDIRECTIONS = 10,
};

/* Where an answer's body goes: to `fd`, or to `body`. */
struct transfer {
    CURL *curl;
    const char *url, *name;
    int fd;
    struct buffer *body;
    uint64_t have, limit; /* bytes so far, at most */
    bool asked_range, checked, too_long, disk_failed;
    int write_errno;
    struct progress *progress;
    uint64_t before;
};

static CURL *curl_new(void)
{
    static bool begun;
    if (!begun && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        die(STATUS_SYSTEM, "cannot start libcurl");
    begun = true;
    CURL *curl = curl_easy_init();
    if (!curl)
        die(STATUS_SYSTEM, "cannot start libcurl");
    return curl;
}

static void set(CURLcode code)
{
    if (code != CURLE_OK)
        die(STATUS_SYSTEM, "libcurl: %s", curl_easy_strerror(code));
}

static long status_of(CURL *curl)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* A server that does not know ranges answers 200 with all of it: then the file starts over. */
static bool start_over(struct transfer *t)
{
    if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0) {
        t->write_errno = errno;
        t->disk_failed = true;
        return false;
    }
    t->have = 0;
    return true;
}

static bool write_piece(struct transfer *t, const char *bytes, size_t size)
{
    if (t->body) {
        buffer_append(t->body, bytes, size);
        return true;
    }
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(t->fd, bytes + done, size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            t->write_errno = errno;
            t->disk_failed = true;
            return false;
        }
        done += (size_t)wrote;
    }
    return true;
}

static size_t take(char *bytes, size_t unit, size_t count, void *context)
{
    struct transfer *t = context;
    size_t size = unit * count;
    if (status_of(t->curl) >= 300) /* the body of a redirection or an error is not the file */
        return size;
    if (!t->checked && t->asked_range && status_of(t->curl) == 200 && !start_over(t))
        return 0;
    t->checked = true;
    if (size > t->limit - t->have) {
        t->too_long = true;
        return 0;
    }
    if (!write_piece(t, bytes, size))
        return 0;
    t->have += size;
    if (t->progress)
        progress_update(t->progress, t->before + t->have);
    return size;
}

static void refuse_offline(const char *url)
{
    const char *offline = getenv("HF_HUB_OFFLINE");
    if (offline && *offline && strcmp(offline, "0") != 0)
        die(STATUS_SYSTEM,
            "HF_HUB_OFFLINE is set: %s is not asked (a downloaded .zip, .whl or directory can be "
            "installed instead: see get(1rubric))",
            url);
}

static void prepare(struct transfer *t)
{
    CURL *curl = t->curl;
    set(curl_easy_setopt(curl, CURLOPT_URL, t->url));
    set(curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https"));
    set(curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"));
    set(curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L));
    set(curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTIONS));
    set(curl_easy_setopt(curl, CURLOPT_USERAGENT, "rubric/" RUBRIC_VERSION));
    set(curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS));
    set(curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L));
    set(curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS));
    set(curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L));
    set(curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take));
    set(curl_easy_setopt(curl, CURLOPT_WRITEDATA, t));
    const char *token = getenv("HF_TOKEN");
    if (token && *token) {
        set(curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER));
        set(curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token));
    }
}

static void refuse_status(const struct transfer *t, long status)
{
    const char *token = getenv("HF_TOKEN");
    if (status == 401 || status == 403)
        die(STATUS_SYSTEM,
            token && *token
                ? "%s: the server refuses the token in HF_TOKEN (HTTP %ld): it may be wrong, or the "
                  "model's terms may have to be accepted on its page first"
                : "%s: the server asks for a token (HTTP %ld): set HF_TOKEN, or check the name",
            t->url, status);
    if (status == 404)
        die(STATUS_SYSTEM, "%s: there is no such model, revision or file (HTTP 404): check the name", t->url);
    if (status >= 400)
        die(STATUS_SYSTEM, "%s: the server answers with HTTP %ld", t->url, status);
}

static bool may_pass(CURLcode code, long status)
{
    if (code == CURLE_OK)
        return status == 429 || status >= 500;
    return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
           code == CURLE_OPERATION_TIMEDOUT || code == CURLE_GOT_NOTHING || code == CURLE_HTTP2_STREAM ||
           code == CURLE_HTTP2;
}

static void explain(const struct transfer *t, CURLcode code, long status)
{
    if (t->disk_failed) {
        errno = t->write_errno;
        die_errno("cannot write %s", t->name);
    }
    if (t->too_long)
        die(STATUS_BROKEN, "%s: the server sends more than the %" PRIu64 " bytes expected", t->url, t->limit);
    if (code == CURLE_OK)
        refuse_status(t, status);
    else
        die(STATUS_SYSTEM, "%s: %s%s", t->url, curl_easy_strerror(code),
            t->have > 0 && t->fd >= 0 ? " (the same command again goes on from where this stopped)" : "");
}

/* One answer, in as many tries as it takes. */
static void run(struct transfer *t)
{
    refuse_offline(t->url);
    t->curl = curl_new();
    prepare(t);
    for (int attempt = 1;; attempt++) {
        t->checked = false;
        t->asked_range = t->fd >= 0 && t->have > 0;
        if (t->body)
            t->body->size = t->have = 0;
        set(curl_easy_setopt(t->curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)(t->fd >= 0 ? t->have : 0)));
        CURLcode code = curl_easy_perform(t->curl);
        long status = status_of(t->curl);
        if (code == CURLE_OK && status >= 200 && status < 300)
            break;
        if (attempt == TRIES || t->too_long || t->disk_failed || !may_pass(code, status))
            explain(t, code, status);
        warn("%s: %s; trying again", t->name,
             code != CURLE_OK ? curl_easy_strerror(code) : "the server is overloaded");
        sleep(1U << (attempt - 1));
    }
    curl_easy_cleanup(t->curl);
}

json_t *download_json(const char *url, size_t limit)
{
    struct buffer body = {0};
    struct transfer t = {.url = url, .name = url, .fd = -1, .body = &body, .limit = limit};
    run(&t);
    json_error_t error;
    json_t *value = json_loadb(body.at ? body.at : "", body.size, 0, &error);
    if (!json_is_object(value))
        die(STATUS_BROKEN,
            "%s: the answer is %s, not a JSON object (is HF_ENDPOINT right? does a proxy ask for a "
            "login?)",
            url, body.size && body.at[0] == '<' ? "a web page" : "something else");
    buffer_free(&body);
    return value;
}

void download_file(const char *url, int fd, uint64_t have, uint64_t size, const char *name,
                   struct progress *progress, uint64_t before)
{
    struct transfer t = {.url = url,
                         .name = name,
                         .fd = fd,
                         .have = have,
                         .limit = size,
                         .progress = progress,
                         .before = before};
    if (have == size)
        return;
    if (lseek(fd, (off_t)have, SEEK_SET) < 0)
        die_errno("%s: cannot seek", name);
    run(&t);
    if (t.have != size)
        die(STATUS_BROKEN, "%s: the server sent %" PRIu64 " bytes: expected %" PRIu64, url, t.have, size);
}
