#include "model/torchfile.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"
#include "base/interner.h"
#include "model/pickle.h"

enum { PICKLE_LIMIT = 16 << 20, MOST_STORAGES = 10000, MOST_ENTRIES = 3 * MOST_STORAGES };

/* One storage: a run of elements that tensors look into. */
struct storage {
    struct slice key;
    enum tensor_type type;
    unsigned size; /* of one element */
    const char *type_name;
    uint64_t count;    /* elements */
    const uint8_t *at; /* NULL until its bytes are found */
};

struct reader {
    const char *path;
    struct tensors *tensors;
    struct pickle *pickle;
    struct storage *storages;
    size_t count, capacity;
    struct interner keys; /* of the storages: number = index */
    uint64_t taken;       /* bytes of the zip's entries that were read */
    zip_t *zip;           /* NULL for the older form */
    char *prefix;         /* the zip's "NAME/" */
};

static const struct {
    const char *name;
    enum tensor_type type;
    unsigned size;
} storage_types[] = {
    {"FloatStorage", TENSOR_F32, 4},    {"HalfStorage", TENSOR_F16, 2},   {"BFloat16Storage", TENSOR_BF16, 2},
    {"DoubleStorage", TENSOR_OTHER, 8}, {"LongStorage", TENSOR_OTHER, 8}, {"IntStorage", TENSOR_OTHER, 4},
    {"ShortStorage", TENSOR_OTHER, 2},  {"CharStorage", TENSOR_OTHER, 1}, {"ByteStorage", TENSOR_OTHER, 1},
    {"BoolStorage", TENSOR_OTHER, 1},
};

static const struct pickle_value *item(const struct reader *r, const struct pickle_value *value, size_t i,
                                       enum pickle_type type)
{
    const struct pickle_value *found = value ? pickle_item(r->pickle, value, i) : NULL;
    return found && found->type == type ? found : NULL;
}

/* ---- Storages ---- */

static void storage_type(const struct reader *r, struct storage *storage, struct slice name)
{
    for (size_t i = 0; i < sizeof storage_types / sizeof *storage_types; i++) {
        if (slice_is(name, storage_types[i].name)) {
            storage->type = storage_types[i].type;
            storage->size = storage_types[i].size;
            storage->type_name = storage_types[i].name;
            return;
        }
    }
    die(STATUS_BROKEN, "%s: a tensor lies in a 'torch.%.*s', which rubric does not know", r->path,
        (int)name.size, name.at);
}

static struct storage *find_storage(const struct reader *r, struct slice key)
{
    size_t number = interner_find(&r->keys, key);
    return number == INTERNER_NONE ? NULL : &r->storages[number];
}

/* The storage that a persistent id describes: ('storage', type, key, device, elements[, view]).  A view (key,
 * offset, elements), which only old files have, starts *shift elements into it. */
static struct storage *describe_storage(struct reader *r, const struct pickle_value *persistent,
                                        uint64_t *shift)
{
    const struct pickle_value *about = item(r, persistent, 0, PICKLE_TUPLE);
    const struct pickle_value *kind = item(r, about, 0, PICKLE_STRING),
                              *type = item(r, about, 1, PICKLE_GLOBAL);
    const struct pickle_value *key = item(r, about, 2, PICKLE_STRING),
                              *count = item(r, about, 4, PICKLE_INTEGER);
    const struct pickle_value *view = item(r, about, 5, PICKLE_TUPLE),
                              *offset = item(r, view, 1, PICKLE_INTEGER);
    if (!kind || !slice_is(kind->bytes, "storage") || !type || type->integer != PICKLE_STORAGE_TYPE || !key ||
        !count || count->integer < 0 || (view && (!offset || offset->integer < 0)))
        die(STATUS_BROKEN, "%s: a tensor has no storage that can be understood", r->path);
    *shift = offset ? (uint64_t)offset->integer : 0;
    struct storage new = {.key = key->bytes, .count = (uint64_t)count->integer};
    storage_type(r, &new, type->bytes);
    struct storage *storage = find_storage(r, key->bytes);
    if (storage && (storage->count != new.count || storage->type_name != new.type_name))
        die(STATUS_BROKEN, "%s: storage '%.*s' is described in two ways", r->path, (int)key->bytes.size,
            key->bytes.at);
    if (storage)
        return storage;
    if (r->count >= MOST_STORAGES)
        die(STATUS_BROKEN, "%s: more than %d storages", r->path, MOST_STORAGES);
    memory_grow(&r->storages, &r->capacity, r->count + 1, sizeof *r->storages);
    interner_add(&r->keys, new.key, NULL);
    r->storages[r->count] = new;
    return &r->storages[r->count++];
}

/* ---- Tensors ---- */

