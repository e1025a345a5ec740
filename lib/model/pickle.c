#include "model/pickle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    MOST_VALUES = 1 << 20, /* of 56 bytes */
    MOST_MEMO = 1 << 20,
    NO_MARK = -1,
};

/* Opcodes, as pickletools names them. */
enum opcode {
    OP_MARK = '(',
    OP_STOP = '.',
    OP_POP = '0',
    OP_POP_MARK = '1',
    OP_DUP = '2',
    OP_FLOAT = 'F',
    OP_INT = 'I',
    OP_BININT = 'J',
    OP_BININT1 = 'K',
    OP_LONG = 'L',
    OP_BININT2 = 'M',
    OP_NONE = 'N',
    OP_PERSID = 'P',
    OP_BINPERSID = 'Q',
    OP_REDUCE = 'R',
    OP_STRING = 'S',
    OP_BINSTRING = 'T',
    OP_SHORT_BINSTRING = 'U',
    OP_UNICODE = 'V',
    OP_BINUNICODE = 'X',
    OP_APPEND = 'a',
    OP_BUILD = 'b',
    OP_GLOBAL = 'c',
    OP_DICT = 'd',
    OP_EMPTY_DICT = '}',
    OP_APPENDS = 'e',
    OP_GET = 'g',
    OP_BINGET = 'h',
    OP_LONG_BINGET = 'j',
    OP_LIST = 'l',
    OP_EMPTY_LIST = ']',
    OP_PUT = 'p',
    OP_BINPUT = 'q',
    OP_LONG_BINPUT = 'r',
    OP_SETITEM = 's',
    OP_TUPLE = 't',
    OP_EMPTY_TUPLE = ')',
    OP_SETITEMS = 'u',
    OP_BINFLOAT = 'G',
    OP_BINBYTES = 'B',
    OP_SHORT_BINBYTES = 'C',
    OP_PROTO = 0x80,
    OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86,
    OP_TUPLE3 = 0x87,
    OP_NEWTRUE = 0x88,
    OP_NEWFALSE = 0x89,
    OP_LONG1 = 0x8a,
    OP_SHORT_BINUNICODE = 0x8c,
    OP_BINUNICODE8 = 0x8d,
    OP_STACK_GLOBAL = 0x93,
    OP_MEMOIZE = 0x94,
    OP_FRAME = 0x95,
};

struct machine {
    const char *path;
    const uint8_t *begin, *at, *end;
    struct pickle *pickle;
    struct int_array stack; /* indices into the arena; NO_MARK for a mark */
    struct int_array memo;  /* indices into the arena; NO_MARK where nothing was put */
};

static const uint8_t *take(struct machine *m, uint64_t size)
{
    if (size > (uint64_t)(m->end - m->at))
        die(STATUS_BROKEN, "%s: its pickle is cut or damaged at byte %td", m->path, m->at - m->begin);
    const uint8_t *at = m->at;
    m->at += size;
    return at;
}

