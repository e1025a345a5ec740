#include "text/token_line.h"

#include <stdlib.h>

enum { BLOCK_ROWS = 256, BLOCK_BYTES = 1 << 20, GROUP = 16, RECORD_KEPT = 32 << 10 };

struct slot {
    struct record record;
    size_t text_at, text_size; /* in the block's texts */
    bool has_text;             /* else the record is complete */
};

struct block {
    struct slot slots[BLOCK_ROWS];
    size_t count, bytes; /* of texts, and of long records */
    struct buffer texts;
};

struct state {
    const struct token_line *line;
    struct token_maker *makers; /* [threads] */
    size_t lookahead_taken;
    bool ended;
    struct block *read, *worked; /* `read` is written, then read again; `worked` is tokenized */
};

static bool next_row(struct state *s, struct row *row)
{
    struct row_lookahead *lookahead = s->line->lookahead;
    if (s->lookahead_taken < lookahead->count) {
        *row = lookahead->rows[s->lookahead_taken++];
        return true;
    }
    if (lookahead->count) {
        row_lookahead_free(lookahead);
        *lookahead = (struct row_lookahead){0};
        s->lookahead_taken = 0;
    }
    return s->line->more && rows_next(s->line->maker->rows, row);
}

/* Memory of a record that is given back when it was written; shorter ones keep theirs for the next block. */
static size_t long_record(const struct record *record)
{
    return record->store.capacity > RECORD_KEPT ? record->store.capacity : 0;
}

static void read_block(struct state *s)
{
    struct block *b = s->read;
    struct row row;
    b->count = b->bytes = b->texts.size = 0;
    while (!s->ended && b->count < BLOCK_ROWS && b->bytes < BLOCK_BYTES) {
        struct slot *slot = &b->slots[b->count];
        struct slice text;
        s->ended = !next_row(s, &row);
        if (s->ended || !row.ours || !token_maker_begin(s->line->maker, &row, &slot->record, &text))
            continue;
        slot->has_text = text.at;
        slot->text_at = b->texts.size;
        slot->text_size = text.size;
        buffer_append(&b->texts, text.at, text.size);
        b->bytes += text.size + long_record(&slot->record);
        b->count++;
    }
}

static void write_block(const struct state *s)
{
    for (size_t i = 0; i < s->read->count; i++) {
        struct record *record = &s->read->slots[i].record;
        stream_write(s->line->out, record);
        if (long_record(record))
            record_free(record);
    }
}

/* Item 0 writes and reads; the others tokenize. */
static void work(void *context, size_t item, int worker)
{
    struct state *s = context;
    if (item == 0) {
        write_block(s);
        read_block(s);
        return;
    }
    struct block *b = s->worked;
    for (size_t i = (item - 1) * GROUP; i < item * GROUP && i < b->count; i++) {
        struct slot *slot = &b->slots[i];
        struct slice text = {b->texts.at + slot->text_at, slot->text_size};
        if (slot->has_text)
            token_maker_finish(&s->makers[worker], text, &slot->record);
    }
}

static struct block *block_new(void) { return memory_zeroed(1, sizeof(struct block)); }

static void block_free(struct block *b)
{
    for (size_t i = 0; i < BLOCK_ROWS; i++)
        record_free(&b->slots[i].record);
    buffer_free(&b->texts);
    free(b);
}

static void run_side_by_side(struct state *s)
{
    size_t threads = (size_t)pool_threads(s->line->pool);
    s->makers = memory_new(threads, sizeof *s->makers);
    for (size_t i = 0; i < threads; i++)
        token_maker_init_like(&s->makers[i], s->line->maker);
    s->read = block_new();
    s->worked = block_new();
    do {
        struct block *full = s->read;
        s->read = s->worked;
        s->worked = full;
        pool_run(s->line->pool, 1 + (full->count + GROUP - 1) / GROUP, work, s);
    } while (s->worked->count > 0 || s->read->count > 0);
    for (size_t i = 0; i < threads; i++) {
        token_maker_add_counts(s->line->maker, &s->makers[i]);
        token_maker_free(&s->makers[i]);
    }
    free(s->makers);
    block_free(s->read);
    block_free(s->worked);
}

static void run_alone(struct state *s)
{
    struct record record = {0};
    for (struct row row; next_row(s, &row);)
        if (row.ours && token_maker_make(s->line->maker, &row, &record))
            stream_write(s->line->out, &record);
    record_free(&record);
}

void token_line_run(const struct token_line *line)
{
    struct state s = {.line = line};
    if (pool_threads(line->pool) > 1)
        run_side_by_side(&s);
    else
        run_alone(&s);
}