static void read_dimensions(const struct reader *r, struct tensor *tensor, const struct pickle_value *shape,
                            const struct pickle_value *strides)
{
    if (!shape || !strides || shape->count != strides->count || shape->count > TENSOR_MAX_RANK)
        die(STATUS_BROKEN, "%s: tensor '%s' has no shape that can be understood", r->path, tensor->name);
    tensor->rank = (int)shape->count;
    for (size_t i = 0; i < shape->count; i++) {
        const struct pickle_value *size = item(r, shape, i, PICKLE_INTEGER),
                                  *stride = item(r, strides, i, PICKLE_INTEGER);
        if (!size || !stride || size->integer < 0 || stride->integer < 0)
            die(STATUS_BROKEN, "%s: tensor '%s' has no shape that can be understood", r->path, tensor->name);
        tensor->shape[i] = (uint64_t)size->integer;
        tensor->stride[i] = (uint64_t)stride->integer;
    }
}

/* Dies unless the last element lies in the storage, and each may have a place of its own there. */
static void check_bounds(const struct reader *r, const struct tensor *tensor, const struct storage *storage,
                         uint64_t first)
{
    uint64_t last = first, step, elements = tensor_elements(r->tensors, tensor);
    if (elements == 0)
        return;
    for (int i = 0; i < tensor->rank; i++)
        if (__builtin_mul_overflow(tensor->shape[i] - 1, tensor->stride[i], &step) ||
            __builtin_add_overflow(last, step, &last))
            last = UINT64_MAX;
    if (last >= storage->count)
        die(STATUS_BROKEN, "%s: tensor '%s' reaches beyond its storage of %llu elements", r->path,
            tensor->name, (unsigned long long)storage->count);
    if (elements > storage->count)
        die(STATUS_BROKEN, "%s: tensor '%s' has %llu elements in a storage of %llu", r->path, tensor->name,
            (unsigned long long)elements, (unsigned long long)storage->count);
}

/* A tensor's first element is kept as its index in the storage until the bytes of all storages are known. */
struct place {
    size_t storage;
    uint64_t first;
};

static struct place read_tensor(struct reader *r, struct slice name, const struct pickle_value *value)
{
    struct tensor *tensor = tensors_add(r->tensors, name);
    const struct pickle_value *offset = item(r, value, 1, PICKLE_INTEGER);
    uint64_t shift, first;
    struct storage *storage = describe_storage(r, item(r, value, 0, PICKLE_PERSISTENT), &shift);
    read_dimensions(r, tensor, item(r, value, 2, PICKLE_TUPLE), item(r, value, 3, PICKLE_TUPLE));
    if (!offset || offset->integer < 0 || __builtin_add_overflow(shift, (uint64_t)offset->integer, &first))
        die(STATUS_BROKEN, "%s: tensor '%s' has no offset that can be understood", r->path, tensor->name);
    check_bounds(r, tensor, storage, first);
    tensor->type = storage->type;
    strncpy(tensor->type_name, storage->type_name, sizeof tensor->type_name - 1);
    return (struct place){(size_t)(storage - r->storages), first};
}

/* All tensors of the dictionary, and where each starts. */
static struct place *read_dictionary(struct reader *r)
{
    const struct pickle_value *root = pickle_at(r->pickle, r->pickle->root);
    if (root->type != PICKLE_DICT)
        die(STATUS_BROKEN,
            "%s: holds no dictionary of tensors: expected what torch.save(model.state_dict(), ...) writes",
            r->path);
    struct place *places = memory_new(root->count / 2, sizeof *places);
    for (size_t i = 0; i + 1 < root->count; i += 2) {
        const struct pickle_value *name = item(r, root, i, PICKLE_STRING),
                                  *value = item(r, root, i + 1, PICKLE_TENSOR);
        if (!name || !value)
            die(STATUS_BROKEN,
                "%s: entry '%.*s' of its dictionary is no tensor: expected what "
                "torch.save(model.state_dict(), ...) writes",
                r->path, name ? (int)name->bytes.size : 1, name ? name->bytes.at : "?");
        places[i / 2] = read_tensor(r, name->bytes, value);
    }
    return places;
}

static void place_tensors(struct reader *r, const struct place *places)
{
    for (size_t i = 0; i < r->tensors->count; i++) {
        const struct storage *storage = &r->storages[places[i].storage];
        if (!storage->at && storage->count > 0)
            die(STATUS_BROKEN, "%s: the bytes of storage '%.*s' are missing", r->path, (int)storage->key.size,
                storage->key.at);
        uint64_t skip = storage->count > places[i].first ? places[i].first * storage->size : 0;
        r->tensors->at[i].at = storage->at ? storage->at + skip : NULL;
    }
}

/* ---- The zip form ---- */