/* A little-endian number of `size` bytes. */
static uint64_t number(struct machine *m, int size)
{
    const uint8_t *at = take(m, (uint64_t)size);
    uint64_t value = 0;
    for (int i = size; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static struct slice text(struct machine *m, uint64_t size)
{
    return (struct slice){(const char *)take(m, size), (size_t)size};
}

/* The rest of a line, without its end. */
static struct slice line(struct machine *m)
{
    const uint8_t *newline = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!newline)
        die(STATUS_BROKEN, "%s: its pickle is cut or damaged at byte %td", m->path, m->at - m->begin);
    struct slice found = {(const char *)m->at, (size_t)(newline - m->at)};
    m->at = newline + 1;
    return found;
}

static _Noreturn void broken(const struct machine *m, const char *what)
{
    die(STATUS_BROKEN, "%s: its pickle is damaged at byte %td: %s", m->path, m->at - m->begin, what);
}

/* ---- The stack ---- */

static void push_index(struct int_array *array, int32_t index)
{
    memory_grow(&array->at, &array->capacity, array->count + 1, sizeof *array->at);
    array->at[array->count++] = index;
}

static struct pickle_value *push(struct machine *m, enum pickle_type type)
{
    struct pickle *p = m->pickle;
    if (p->count >= MOST_VALUES)
        die(STATUS_BROKEN, "%s: its pickle has more than %d values", m->path, MOST_VALUES);
    memory_grow(&p->values, &p->capacity, p->count + 1, sizeof *p->values);
    p->values[p->count] = (struct pickle_value){.type = type};
    push_index(&m->stack, (int32_t)p->count);
    return &p->values[p->count++];
}

static uint32_t pop(struct machine *m)
{
    if (m->stack.count == 0 || m->stack.at[m->stack.count - 1] == NO_MARK)
        broken(m, "a value is missing");
    return (uint32_t)m->stack.at[--m->stack.count];
}

static uint32_t top(struct machine *m)
{
    uint32_t index = pop(m);
    m->stack.count++;
    return index;
}

/* Where the values above the last mark start on the stack. */
static size_t above_mark(struct machine *m)
{
    size_t at = m->stack.count;
    while (at > 0 && m->stack.at[at - 1] != NO_MARK)
        at--;
    if (at == 0)
        broken(m, "a mark is missing");
    return at;
}

static void add_item(struct pickle_value *value, uint32_t item)
{
    memory_grow(&value->items, &value->capacity, value->count + 1, sizeof *value->items);
    value->items[value->count++] = item;
}

/* Makes a container of the `count` topmost values. */
static void gather(struct machine *m, enum pickle_type type, size_t count)
{
    if (count > m->stack.count)
        broken(m, "values are missing");
    size_t from = m->stack.count - count;
    uint32_t *items = memory_new(count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        if (m->stack.at[from + i] == NO_MARK)
            broken(m, "values are missing");
        items[i] = (uint32_t)m->stack.at[from + i];
    }
    m->stack.count = from;
    struct pickle_value *value = push(m, type);
    value->items = items;
    value->count = value->capacity = count;
}

/* The same of all above the mark, which goes. */
static void gather_marked(struct machine *m, enum pickle_type type)
{
    size_t from = above_mark(m), count = m->stack.count - from;
    if (type == PICKLE_DICT && count % 2 != 0)
        broken(m, "a key without a value");
    memmove(&m->stack.at[from - 1], &m->stack.at[from], count * sizeof *m->stack.at);
    m->stack.count--;
    gather(m, type, count);
}

/* Adds the values from `from` upwards to the container below them. */
static void extend(struct machine *m, size_t from, size_t below, enum pickle_type type)
{
    size_t count = m->stack.count - from;
    if (below == 0 || m->stack.at[below - 1] == NO_MARK || (type == PICKLE_DICT && count % 2 != 0))
        broken(m, "items without a container");
    struct pickle_value *value = &m->pickle->values[m->stack.at[below - 1]];
    if (value->type != type)
        broken(m, "items for what is no container");
    for (size_t i = 0; i < count; i++) {
        if (m->stack.at[from + i] == NO_MARK)
            broken(m, "values are missing");
        add_item(value, (uint32_t)m->stack.at[from + i]);
    }
    m->stack.count = below;
}

static void extend_by(struct machine *m, size_t count, enum pickle_type type)
{
    if (m->stack.count < count + 1)
        broken(m, "values are missing");
    extend(m, m->stack.count - count, m->stack.count - count, type);
}

static void extend_marked(struct machine *m, enum pickle_type type)
{
    size_t from = above_mark(m);
    extend(m, from, from - 1, type);
}

/* ---- The memo ---- */

static void memo_put(struct machine *m, uint64_t slot)
{
    if (slot >= MOST_MEMO)
        broken(m, "a memo beyond its limit");
    while (m->memo.count <= slot)
        push_index(&m->memo, NO_MARK);
    m->memo.at[slot] = (int32_t)top(m);
}

static void memo_get(struct machine *m, uint64_t slot)
{
    if (slot >= m->memo.count || m->memo.at[slot] == NO_MARK)
        broken(m, "a memo that was not put");
    push_index(&m->stack, m->memo.at[slot]);
}

/* ---- Globals: the few names that mean something here ---- */

/* torch's storage types by their names, which are never called: "FloatStorage". */
static bool is_storage(struct slice module, struct slice name)
{
    static const char end[] = "Storage";
    if (!slice_is(module, "torch") || name.size < sizeof end - 1 || name.size > 64 ||
        memcmp(name.at + name.size - (sizeof end - 1), end, sizeof end - 1) != 0)
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!((name.at[i] >= 'A' && name.at[i] <= 'Z') || (name.at[i] >= 'a' && name.at[i] <= 'z') ||
              (name.at[i] >= '0' && name.at[i] <= '9')))
            return false;
    return true;
}

