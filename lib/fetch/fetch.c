#include "fetch/fetch.h"

#include <ctype.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "fetch/download.h"
#include "fetch/hub.h"
#include "fetch/install.h"
#include "fetch/local.h"

/* One place the files come from. */
struct source {
    const struct model_files *files;
    const struct hub_model *hub;
    struct local *local; /* when hub is NULL */
};

/* The installation that goes when its configuration turns out to be no model's. */
static struct install *unproven;

static void abandon_unproven(void)
{
    struct install *install = unproven;
    unproven = NULL;
    if (install)
        install_abandon(install);
}

static bool is_weights(const struct model_file *file)
{
    size_t size = strlen(file->name);
    return (size > 12 && strcmp(file->name + size - 12, ".safetensors") == 0) ||
           (size > 4 && strcmp(file->name + size - 4, ".bin") == 0);
}

/* Brings one file, unless an earlier try has it whole. */
static void bring(const struct source *source, struct install *install, const struct model_file *file,
                  struct progress *progress, uint64_t before)
{
    int fd = install_open(install, file);
    struct stat about;
    if (fstat(fd, &about) != 0)
        die_errno("%s: cannot stat", file->name);
    uint64_t have = (uint64_t)about.st_size;
    if (have > file->size) {
        if (ftruncate(fd, 0) != 0)
            die_errno("%s: cannot start over", file->name);
        have = 0;
    }
    if (source->hub) {
        char *url = hub_file_url(source->hub, file);
        download_file(url, fd, have, file->size, file->name, progress, before);
        free(url);
    } else {
        local_copy(source->local, file, fd, progress, before);
    }
    install_check(install, file, fd);
    if (fsync(fd) != 0)
        die_errno("%s: cannot sync", file->name);
    file_close(fd, file->name);
}

static uint64_t bring_all(const struct source *source, struct install *install, bool weights,
                          struct progress *progress, uint64_t before)
{
    for (size_t i = 0; i < source->files->count; i++) {
        const struct model_file *file = &source->files->at[i];
        if (is_weights(file) != weights)
            continue;
        bring(source, install, file, progress, before);
        before += file->size;
    }
    return before;
}

/* rubric reads BERT encoders: said before the weights are brought. */
static void check_architecture(const struct install *install, const char *from)
{
    char *path = memory_format("%s/config.json", install_partial(install));
    struct file_view view = file_view(path, 1 << 20);
    json_t *config = json_loadb(view.at, view.size, 0, NULL);
    const char *type = json_string_value(json_object_get(config, "model_type"));
    if (!json_is_object(config))
        die(STATUS_BROKEN, "%s: its config.json is not a JSON object", from);
    if (type && strcmp(type, "bert") != 0)
        die(STATUS_BROKEN, "%s is a model of type '%s': rubric reads BERT encoders (type 'bert')", from,
            type);
    json_decref(config);
    file_unview(&view);
    free(path);
}

/* "license: apache-2.0" in the head of a model card; NULL when it has none. */
static char *card_licence(const struct install *install)
{
    char *path = memory_format("%s/README.md", install_partial(install)), *licence = NULL;
    if (file_exists(path)) {
        struct file_view view = file_view(path, 16 << 20);
        char *text = memory_format("%.*s", (int)view.size, view.at);
        char *end = strncmp(text, "---", 3) == 0 ? strstr(text + 3, "\n---") : NULL;
        char *line = end ? strstr(text, "\nlicense:") : NULL;
        if (line && line < end) {
            line += strlen("\nlicense:");
            line += strspn(line, " \t");
            licence = memory_format("%.*s", (int)strcspn(line, " \t\r\n"), line);
        }
        free(text);
        file_unview(&view);
    }
    free(path);
    return licence;
}

static void install_from(const struct source *source, const char *from, const char *name, json_t *about,
                         const char *licence, const struct fetch_request *request)
{
    struct install *install = install_begin(request->models, name, about, source->files, request->force);
    struct progress progress;
    progress_start(&progress, name, "bytes", model_files_size(source->files));
    unproven = install;
    error_set_cleanup(abandon_unproven);
    uint64_t done = bring_all(source, install, false, &progress, 0);
    check_architecture(install, from);
    error_set_cleanup(NULL);
    unproven = NULL;
    bring_all(source, install, true, &progress, done);
    progress_end(&progress);
    char *card = licence ? memory_string(licence) : card_licence(install);
    char *path = install_finish(install);
    note("%s is installed in %s (%.1f MB from %s)", name, path, (double)model_files_size(source->files) / 1e6,
         from);
    note("licence of the model: %s", card ? card : "not stated: see where it comes from");
    note("use it as -m %s", name);
    free(card);
    free(path);
}

void fetch_from_hub(const char *name, const struct fetch_request *request)
{
    const char *repository = hub_repository(name);
    if (!repository)
        die(STATUS_USAGE,
            "'%s' is not a model's name: expected one of those that get --list names, OWNER/NAME, a "
            "zip file or a directory",
            name);
    struct hub_model *hub = hub_look_up(repository, request->revision);
    json_t *about = json_pack("{s:s, s:s, s:s*}", "from", repository, "revision", hub->revision, "licence",
                              hub->licence);
    install_from(&(struct source){&hub->files, hub, NULL}, repository, request->name ? request->name : name,
                 about, hub->licence, request);
    json_decref(about);
    hub_model_free(hub);
}

void fetch_from_file(const char *path, const struct fetch_request *request)
{
    struct local *local = local_open(path);
    char *name = request->name ? memory_string(request->name) : local_name(local);
    if (!model_file_name_ok(name))
        die(STATUS_USAGE, "'%s' cannot be a model's name: give one with --name", name);
    const char *slash = strrchr(path, '/');
    const char *base = slash && slash[1] ? slash + 1 : path;
    json_t *about = json_pack("{s:s}", "from", base);
    install_from(&(struct source){local_files(local), NULL, local}, path, name, about, NULL, request);
    json_decref(about);
    free(name);
    local_close(local);
}