/* The bytes of a stored entry, kept by the tensors.  Entries that do not overlap have no more bytes together
 * than the file: that is checked before they are allocated. */
static struct slice read_entry(struct reader *r, zip_int64_t index, const char *name, uint64_t limit)
{
    zip_stat_t about;
    if (index < 0 || zip_stat_index(r->zip, (zip_uint64_t)index, 0, &about) != 0)
        die(STATUS_BROKEN, "%s: has no entry '%s'", r->path, name);
    if (about.comp_method != ZIP_CM_STORE || about.size > limit)
        die(STATUS_BROKEN,
            "%s: entry '%s' is compressed or larger than it may be: expected what torch.save writes", r->path,
            name);
    struct tensors *tensors = r->tensors;
    if (about.size > tensors->file.size - r->taken)
        die(STATUS_BROKEN, "%s: entry '%s': the entries have more bytes than the file: they overlap", r->path,
            name);
    r->taken += about.size;
    char *bytes = memory_new(about.size, 1);
    memory_grow(&tensors->blocks, &tensors->block_capacity, tensors->block_count + 1,
                sizeof *tensors->blocks);
    tensors->blocks[tensors->block_count++] = bytes;
    zip_file_t *file = zip_fopen_index(r->zip, (zip_uint64_t)index, 0);
    char beyond;
    /* The read beyond the end is the one that compares the checksum. */
    if (!file || zip_fread(file, bytes, about.size) != (zip_int64_t)about.size ||
        zip_fread(file, &beyond, 1) != 0)
        die(STATUS_BROKEN, "%s: entry '%s' is cut or damaged", r->path, name);
    zip_fclose(file);
    return (struct slice){bytes, about.size};
}

static bool ends_with(struct slice text, const char *end)
{
    size_t size = strlen(end);
    return text.size >= size && memcmp(text.at + text.size - size, end, size) == 0;
}

/* The entry "NAME/data.pkl" tells the prefix.  Of two entries with one name it would not be clear which
 * counts. */
static zip_int64_t find_pickle(struct reader *r)
{
    struct interner names = {0};
    zip_int64_t count = zip_get_num_entries(r->zip, 0), found = -1;
    if (count > MOST_ENTRIES)
        die(STATUS_BROKEN, "%s: a zip file of %lld entries: at most %d are read", r->path, (long long)count,
            MOST_ENTRIES);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *text = zip_get_name(r->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        struct slice name = slice_of(text ? text : "");
        bool new, pickle = ends_with(name, "/data.pkl");
        interner_add(&names, name, &new);
        if (!new || (pickle && found >= 0))
            die(STATUS_BROKEN, "%s: entry '%.*s' is there twice", r->path, (int)name.size, name.at);
        if (!pickle)
            continue;
        found = i;
        r->prefix = slice_string((struct slice){name.at, name.size - strlen("data.pkl")});
    }
    interner_free(&names);
    if (found < 0)
        die(STATUS_BROKEN, "%s: a zip file without data.pkl: expected what torch.save writes", r->path);
    return found;
}

static void read_zip_storages(struct reader *r, uint64_t file_size)
{
    for (size_t i = 0; i < r->count; i++) {
        struct storage *storage = &r->storages[i];
        char *name = memory_format("%sdata/%.*s", r->prefix, (int)storage->key.size, storage->key.at);
        struct slice bytes = read_entry(r, zip_name_locate(r->zip, name, 0), name, file_size);
        uint64_t want;
        if (__builtin_mul_overflow(storage->count, storage->size, &want) || want != bytes.size)
            die(STATUS_BROKEN, "%s: entry '%s' has %zu bytes: expected %llu elements of %u bytes", r->path,
                name, bytes.size, (unsigned long long)storage->count, storage->size);
        storage->at = (const uint8_t *)bytes.at;
        free(name);
    }
}

static void check_byte_order(struct reader *r)
{
    char *name = memory_format("%sbyteorder", r->prefix);
    zip_int64_t index = zip_name_locate(r->zip, name, 0);
    if (index >= 0 && !slice_is(read_entry(r, index, name, 16), "little"))
        die(STATUS_BROKEN, "%s: its numbers are big-endian: expected little-endian ones", r->path);
    free(name);
}

static void read_zip(struct reader *r)
{
    uint64_t file_size = r->tensors->file.size;
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(r->tensors->file.at, file_size, 0, &error);
    r->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!r->zip)
        die(STATUS_BROKEN, "%s: a zip file that is cut or damaged: %s", r->path, zip_error_strerror(&error));
    zip_error_fini(&error);
    zip_int64_t index = find_pickle(r);
    check_byte_order(r);
    r->pickle = pickle_read(
        read_entry(r, index, "data.pkl", file_size < PICKLE_LIMIT ? file_size : PICKLE_LIMIT), r->path);
    struct place *places = read_dictionary(r);
    read_zip_storages(r, file_size);
    place_tensors(r, places);
    free(places);
    zip_discard(r->zip);
    free(r->prefix);
}