static bool find_global(struct slice module, struct slice name, enum pickle_global *global)
{
    static const struct {
        const char *module, *name;
        enum pickle_global global;
    } known[] = {
        {"collections", "OrderedDict", PICKLE_ORDERED_DICT},
        {"torch._utils", "_rebuild_tensor_v2", PICKLE_REBUILD_TENSOR},
        {"torch._utils", "_rebuild_tensor", PICKLE_REBUILD_TENSOR},
        {"torch._utils", "_rebuild_parameter", PICKLE_REBUILD_PARAMETER},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (slice_is(module, known[i].module) && slice_is(name, known[i].name)) {
            *global = known[i].global;
            return true;
        }
    }
    *global = PICKLE_STORAGE_TYPE;
    return is_storage(module, name);
}

static void push_global(struct machine *m, struct slice module, struct slice name)
{
    enum pickle_global global;
    if (module.size > 200 || name.size > 200)
        die(STATUS_BROKEN, "%s: its pickle asks for a global with a name of %zu bytes: refused", m->path,
            module.size + name.size);
    if (!find_global(module, name, &global))
        die(STATUS_BROKEN,
            "%s: its pickle asks for '%.*s.%.*s': only tensors and ordered dictionaries are read, nothing "
            "is run",
            m->path, (int)module.size, module.at, (int)name.size, name.at);
    struct pickle_value *value = push(m, PICKLE_GLOBAL);
    value->integer = global;
    value->bytes = name;
}

static void push_stack_global(struct machine *m)
{
    uint32_t name = pop(m), module = pop(m);
    const struct pickle_value *values = m->pickle->values;
    if (values[name].type != PICKLE_STRING || values[module].type != PICKLE_STRING)
        broken(m, "a global without a name");
    push_global(m, values[module].bytes, values[name].bytes);
}

/* A tensor of the arguments, of which torch gives no more: a call copies them, and must not cost more than
 * its bytes. */
static void push_tensor(struct machine *m, const struct pickle_value *arguments)
{
    enum { MOST_ARGUMENTS = 8 };
    size_t count = arguments->count;
    if (count > MOST_ARGUMENTS)
        die(STATUS_BROKEN, "%s: its pickle makes a tensor of %zu arguments: expected at most %d", m->path,
            count, MOST_ARGUMENTS);
    uint32_t *items = memory_new(count, sizeof *items);
    if (count)
        memcpy(items, arguments->items, count * sizeof *items);
    struct pickle_value *tensor = push(m, PICKLE_TENSOR);
    tensor->items = items;
    tensor->count = tensor->capacity = count;
}

/* What Python would call is interpreted: a dictionary, a tensor, a parameter (its tensor). */
static void reduce(struct machine *m)
{
    uint32_t arguments = pop(m), called = pop(m);
    const struct pickle_value *callee = &m->pickle->values[called], *given = &m->pickle->values[arguments];
    if (callee->type != PICKLE_GLOBAL || given->type != PICKLE_TUPLE)
        broken(m, "a call of what is no function");
    switch ((enum pickle_global)callee->integer) {
    case PICKLE_ORDERED_DICT:
        if (given->count > 0)
            broken(m, "an ordered dictionary with arguments");
        push(m, PICKLE_DICT);
        return;
    case PICKLE_REBUILD_PARAMETER:
        if (given->count < 1)
            broken(m, "a parameter without a tensor");
        push_index(&m->stack, (int32_t)given->items[0]);
        return;
    case PICKLE_REBUILD_TENSOR:
        push_tensor(m, given);
        return;
    case PICKLE_STORAGE_TYPE:
        die(STATUS_BROKEN, "%s: its pickle calls 'torch.%.*s': refused", m->path, (int)callee->bytes.size,
            callee->bytes.at);
    }
}