/* ---- The older form ---- */

/* A pickle of a run of them; *rest moves on. */
static struct pickle *next_pickle(const struct reader *r, struct slice *rest)
{
    struct slice bytes = {rest->at, rest->size < PICKLE_LIMIT ? rest->size : PICKLE_LIMIT};
    struct pickle *pickle = pickle_read(bytes, r->path);
    rest->at += pickle->size;
    rest->size -= pickle->size;
    return pickle;
}

static void check_machine(const struct reader *r, struct slice *rest)
{
    struct pickle *version = next_pickle(r, rest), *machine = next_pickle(r, rest);
    const struct pickle_value *number = pickle_at(version, version->root),
                              *about = pickle_at(machine, machine->root);
    if (number->type != PICKLE_INTEGER || number->integer != 1001)
        die(STATUS_BROKEN, "%s: a file of torch.save of an unknown version: expected 1001", r->path);
    for (size_t i = 0; about->type == PICKLE_DICT && i + 1 < about->count; i += 2) {
        const struct pickle_value *key = pickle_item(machine, about, i),
                                  *value = pickle_item(machine, about, i + 1);
        if (key->type == PICKLE_STRING && slice_is(key->bytes, "little_endian") && !value->integer)
            die(STATUS_BROKEN, "%s: its numbers are big-endian: expected little-endian ones", r->path);
    }
    pickle_free(version);
    pickle_free(machine);
}

/* Behind the list of keys: for each, eight bytes with the number of elements, then the elements. */
static void read_old_storages(struct reader *r, struct slice rest)
{
    struct pickle *list = next_pickle(r, &rest);
    const struct pickle_value *keys = pickle_at(list, list->root);
    for (size_t i = 0; keys->type == PICKLE_LIST && i < keys->count; i++) {
        const struct pickle_value *key = pickle_item(list, keys, i);
        struct storage *storage = key->type == PICKLE_STRING ? find_storage(r, key->bytes) : NULL;
        uint64_t count, size;
        if (!storage)
            die(STATUS_BROKEN, "%s: a storage that no tensor describes", r->path);
        if (storage->at)
            die(STATUS_BROKEN, "%s: storage '%.*s' is there twice", r->path, (int)storage->key.size,
                storage->key.at);
        if (rest.size < sizeof count)
            die(STATUS_BROKEN, "%s: the file is cut", r->path);
        memcpy(&count, rest.at, sizeof count);
        if (count != storage->count || __builtin_mul_overflow(count, storage->size, &size) ||
            size > rest.size - sizeof count)
            die(STATUS_BROKEN,
                "%s: storage '%.*s' has %llu elements where %llu were described, or the file is cut", r->path,
                (int)storage->key.size, storage->key.at, (unsigned long long)count,
                (unsigned long long)storage->count);
        storage->at = (const uint8_t *)rest.at + sizeof count;
        rest.at += sizeof count + size;
        rest.size -= sizeof count + size;
    }
    pickle_free(list);
}

static void read_old(struct reader *r)
{
    struct slice rest = {r->tensors->file.at, r->tensors->file.size};
    pickle_free(next_pickle(r, &rest)); /* the magic number */
    check_machine(r, &rest);
    r->pickle = next_pickle(r, &rest);
    struct place *places = read_dictionary(r);
    read_old_storages(r, rest);
    place_tensors(r, places);
    free(places);
}

static bool starts_with(const struct file_view *file, const char *bytes, size_t size)
{
    return file->size >= size && memcmp(file->at, bytes, size) == 0;
}

struct tensors *torchfile_open(const char *path)
{
    return torchfile_read(path, file_view_mapped(path, WEIGHTS_FILE_LIMIT));
}

struct tensors *torchfile_read(const char *path, struct file_view file)
{
    static const char zip[] = {'P', 'K', 3, 4};
    static const char old[] = {'\x80', 2,   '\x8a', 10,     'l', '\xfc', '\x9c', 'F',
                               '\xf9', ' ', 'j',    '\xa8', 'P', '\x19', '.'};
    struct reader r = {.path = path, .tensors = tensors_new(path)};
    r.tensors->file = file;
    tensors_refuse_pointer(r.tensors);
    if (starts_with(&r.tensors->file, zip, sizeof zip))
        read_zip(&r);
    else if (starts_with(&r.tensors->file, old, sizeof old))
        read_old(&r);
    else
        die(STATUS_BROKEN, "%s: is no file of torch.save", path);
    free(r.storages);
    interner_free(&r.keys);
    pickle_free(r.pickle);
    return r.tensors;
}