/* The attributes of a dictionary (state_dict's _metadata) say nothing about numbers; those of a tensor
 * would. */
static void build(struct machine *m)
{
    (void)pop(m);
    if (m->pickle->values[top(m)].type != PICKLE_DICT)
        broken(m, "attributes of what is no dictionary");
}

/* ---- Scalars ---- */

static void push_integer(struct machine *m, int64_t value) { push(m, PICKLE_INTEGER)->integer = value; }
static void push_text(struct machine *m, struct slice bytes) { push(m, PICKLE_STRING)->bytes = bytes; }

static void push_long(struct machine *m, size_t size)
{
    struct slice bytes = text(m, size);
    if (size > 8) {
        push(m, PICKLE_BIG)->bytes = bytes;
        return;
    }
    uint64_t value = size > 0 && (bytes.at[size - 1] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | (uint8_t)bytes.at[i];
    push_integer(m, (int64_t)value);
}

/* A decimal number on a line of its own ("12", "12L"; "00" and "01" are booleans). */
static int64_t decimal(struct machine *m, bool *boolean)
{
    struct slice digits = line(m);
    char copy[32], *end;
    if (digits.size == 0 || digits.size >= sizeof copy)
        broken(m, "a number of that length");
    memcpy(copy, digits.at, digits.size);
    copy[digits.size] = '\0';
    errno = 0;
    long long value = strtoll(copy, &end, 10);
    if (end == copy || errno || (*end && strcmp(end, "L") != 0))
        broken(m, "a number that is none");
    *boolean = strcmp(copy, "00") == 0 || strcmp(copy, "01") == 0;
    return value;
}

static void push_decimal(struct machine *m)
{
    bool boolean;
    int64_t value = decimal(m, &boolean);
    push(m, boolean ? PICKLE_BOOL : PICKLE_INTEGER)->integer = value;
}

static uint64_t slot_decimal(struct machine *m)
{
    bool boolean;
    int64_t value = decimal(m, &boolean);
    return value < 0 ? UINT64_MAX : (uint64_t)value;
}

/* ---- The machine ---- */

static bool run_scalar(struct machine *m, uint8_t opcode)
{
    switch (opcode) {
    case OP_NONE:
        push(m, PICKLE_NONE);
        return true;
    case OP_NEWTRUE:
        push(m, PICKLE_BOOL)->integer = 1;
        return true;
    case OP_NEWFALSE:
        push(m, PICKLE_BOOL)->integer = 0;
        return true;
    case OP_INT:
    case OP_LONG:
        push_decimal(m);
        return true;
    case OP_BININT:
        push_integer(m, (int32_t)number(m, 4));
        return true;
    case OP_BININT1:
        push_integer(m, (int64_t)number(m, 1));
        return true;
    case OP_BININT2:
        push_integer(m, (int64_t)number(m, 2));
        return true;
    case OP_LONG1:
        push_long(m, (size_t)number(m, 1));
        return true;
    case OP_FLOAT:
        (void)line(m);
        push(m, PICKLE_FLOAT);
        return true; /* no number of a tensor is one of these */
    case OP_BINFLOAT:
        (void)take(m, 8);
        push(m, PICKLE_FLOAT);
        return true;
    case OP_STRING:
    case OP_UNICODE:
        push_text(m, line(m));
        return true;
    case OP_BINSTRING:
    case OP_BINUNICODE:
    case OP_BINBYTES:
        push_text(m, text(m, number(m, 4)));
        return true;
    case OP_SHORT_BINSTRING:
    case OP_SHORT_BINUNICODE:
    case OP_SHORT_BINBYTES:
        push_text(m, text(m, number(m, 1)));
        return true;
    case OP_BINUNICODE8:
        push_text(m, text(m, number(m, 8)));
        return true;
    default:
        return false;
    }
}

static bool run_container(struct machine *m, uint8_t opcode)
{
    switch (opcode) {
    case OP_EMPTY_TUPLE:
        push(m, PICKLE_TUPLE);
        return true;
    case OP_EMPTY_LIST:
        push(m, PICKLE_LIST);
        return true;
    case OP_EMPTY_DICT:
        push(m, PICKLE_DICT);
        return true;
    case OP_TUPLE:
        gather_marked(m, PICKLE_TUPLE);
        return true;
    case OP_LIST:
        gather_marked(m, PICKLE_LIST);
        return true;
    case OP_DICT:
        gather_marked(m, PICKLE_DICT);
        return true;
    case OP_TUPLE1:
        gather(m, PICKLE_TUPLE, 1);
        return true;
    case OP_TUPLE2:
        gather(m, PICKLE_TUPLE, 2);
        return true;
    case OP_TUPLE3:
        gather(m, PICKLE_TUPLE, 3);
        return true;
    case OP_APPEND:
        extend_by(m, 1, PICKLE_LIST);
        return true;
    case OP_APPENDS:
        extend_marked(m, PICKLE_LIST);
        return true;
    case OP_SETITEM:
        extend_by(m, 2, PICKLE_DICT);
        return true;
    case OP_SETITEMS:
        extend_marked(m, PICKLE_DICT);
        return true;
    default:
        return false;
    }
}

static bool run_other(struct machine *m, uint8_t opcode)
{
    switch (opcode) {
    case OP_PROTO:
        if (number(m, 1) > 5)
            broken(m, "a protocol above 5");
        return true;
    case OP_FRAME:
        (void)number(m, 8);
        return true;
    case OP_MARK:
        push_index(&m->stack, NO_MARK);
        return true;
    case OP_POP:
        if (m->stack.count == 0)
            broken(m, "a value is missing");
        m->stack.count--;
        return true;
    case OP_POP_MARK:
        m->stack.count = above_mark(m) - 1;
        return true;
    case OP_DUP:
        push_index(&m->stack, (int32_t)top(m));
        return true;
    case OP_GET:
        memo_get(m, slot_decimal(m));
        return true;
    case OP_BINGET:
        memo_get(m, number(m, 1));
        return true;
    case OP_LONG_BINGET:
        memo_get(m, number(m, 4));
        return true;
    case OP_PUT:
        memo_put(m, slot_decimal(m));
        return true;
    case OP_BINPUT:
        memo_put(m, number(m, 1));
        return true;
    case OP_LONG_BINPUT:
        memo_put(m, number(m, 4));
        return true;
    case OP_MEMOIZE:
        memo_put(m, m->memo.count);
        return true;
    case OP_GLOBAL: {
        struct slice module = line(m), name = line(m);
        push_global(m, module, name);
        return true;
    }
    case OP_STACK_GLOBAL:
        push_stack_global(m);
        return true;
    case OP_BINPERSID:
        gather(m, PICKLE_PERSISTENT, 1);
        return true;
    case OP_REDUCE:
        reduce(m);
        return true;
    case OP_BUILD:
        build(m);
        return true;
    default:
        return false;
    }
}

struct pickle *pickle_read(struct slice bytes, const char *path)
{
    const uint8_t *begin = (const uint8_t *)bytes.at;
    struct machine m = {.path = path, .begin = begin, .at = begin, .end = begin + bytes.size};
    m.pickle = memory_zeroed(1, sizeof *m.pickle);
    for (uint8_t opcode; (opcode = *take(&m, 1)) != OP_STOP;)
        if (!run_scalar(&m, opcode) && !run_container(&m, opcode) && !run_other(&m, opcode))
            die(STATUS_BROKEN,
                "%s: its pickle has opcode 0x%02x at byte %td: only those that build tensors are read", path,
                opcode, m.at - begin - 1);
    m.pickle->root = pop(&m);
    m.pickle->size = (size_t)(m.at - begin);
    free(m.stack.at);
    free(m.memo.at);
    return m.pickle;
}

void pickle_free(struct pickle *pickle)
{
    if (!pickle)
        return;
    for (size_t i = 0; i < pickle->count; i++)
        free(pickle->values[i].items);
    free(pickle->values);
    free(pickle);
}

const struct pickle_value *pickle_at(const struct pickle *pickle, uint32_t index)
{
    return &pickle->values[index];
}

const struct pickle_value *pickle_item(const struct pickle *pickle, const struct pickle_value *value,
                                       size_t item)
{
    return item < value->count ? &pickle->values[value->items[item]] : NULL;
}
